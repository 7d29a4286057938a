// SPDX-License-Identifier: Apache-2.0
#include "edge/loop/core_loop.h"

#include <algorithm>
#include <iterator>

#include "edge/base/clock.h"
#include "edge/base/log.h"

namespace nodedb::edge {

void CoreLoop::run() {
  while (std::optional<std::vector<node::Event>> events = inbox_.await()) {
    step(std::move(*events), true);
    inbox_.end_step(wake_at_, false, false);
  }
}

void CoreLoop::step_here() {
  std::vector<node::Event> events = inbox_.claim();
  for (int steps = 1; !events.empty(); ++steps) {
    const bool crowded = !step(std::move(events), false);
    events = inbox_.end_step(wake_at_, crowded, steps < steps_here_max);
  }
}

bool CoreLoop::step(std::vector<node::Event> events, bool wait) {
  if (events.empty()) events.emplace_back(node::Wake{});
  const Now now = read_clocks();
  facts_.step_began_ns.store(now.mono.ns, std::memory_order_relaxed);
  node::Turn turn = node_.step(now, std::move(events));
  wake_at_ = turn.wake_at;
  tell_memory();
  const bool roomy = carry_out(std::move(turn), wait);
  facts_.step_began_ns.store(0, std::memory_order_relaxed);
  return roomy;
}

void CoreLoop::tell_memory() {
  const node::Node::Held held = node_.held();
  facts_.log_bytes.store(held.log_bytes, std::memory_order_relaxed);
  facts_.request_bytes.store(held.request_bytes, std::memory_order_relaxed);
  facts_.snapshot_bytes.store(held.snapshot_bytes, std::memory_order_relaxed);
}

bool CoreLoop::carry_out(node::Turn turn, bool wait) {
  bool roomy = true;
  for (const std::string& notice : turn.notices) log::info(notice);
  if (on_trace_ && !turn.trace.empty()) on_trace_(node_.id(), turn.trace);

  ToNet out;
  // The sync takes longest: let it begin first.
  if (turn.log || (!turn.send_after.empty() && !disk_.idle())) {
    roomy &= disk_.give({std::move(turn.log), std::move(turn.send_after)}, wait);
    turn.send_after.clear();
  }
  for (node::StateTask& task : turn.tasks) roomy &= apply_.give(std::move(task), wait);

  out.notices = std::move(turn.notices);
  out.messages = std::move(turn.send_now);
  // Left here only if everything that they promise is durable already.
  std::ranges::move(turn.send_after, std::back_inserter(out.messages));
  out.paths = std::move(turn.paths);
  out.replies = std::move(turn.replies);
  out.operator_replies = std::move(turn.operator_replies);
  out.peers = std::move(turn.peers);
  out.trust = std::move(turn.trust);
  out.routing = std::move(turn.routing);
  out.drained = turn.drained && !drained_;
  drained_ = drained_ || turn.drained;
  out.retired = turn.retired && !retired_;
  retired_ = retired_ || turn.retired;
  if (!out.empty()) roomy &= net_.give(std::move(out), wait);
  return roomy;
}

}  // namespace nodedb::edge
