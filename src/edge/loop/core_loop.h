// SPDX-License-Identifier: Apache-2.0
#pragma once

// The core thread: takes every event that waits, reads the clocks after that (a read is linearizable only
// then), steps the node once for all of them, and hands each part of the turn to the thread that does it.
// Sleeps until the turn's `wake_at` or the next event.

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>

#include "edge/loop/apply_loop.h"
#include "edge/loop/core_inbox.h"
#include "edge/loop/disk_loop.h"
#include "edge/loop/net_port.h"
#include "node/node.h"

namespace nodedb::edge {

/// What the node holds, for other threads to read.
struct CoreMemory {
  std::atomic<std::size_t> log_bytes = 0;
  std::atomic<std::size_t> request_bytes = 0;
  std::atomic<std::size_t> snapshot_bytes = 0;
};

/// Gets the turn's trace, in order, before anything of the turn leaves; core thread.
using OnTrace = std::function<void(NodeId self, std::span<const node::TraceEvent>)>;

class CoreLoop {
 public:
  /// All must outlive the loop; `on_trace` may be empty.
  CoreLoop(node::Node node, CoreInbox& inbox, DiskLoop& disk, ApplyLoop& apply, NetInbox& net,
           CoreMemory& memory, OnTrace on_trace)
      : node_(std::move(node)),
        inbox_(inbox),
        disk_(disk),
        apply_(apply),
        net_(net),
        memory_(memory),
        on_trace_(std::move(on_trace)) {}

  /// Until the inbox is closed and empty.
  void run();
  /// How many it has taken and carried out: it stands still if this does. Any thread.
  std::uint64_t steps() const { return steps_.load(std::memory_order_relaxed); }

 private:
  void carry_out(node::Turn turn);
  void tell_memory();

  node::Node node_;
  CoreInbox& inbox_;
  DiskLoop& disk_;
  ApplyLoop& apply_;
  NetInbox& net_;
  CoreMemory& memory_;
  OnTrace on_trace_;
  std::atomic<std::uint64_t> steps_ = 0;
  bool drained_ = false;  ///< told already
  bool retired_ = false;  ///< told already
};

}  // namespace nodedb::edge
