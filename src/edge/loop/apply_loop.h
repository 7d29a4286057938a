// SPDX-License-Identifier: Apache-2.0
#pragma once

// The apply thread: does the core's tasks over the state store, strictly in order, and reports each, or has
// the flush thread report it. A full disk keeps the task and tries again; any other failure ends the process.

#include "edge/base/mailbox.h"
#include "edge/loop/answers.h"
#include "edge/loop/core_inbox.h"
#include "edge/loop/flush_loop.h"
#include "edge/loop/full_disk.h"
#include "node/applier.h"

namespace nodedb::edge {

class ApplyLoop {
 public:
  static constexpr std::size_t inbox_max = 16 * 1024;
  /// So many tasks are soon done: this thread steps the node after the last, instead of waking another one.
  static constexpr std::size_t few = 4;

  /// All must outlive the loop.
  ApplyLoop(node::Applier& applier, FlushLoop& flush, CoreInbox& core, const Answers& answers,
            OnFailure on_failure)
      : applier_(applier),
        flush_(flush),
        core_(core),
        answers_(answers),
        full_disk_(std::move(on_failure), "the disk is full; applying waits for room",
                   "the state store has room again"),
        inbox_(inbox_max) {}

  /// As DiskLoop::give.
  bool give(node::StateTask task, bool wait) { return inbox_.give(std::move(task), wait); }

  void run();
  /// As DiskLoop::close.
  void close(bool abandon);

 private:
  /// False: the process stops. `steps`: this thread does so later.
  bool carry_out(const node::StateTask& task, bool steps);
  /// As DiskLoop's.
  void discard();

  node::Applier& applier_;
  FlushLoop& flush_;
  CoreInbox& core_;
  const Answers& answers_;
  FullDisk full_disk_;
  Mailbox<node::StateTask> inbox_;
};

}  // namespace nodedb::edge
