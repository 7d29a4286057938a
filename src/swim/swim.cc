// SPDX-License-Identifier: Apache-2.0
#include "swim/swim.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "swim/state.h"

namespace nodedb::swim {

Swim::State::State(NodeId node, Incarnation boot, const Options& given, Rng luck, Time now,
                   PlantedBugs planted)
    : options(given),
      bugs(planted),
      rng(luck),
      self(node),
      life{boot, 0},
      health(planted.health_ignored ? 0 : given.ill_max),
      period_ends(now + rng.between(0, given.period_ns)),
      rumours(planted.most_sent_first),
      sync_at(now + rng.between(0, given.sync_ns)) {}

Swim::Swim(NodeId self, Incarnation boot, const Options& options, Rng rng, Time now, PlantedBugs bugs)
    : state_(std::make_unique<State>(self, boot, options, rng, now, bugs)) {
  CHECK(self != NodeId());
  CHECK(options.validate().empty());
  // An answer to an earlier life is no answer to this one.
  state_->last_sequence = state_->rng.below(std::uint64_t{1} << 40);
}
Swim::~Swim() = default;
Swim::Swim(Swim&&) noexcept = default;
Swim& Swim::operator=(Swim&&) noexcept = default;

template <class Event>
void Swim::step(Time now, Event event) {
  state_->notice_stall(now);
  event(*state_);
  if (!state_->options.check_rules) return;
  const auto broken = state_->broken_rule();
  CHECK_MSG(!broken, broken.value_or(""));
}

void Swim::set_members(Time now, const std::vector<NodeId>& members) {
  step(now, [&](State& state) { state.set_members(now, members); });
}

void Swim::receive(Time now, NodeId from, const Message& message) {
  step(now, [&](State& state) {
    if (state.find(from) == nullptr) {
      ++state.counts.ignored;
      return;
    }
    std::visit([&](const auto& one) { state.receive(now, from, one); }, message);
  });
}

void Swim::vouch(Time now, NodeId peer, Time sent) {
  step(now, [&](State& state) { state.vouch(now, peer, sent); });
}

void Swim::connected(Time now, NodeId peer) {
  step(now, [&](State& state) {
    if (state.find(peer) != nullptr && !state.leaving) state.sync_with(peer);
  });
}

void Swim::leave(Time now) {
  step(now, [&](State& state) { state.leave(now); });
}

void Swim::wake(Time now) {
  step(now, [&](State& state) { state.wake(now); });
}

Output Swim::take_output() {
  return std::exchange(state_->output, {});
}

Time Swim::deadline() const {
  return state_->deadline();
}

NodeId Swim::self() const {
  return state_->self;
}

Life Swim::life() const {
  return state_->life;
}

std::vector<Verdict> Swim::verdicts() const {
  std::vector<Verdict> all;
  for (const auto& [node, member] : state_->members) all.push_back(state_->verdict_of(node, member));
  if (const auto own = verdict(state_->self)) {
    all.insert(std::ranges::lower_bound(all, own->node, {}, &Verdict::node), *own);
  }
  return all;
}

std::optional<Verdict> Swim::verdict(NodeId node) const {
  if (node == state_->self) {
    if (!state_->is_member) return std::nullopt;
    const Rumour own = state_->own_word();
    return Verdict{node, own.standing, own.life, state_->member_since, node};
  }
  const auto found = state_->members.find(node);
  if (found == state_->members.end()) return std::nullopt;
  return state_->verdict_of(node, found->second);
}

std::uint32_t Swim::ill() const {
  return state_->health.ill();
}

bool Swim::gone() const {
  return state_->gone();
}

const Counts& Swim::counts() const {
  return state_->counts;
}

std::optional<std::string> Swim::broken_rule() const {
  return state_->broken_rule();
}

/// Woken far behind the deadline, this node stood still: acks and refutations may have come and lie behind
/// this event, or could not be asked for. Nobody is blamed for that: all waits go on for as long as they had
/// left.
void Swim::State::notice_stall(Time now) {
  const Time due = deadline();
  if (due == never || now - due < options.ack_wait_ns / 2) return;
  ++counts.stalls;
  health.worse();
  if (bugs.blames_after_stall) return;
  const std::int64_t late_ns = now - due;
  const auto postpone = [late_ns](Time& at) {
    if (at != never) at = at + late_ns;
  };
  postpone(period_ends);
  postpone(gossip_at);
  postpone(sync_at);
  if (probe) postpone(probe->ask_at);
  for (auto& [sequence, errand] : errands) {
    postpone(errand.nack_at);
    postpone(errand.ends);
  }
  for (auto& [node, member] : members) {
    if (member.suspicion) member.suspicion->postpone(late_ns);
  }
}

void Swim::State::wake(Time now) {
  if (leaving) {
    if (gossip_at <= now) gossip(now);
    return;
  }
  run_errands(now);
  if (probe && probe->ask_at <= now) ask_helpers();
  if (period_ends <= now) {
    end_period(now);
    begin_period(now);
  }
  end_suspicions(now);
  if (gossip_at <= now) gossip(now);
  if (sync_at <= now) exchange(now);
}

Time Swim::State::deadline() const {
  if (gone() || members.empty()) return never;
  if (leaving) return gossip_at;
  Time first = std::min({period_ends, gossip_at, sync_at});
  if (probe) first = std::min(first, probe->ask_at);
  for (const auto& [sequence, errand] : errands) first = std::min({first, errand.nack_at, errand.ends});
  for (const auto& [node, member] : members) {
    if (member.suspicion) first = std::min(first, member.suspicion->deadline());
  }
  return first;
}

void Swim::State::set_members(Time now, const std::vector<NodeId>& list) {
  CHECK(list.size() <= limits::swim_members_max);
  const bool was_alone = members.empty();
  const std::set<NodeId> wanted(list.begin(), list.end());
  for (const NodeId node : wanted) {
    if (node == self || !members.try_emplace(node).second) continue;
    round.add(node, rng);
    if (!rumours.empty() && gossip_at == never) gossip_at = now;
  }
  for (auto at = members.begin(); at != members.end();) {
    const NodeId node = at->first;
    if (wanted.contains(node)) {
      ++at;
      continue;
    }
    round.remove(node);
    rumours.drop(node);
    if (probe && probe->target == node) probe.reset();
    std::erase_if(errands,
                  [&](const auto& one) { return one.second.target == node || one.second.asker == node; });
    at = members.erase(at);
  }
  const bool joins = wanted.contains(self) && !is_member;
  is_member = wanted.contains(self);
  if (joins) {
    member_since = now;
    spread(now, own_word());
  }
  if (was_alone && !members.empty()) {
    period_ends = now + rng.between(0, options.period_ns);
    sync_at = now + rng.between(0, options.sync_ns);
  }
}

std::size_t Swim::State::group_size() const {
  const auto there = std::ranges::count_if(members, [](const auto& one) { return one.second.reachable(); });
  return static_cast<std::size_t>(there) + 1;
}

Member* Swim::State::find(NodeId node) {
  const auto found = members.find(node);
  return found == members.end() ? nullptr : &found->second;
}

}  // namespace nodedb::swim
