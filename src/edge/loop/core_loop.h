// SPDX-License-Identifier: Apache-2.0
#pragma once

// Steps the node: takes every event that waits, reads the clocks after that (a read is linearizable only
// then), steps once for all of them, and hands each part of the turn to the thread that does it. The core
// thread sleeps until the turn's `wake_at` or the next event; a thread that has just given a little steps
// itself, and whatever the next thread has no room for is given beyond its bound, once: then the core thread,
// which may wait, goes on.

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

/// What the core tells other threads, for them to read at any time: what the node holds, and since when the
/// step has been under way that is; 0: none is, the core waits for events.
struct CoreFacts {
  std::atomic<std::size_t> log_bytes = 0;
  std::atomic<std::size_t> request_bytes = 0;
  std::atomic<std::size_t> snapshot_bytes = 0;
  std::atomic<std::int64_t> step_began_ns = 0;
};

/// Gets the turn's trace, in order, before anything of the turn leaves; on the thread that steps.
using OnTrace = std::function<void(NodeId self, std::span<const node::TraceEvent>)>;

class CoreLoop {
 public:
  /// All must outlive the loop; `on_trace` may be empty.
  CoreLoop(node::Node node, CoreInbox& inbox, DiskLoop& disk, ApplyLoop& apply, NetInbox& net,
           CoreFacts& facts, OnTrace on_trace)
      : node_(std::move(node)),
        inbox_(inbox),
        disk_(disk),
        apply_(apply),
        net_(net),
        facts_(facts),
        on_trace_(std::move(on_trace)) {
    inbox_.set_stepper([this] { step_here(); });
  }

  /// The core thread's body: until the inbox is closed and empty.
  void run();

 private:
  /// Steps in a row on a thread that has other work.
  static constexpr int steps_here_max = 4;

  /// Another thread's: steps while it is its turn.
  void step_here();
  /// `wait`: until there is room for what is to be handed on. False: there is no room for more.
  bool step(std::vector<node::Event> events, bool wait);
  bool carry_out(node::Turn turn, bool wait);
  void tell_memory();

  node::Node node_;
  CoreInbox& inbox_;
  DiskLoop& disk_;
  ApplyLoop& apply_;
  NetInbox& net_;
  CoreFacts& facts_;
  OnTrace on_trace_;
  Time wake_at_ = long_ago;
  bool drained_ = false;  ///< told already
  bool retired_ = false;  ///< told already
};

}  // namespace nodedb::edge
