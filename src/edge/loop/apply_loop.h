// SPDX-License-Identifier: Apache-2.0
#pragma once

// The apply thread: does the core's tasks over the state store, strictly in order, and reports each, or has
// the flush thread report it. A full disk keeps the task and tries again; any other failure ends the process.

#include <atomic>

#include "edge/base/mailbox.h"
#include "edge/loop/core_inbox.h"
#include "edge/loop/flush_loop.h"
#include "edge/loop/stop.h"
#include "node/applier.h"

namespace nodedb::edge {

class ApplyLoop {
 public:
  static constexpr std::size_t inbox_max = 16 * 1024;

  /// All must outlive the loop.
  ApplyLoop(node::Applier& applier, FlushLoop& flush, CoreInbox& core, OnFailure on_failure)
      : applier_(applier),
        flush_(flush),
        core_(core),
        on_failure_(std::move(on_failure)),
        inbox_(inbox_max) {}

  /// The core thread's. Waits if the apply thread is that far behind.
  void give(node::StateTask task) { static_cast<void>(inbox_.push(std::move(task))); }

  void run();
  /// As DiskLoop::close.
  void close(bool abandon);

 private:
  /// False: the process stops.
  bool carry_out(const node::StateTask& task);
  /// As DiskLoop's.
  void discard();

  node::Applier& applier_;
  FlushLoop& flush_;
  CoreInbox& core_;
  OnFailure on_failure_;
  Mailbox<node::StateTask> inbox_;
  std::atomic<bool> abandoned_ = false;
  bool full_ = false;
};

}  // namespace nodedb::edge
