// SPDX-License-Identifier: Apache-2.0
#include "sim/nemesis.h"

#include <algorithm>
#include <utility>

namespace nodedb::sim {

namespace {

/// Those that the network or the clocks apply all the time are no events.
bool strikes(Fault fault) {
  switch (fault) {
    case Fault::loss:
    case Fault::duplicate:
    case Fault::reorder:
    case Fault::stale:
    case Fault::migrate:
    case Fault::members:
    case Fault::authority:
      return false;
    case Fault::crash:
    case Fault::crash_many:
    case Fault::pause:
    case Fault::partition:
    case Fault::one_way:
    case Fault::flap:
    case Fault::drift:
    case Fault::wall_jump:
    case Fault::slow_disk:
    case Fault::slow_apply:
    case Fault::full_disk:
    case Fault::failed_sync:
    case Fault::transfer:
    case Fault::config:
    case Fault::drain:
    case Fault::again:
    case Fault::trap:
      return true;
  }
  return false;
}

}  // namespace

Nemesis::Nemesis(const Climate& climate, Schedule& schedule, Power& power, Rng rng)
    : climate_(climate), schedule_(schedule), power_(power), rng_(rng), draining_(climate.machines()) {
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (climate.on(fault) && strikes(fault)) active_.push_back(fault);
  }
}

void Nemesis::start() {
  if (!active_.empty()) next();
  if (climate_.on(Fault::migrate)) next_move();
}

void Nemesis::next() {
  const std::int64_t mean = climate_.fault_every_ns;
  schedule_.after(mean / 8 + rng_.between(0, mean * 7 / 4), [this] {
    if (stopped_) return;
    strike(active_[rng_.below(active_.size())]);
    next();
  });
}

void Nemesis::strike(Fault fault) {
  schedule_.note(static_cast<std::uint64_t>(fault));
  schedule_.mark(name(fault));
  const std::size_t node = any_node();
  Host& host = power_.host(node);
  switch (fault) {
    case Fault::crash:
      return crash(node);
    case Fault::crash_many:
      return crash_many();
    case Fault::pause:
      return host.pause(lasting());
    case Fault::partition:
      return partition();
    case Fault::one_way:
      return one_way();
    case Fault::flap: {
      const std::size_t other = any_node();
      if (other != node) power_.network().flap(node, other);
      return;
    }
    case Fault::drift:
      return host.clocks().set_rate(schedule_.now(), rng_.between(-climate_.drift_ppm, climate_.drift_ppm));
    case Fault::wall_jump: {
      const std::int64_t far = rng_.chance(0.5) ? 3'600 * ns_per_s : 5 * ns_per_s;
      return host.clocks().jump_wall(rng_.between(-far, far));
    }
    case Fault::slow_disk:
      return host.slow_disk(lasting());
    case Fault::slow_apply:
      return host.slow_apply(lasting());
    case Fault::full_disk:
      return full_disk(node);
    case Fault::failed_sync:
      return host.log().set_trouble(LogDisk::Trouble::failing);
    case Fault::transfer:
      return transfer();
    case Fault::config:
      return change_config();
    case Fault::drain:
      return drain(node);
    case Fault::again:
      return power_.ask_init(node);
    case Fault::trap:
      return trap();
    case Fault::loss:
    case Fault::duplicate:
    case Fault::reorder:
    case Fault::stale:
    case Fault::migrate:
    case Fault::members:
    case Fault::authority:
      return;
  }
}

// --- processes ---

void Nemesis::crash(std::size_t node) {
  if (!power_.host(node).running()) return;
  power_.crash(node);
  must_restart(node);
}

void Nemesis::must_restart(std::size_t node) {
  draining_[node] = false;
  schedule_.after(rng_.chance(0.5) ? rng_.between(0, 300 * ns_per_ms) : lasting(), [this, node] {
    if (!stopped_ && !power_.host(node).running()) power_.boot(node);
  });
}

void Nemesis::crash_many() {
  const bool all = rng_.chance(0.3);
  for (std::size_t node = 0; node < climate_.machines(); ++node) {
    if (all || rng_.chance(0.6)) crash(node);
  }
}

void Nemesis::drain(std::size_t node) {
  if (!power_.host(node).running() || draining_[node]) return;
  draining_[node] = true;
  power_.host(node).happened(node::Drain{});
  // Patience of an operator whose node does not come to an end.
  schedule_.after(15 * ns_per_s, [this, node] {
    if (!stopped_ && draining_[node]) crash(node);
  });
}

void Nemesis::drained(std::size_t node) {
  if (!draining_[node] || stopped_) return;
  draining_[node] = false;
  schedule_.after(rng_.between(0, 100 * ns_per_ms), [this, node] {
    if (!stopped_) crash(node);
  });
}

void Nemesis::full_disk(std::size_t node) {
  Host& host = power_.host(node);
  if (host.log().trouble() != LogDisk::Trouble::none) return;
  const bool log = rng_.chance(0.7);
  if (log) host.log().set_trouble(LogDisk::Trouble::full);
  if (!log || rng_.chance(0.5)) host.state().set_full(true);
  schedule_.after(lasting(), [this, node] {
    if (stopped_) return;
    Host& full = power_.host(node);
    if (full.log().trouble() == LogDisk::Trouble::full) full.log().set_trouble(LogDisk::Trouble::none);
    full.state().set_full(false);
  });
}

// --- the network ---

void Nemesis::partition() {
  std::vector<bool> side(climate_.machines());
  if (rng_.chance(0.6)) {
    side[any_node()] = true;
  } else {
    for (std::size_t node = 0; node < climate_.machines(); ++node) side[node] = rng_.chance(0.5);
  }
  std::vector<std::pair<std::size_t, std::size_t>> cuts;
  for (std::size_t from = 0; from < climate_.machines(); ++from) {
    for (std::size_t to = 0; to < climate_.machines(); ++to) {
      if (side[from] == side[to]) continue;
      power_.network().cut(from, to);
      cuts.emplace_back(from, to);
    }
  }
  schedule_.after(lasting(), [this, cuts = std::move(cuts)] {
    if (stopped_) return;
    for (const auto& [from, to] : cuts) power_.network().mend(from, to);
  });
}

void Nemesis::one_way() {
  const std::size_t from = any_node();
  const std::size_t to = any_node();
  if (from == to) return;
  power_.network().cut(from, to);
  schedule_.after(lasting(), [this, from, to] {
    if (!stopped_) power_.network().mend(from, to);
  });
}

// --- the operator ---

GroupId Nemesis::any_group() {
  return GroupId(static_cast<std::uint32_t>(rng_.below(climate_.vshards + 1)));
}

std::size_t Nemesis::leader_of(GroupId group) {
  std::size_t leader = climate_.machines();
  Term term;
  for (std::size_t node = 0; node < climate_.machines(); ++node) {
    const node::Node* core = power_.host(node).core();
    const raft::Group* replica = core == nullptr ? nullptr : core->group(group);
    if (replica == nullptr || replica->role() != raft::Role::leader || replica->term() < term) continue;
    leader = node;
    term = replica->term();
  }
  return leader;
}

void Nemesis::transfer() {
  if (!power_.formed()) return;
  const GroupId group = any_group();
  const std::size_t leader = leader_of(group);
  if (leader == climate_.machines()) return;
  power_.host(leader).happened(node::TransferLeader{0, group, id_of(any_node())});
}

// --- traps: what leases and votes promise is only tested when a leader is cut off just then ---

void Nemesis::trap() {
  if (!power_.formed() || climate_.machines() < 3) return;
  const GroupId group = any_group();
  const std::size_t leader = leader_of(group);
  if (leader == climate_.machines()) return;
  switch (rng_.below(3)) {
    case 0:
      return spring_handover(group, leader);
    case 1:
      return spring_lost_supporter(group, leader);
    default:
      return spring_frozen(leader);
  }
}

void Nemesis::isolate(std::size_t node, std::int64_t for_ns) {
  for (std::size_t other = 0; other < climate_.machines(); ++other) {
    if (other == node) continue;
    power_.network().cut(node, other);
    power_.network().cut(other, node);
  }
  schedule_.after(for_ns, [this, node] {
    if (stopped_) return;
    for (std::size_t other = 0; other < climate_.machines(); ++other) {
      if (other == node) continue;
      power_.network().mend(node, other);
      power_.network().mend(other, node);
    }
  });
}

void Nemesis::isolate_leader(GroupId group, std::size_t leader) {
  isolate(leader, 2 * climate_.election_ns);
  if (climate_.witnesses && group != metadata_group)
    power_.bear_witness(vshard_of(group), leader, climate_.election_ns);
}

/// The old leader does not hear that the new one has won.
void Nemesis::spring_handover(GroupId group, std::size_t leader) {
  const std::vector<NodeId> voters = power_.host(leader).core()->group(group)->config().voters;
  power_.host(leader).happened(node::TransferLeader{0, group, voters[rng_.below(voters.size())]});
  schedule_.after(rng_.between(0, 4 * climate_.net_ns + climate_.core_ns), [this, group, leader] {
    if (!stopped_) isolate_leader(group, leader);
  });
}

/// One follower has been out of reach for long; the other forgets, by a restart, whom it supports.
void Nemesis::spring_lost_supporter(GroupId group, std::size_t leader) {
  std::vector<std::size_t> others;
  for (const NodeId voter : power_.host(leader).core()->group(group)->config().voters) {
    if (voter != id_of(leader)) others.push_back(voter.value - 1);
  }
  if (others.size() < 2) return;
  const std::size_t forgetful = others[rng_.below(others.size())];
  const std::int64_t eve = rng_.between(climate_.election_ns, 3 * climate_.election_ns);
  for (const std::size_t other : others) {
    if (other == forgetful) continue;
    power_.network().cut(leader, other);
    power_.network().cut(other, leader);
    schedule_.after(eve + 3 * climate_.election_ns, [this, leader, other] {
      if (stopped_) return;
      power_.network().mend(leader, other);
      power_.network().mend(other, leader);
    });
  }
  schedule_.after(eve, [this, group, leader, forgetful] {
    if (stopped_ || !power_.host(forgetful).running()) return;
    isolate_leader(group, leader);
    power_.crash(forgetful);
    schedule_.after(ns_per_ms, [this, forgetful] {
      if (!stopped_) power_.boot(forgetful);
    });
  });
}

/// A virtual machine that is suspended and wakes up with the wall clock of then.
void Nemesis::spring_frozen(std::size_t leader) {
  const std::int64_t frozen = rng_.between(climate_.election_ns, 4 * climate_.election_ns);
  power_.host(leader).pause(frozen);
  power_.host(leader).clocks().jump_wall(-frozen);
  isolate(leader, frozen + lasting());
}

// --- moves ---

void Nemesis::next_move() {
  const std::int64_t mean = climate_.move_every_ns;
  schedule_.after(mean / 8 + rng_.between(0, mean * 7 / 4), [this] {
    if (stopped_) return;
    migrate();
    next_move();
  });
}

/// Asks any node to move any replica to a member that has none, or to cancel a move that is under way.
void Nemesis::migrate() {
  Host& asked = power_.host(any_node());
  if (!power_.formed() || !asked.running() || !asked.core()->initialised()) return;
  const node::Status status = asked.status();
  if (!status.migrations.empty() && rng_.chance(0.3)) {
    const meta::Migration& victim = status.migrations[rng_.below(status.migrations.size())].record;
    return asked.happened(node::CancelMigration{move_tag, victim.intent.id, "a whim"});
  }
  const VShardId vshard(static_cast<std::uint16_t>(rng_.below(climate_.vshards)));
  const std::size_t leader = leader_of(group_of(vshard));
  if (leader == climate_.machines()) return;
  const raft::Config now = power_.host(leader).core()->group(group_of(vshard))->config();
  std::vector<NodeId> targets;
  for (const node::MemberStatus& one : status.members) {
    if (!now.is_voter(one.member.id)) targets.push_back(one.member.id);
  }
  if (targets.empty()) return;
  schedule_.mark(name(Fault::migrate));
  const std::uint64_t budget_us = rng_.chance(0.2) ? 500'000 : 60'000'000;
  asked.happened(node::StartMigration{move_tag, vshard, now.voters[rng_.below(now.voters.size())],
                                      targets[rng_.below(targets.size())], budget_us});
}

void Nemesis::propose(GroupId group, const raft::Config& next) {
  const std::size_t leader = leader_of(group);
  if (leader != climate_.machines()) power_.host(leader).happened(node::ChangeConfig{0, group, next});
}

void Nemesis::change_config() {
  if (!power_.formed()) return;
  const GroupId group = any_group();
  const std::size_t leader = leader_of(group);
  if (leader == climate_.machines()) return;
  const raft::Config now = power_.host(leader).core()->group(group)->config();
  if (!now.joint()) original_.try_emplace(group, now.voters);
  Result<raft::Config> next = now;
  if (now.joint()) {
    next = rng_.chance(0.5) ? raft::leave_joint(now) : raft::leave_joint_back(now);
  } else {
    std::vector<raft::Change> changes;
    const std::vector<NodeId> all = climate_.moves() ? now.members() : original_[group];
    const std::size_t count = rng_.chance(0.6) ? 1 : 2;
    for (std::size_t i = 0; i < count; ++i) {
      const NodeId node = all[rng_.below(all.size())];
      const bool voter = now.is_voter(node);
      if (!changes.empty() && changes.back().node == node) continue;
      changes.push_back({voter ? raft::ChangeOp::add_learner : raft::ChangeOp::add_voter, node});
    }
    next = count == 1 ? raft::change_simple(now, changes) : raft::enter_joint(now, rng_.chance(0.5), changes);
  }
  // A founder that was never told of the cluster is told once group 0 has been read, which must not need it.
  if (group == metadata_group && somebody_joins(leader)) return;
  if (next) propose(group, *next);
}

bool Nemesis::somebody_joins(std::size_t asked) {
  return std::ranges::any_of(power_.host(asked).status().members, [](const node::MemberStatus& one) {
    return one.member.state == meta::MemberState::joining;
  });
}

bool Nemesis::restored_configs() {
  bool all_there = true;
  for (const auto& [group, voters] : original_) {
    // Where members come and go the cluster says itself who votes.
    if (climate_.on(Fault::members)) continue;
    // Where replicas move the placement says who votes, and the world looks at that.
    if (climate_.moves() && group != metadata_group) continue;
    const std::size_t leader = leader_of(group);
    if (leader == climate_.machines()) return false;
    const raft::Config now = power_.host(leader).core()->group(group)->config();
    if (now.joint()) all_there = false;
    for (const NodeId node : voters) {
      if (now.is_voter(node) || !power_.host(node.value - 1).running()) continue;
      all_there = false;
      if (group != metadata_group || now.joint()) break;
      // Nobody but an operator says who votes in group 0.
      if (const auto next = raft::change_simple(now, {{raft::ChangeOp::add_voter, node}}))
        propose(group, *next);
      break;
    }
    if (group == metadata_group && now.joint()) {
      if (const auto next = raft::leave_joint(now)) propose(group, *next);
    }
  }
  return all_there;
}

}  // namespace nodedb::sim
