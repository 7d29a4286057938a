// SPDX-License-Identifier: Apache-2.0
#pragma once

// The flush thread: waits until what the apply thread has written is durable, and only then reports what
// depends on it, while the apply thread goes on. A full disk keeps the flush and tries again; any other
// failure ends the process.

#include "edge/base/mailbox.h"
#include "edge/loop/core_inbox.h"
#include "edge/loop/full_disk.h"
#include "node/applier.h"

namespace nodedb::edge {

class FlushLoop {
 public:
  static constexpr std::size_t inbox_max = 1024;

  /// All must outlive the loop, and the store of the flushes, too.
  FlushLoop(CoreInbox& core, OnFailure on_failure)
      : core_(core),
        full_disk_(std::move(on_failure), "the disk is full; a flush waits for room",
                   "the state store has room to flush again"),
        inbox_(inbox_max) {}

  /// The apply thread's. Pre: `outcome.flush`.
  void give(node::Applier::Outcome outcome) { static_cast<void>(inbox_.push(std::move(outcome))); }

  void run();
  /// As DiskLoop::close.
  void close(bool abandon);

 private:
  /// False: the process stops.
  bool finish(node::Applier::Outcome outcome);

  CoreInbox& core_;
  FullDisk full_disk_;
  Mailbox<node::Applier::Outcome> inbox_;
};

}  // namespace nodedb::edge
