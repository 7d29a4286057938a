// SPDX-License-Identifier: Apache-2.0
#include "sim/swim/pond.h"

#include <algorithm>
#include <utility>

#include "swim/rules.h"

namespace nodedb::sim {

namespace {

std::size_t bytes_of(const swim::Message& message) {
  return std::visit(
      [](const auto& one) {
        std::size_t bytes = swim::message_bytes;
        if constexpr (requires { one.rumours; }) {
          for (const swim::Rumour& rumour : one.rumours) bytes += swim::rumour_bytes(rumour);
        }
        return bytes;
      },
      message);
}

}  // namespace

Pond::Pond(std::uint64_t seed, const PondPlan& plan) : plan_(plan), rng_(seed) {
  for (std::uint32_t id = 1; id <= plan.nodes; ++id) {
    members_.push_back(NodeId(id));
    nodes_[id];
  }
  for (std::uint32_t id = 1; id <= plan.nodes; ++id) boot(id);
  for (std::uint32_t id = 1; id <= plan.nodes; ++id) {
    if (slow(id)) next_spell(id);
  }
}

bool Pond::run(std::int64_t for_ns, const std::function<bool()>& until) {
  const Time end = now_ + for_ns;
  while (!events_.empty() && events_.top().at <= end) {
    const Event event = events_.top();
    events_.pop();
    now_ = event.at;
    event.deed();
    if (until && until()) return true;
  }
  now_ = end;
  return until && until();
}

void Pond::boot(std::uint32_t id) {
  Node& node = nodes_[id];
  ++node.boot;
  node.swim = std::make_unique<swim::Swim>(NodeId(id), Incarnation(node.boot), plan_.options, rng_.fork(),
                                           now_, plan_.bugs);
  node.lives.clear();
  node.swim->set_members(now_, members_);
  settle(id);
}

void Pond::crash(std::uint32_t node) {
  nodes_.at(node).swim.reset();
  nodes_.at(node).held.clear();
}

void Pond::restart(std::uint32_t node) {
  boot(node);
}

void Pond::leave(std::uint32_t node) {
  nodes_.at(node).swim->leave(now_);
  settle(node);
}

/// What the member has to say goes out, and it is woken when it asks to be.
void Pond::settle(std::uint32_t id) {
  Node& node = nodes_.at(id);
  swim::Output out = node.swim->take_output();
  for (const swim::Change& change : out.changes) seen_.push_back({now_, NodeId(id), change});
  for (const swim::Outgoing& one : out.send) transmit(id, one.to.value, one.message);
  // A look costs as much as the group is large: in large ones not after every event.
  if (!out.changes.empty() || order_ % (1 + plan_.nodes / 16) == 0) watch(id);
  order_wake(id);
}

void Pond::watch(std::uint32_t id) {
  Node& node = nodes_.at(id);
  if (!broken_) broken_ = node.swim->broken_rule();
  for (const swim::Verdict& verdict : node.swim->verdicts()) {
    swim::Life& highest = node.lives[verdict.node];
    if (verdict.life < highest && !broken_) broken_ = "a life has fallen";
    highest = std::max(highest, verdict.life);
    const Node& subject = nodes_.at(verdict.node.value);
    if (subject.swim && verdict.life > subject.swim->life() && !broken_)
      broken_ = "somebody knows a life that its owner has not reached";
  }
}

void Pond::order_wake(std::uint32_t id) {
  const Time due = nodes_.at(id).swim->deadline();
  const std::uint64_t number = ++nodes_.at(id).woken_for;
  if (due != never) at(std::max(due, now_), [this, id, number] { wake(id, number); });
}

void Pond::wake(std::uint32_t id, std::uint64_t number) {
  Node& node = nodes_.at(id);
  if (!node.swim || node.woken_for != number) return;
  if (node.blocked && plan_.slowness.stands_still) {
    node.held.emplace_back([this, id, number] { wake(id, number); });
    return;
  }
  node.swim->wake(now_);
  settle(id);
}

void Pond::transmit(std::uint32_t from, std::uint32_t to, const swim::Message& message) {
  Node& sender = nodes_.at(from);
  if (sender.blocked) {
    sender.held.emplace_back([this, from, to, message] { transmit(from, to, message); });
    return;
  }
  ++messages_;
  largest_bytes_ = std::max(largest_bytes_, bytes_of(message));
  if (rng_.chance(plan_.loss)) return;
  if (side_.contains(from) != side_.contains(to)) return;
  at(now_ + rng_.between(plan_.delay_min_ns, plan_.delay_max_ns),
     [this, from, to, message] { deliver(from, to, message); });
}

void Pond::deliver(std::uint32_t from, std::uint32_t to, const swim::Message& message) {
  Node& receiver = nodes_.at(to);
  if (!receiver.swim) return;
  if (receiver.blocked) {
    receiver.held.emplace_back([this, from, to, message] { deliver(from, to, message); });
    return;
  }
  receiver.swim->receive(now_, NodeId(from), message);
  settle(to);
}

void Pond::block(std::uint32_t node, bool blocked) {
  nodes_.at(node).blocked = blocked;
  if (blocked) return;
  for (const auto& deed : std::exchange(nodes_.at(node).held, {})) deed();
}

void Pond::next_spell(std::uint32_t id) {
  const Slowness& slow = plan_.slowness;
  const bool blocked = nodes_.at(id).blocked;
  const std::int64_t spell_ns = blocked ? rng_.between(slow.blocked_min_ns, slow.blocked_max_ns)
                                        : rng_.between(slow.free_min_ns, slow.free_max_ns);
  at(now_ + spell_ns, [this, id, blocked] {
    block(id, !blocked);
    next_spell(id);
  });
}

swim::Standing Pond::standing(std::uint32_t by, std::uint32_t of) const {
  return nodes_.at(by).swim->verdict(NodeId(of))->standing;
}

bool Pond::all_true() const {
  for (const auto& [by, node] : nodes_) {
    if (!node.swim) continue;
    for (const auto& [of, other] : nodes_) {
      const swim::Standing held = standing(by, of);
      if (other.swim ? held != swim::Standing::alive
                     : held != swim::Standing::dead && held != swim::Standing::left)
        return false;
    }
  }
  return true;
}

}  // namespace nodedb::sim
