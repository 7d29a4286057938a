// SPDX-License-Identifier: Apache-2.0
#include "edge/loop/core_loop.h"

#include <algorithm>
#include <iterator>

#include "edge/base/clock.h"
#include "edge/base/log.h"

namespace nodedb::edge {

void CoreLoop::run() {
  Time wake_at = long_ago;
  while (true) {
    std::vector<node::Event> events = inbox_.take_all(wake_at);
    if (events.empty()) {
      if (inbox_.finished()) return;
      events.emplace_back(node::Wake{});
    }
    const Now now = read_clocks();
    facts_.step_began_ns.store(now.mono.ns, std::memory_order_relaxed);
    node::Turn turn = node_.step(now, std::move(events));
    wake_at = turn.wake_at;
    tell_memory();
    carry_out(std::move(turn));
    facts_.step_began_ns.store(0, std::memory_order_relaxed);
  }
}

void CoreLoop::tell_memory() {
  const node::Node::Held held = node_.held();
  facts_.log_bytes.store(held.log_bytes, std::memory_order_relaxed);
  facts_.request_bytes.store(held.request_bytes, std::memory_order_relaxed);
  facts_.snapshot_bytes.store(held.snapshot_bytes, std::memory_order_relaxed);
}

void CoreLoop::carry_out(node::Turn turn) {
  for (const std::string& notice : turn.notices) log::info(notice);
  if (on_trace_ && !turn.trace.empty()) on_trace_(node_.id(), turn.trace);

  ToNet out;
  // The sync takes longest: let it begin first.
  if (turn.log || (!turn.send_after.empty() && !disk_.idle())) {
    disk_.give({std::move(turn.log), std::move(turn.send_after)});
    turn.send_after.clear();
  }
  for (node::StateTask& task : turn.tasks) apply_.give(std::move(task));

  out.notices = std::move(turn.notices);
  out.messages = std::move(turn.send_now);
  // Left here only if everything that they promise is durable already.
  std::ranges::move(turn.send_after, std::back_inserter(out.messages));
  out.replies = std::move(turn.replies);
  out.operator_replies = std::move(turn.operator_replies);
  out.peers = std::move(turn.peers);
  out.trust = std::move(turn.trust);
  out.routing = std::move(turn.routing);
  out.drained = turn.drained && !drained_;
  drained_ = drained_ || turn.drained;
  out.retired = turn.retired && !retired_;
  retired_ = retired_ || turn.retired;
  if (!out.empty()) static_cast<void>(net_.push(std::move(out)));
}

}  // namespace nodedb::edge
