// SPDX-License-Identifier: Apache-2.0
// Orders of the leader of group 0, obeyed as far as this node's own group 0 bears them out: one step of a
// group's config, a transfer of its leadership, the end of a replica. All are idempotent.
#include <algorithm>
#include <utility>

#include "base/node_list.h"
#include "node/state.h"

namespace nodedb::node {

void Node::State::receive(NodeId peer, const wire::MoveOrder& message) {
  if (message.group == metadata_group || message.group.value >= group_count) return;
  report_wanted = true;
  // A deposed driver's order may be late.
  if (leaders[metadata_group.value] != peer) return;
  Replica* here = replica(message.group);
  if (here == nullptr) return;
  if (const auto* order = std::get_if<meta::Order>(&message.order)) {
    std::visit([&](const auto& one) { obey(*here, message, one); }, *order);
  } else if (const auto* restore = std::get_if<wire::RestoreVoters>(&message.order)) {
    restore_voters(*here, *restore);
  } else {
    asked_about.insert(message.group);
  }
}

/// The record that an order speaks of, if this node's own group 0 has got there.
std::optional<meta::Migration> Node::State::ordered_migration(const wire::MoveOrder& message) const {
  auto record = tables.migrations.find(message.migration);
  if (record && group_of(record->intent.first.vshard) != message.group) return std::nullopt;
  return record;
}

void Node::State::change(Replica& group, const Result<raft::Config>& next) {
  if (!next || *next == group.raft.config()) return;
  (void)group.raft.change_config(now.mono, *next);  // if it is refused now the order comes again
  touch(group.raft.id());
}

void Node::State::obey(Replica& group, const wire::MoveOrder& message, const meta::OrderLearner& order) {
  const auto record = ordered_migration(message);
  if (!record || record->intent.aborting || record->intent.first.target != order.target) return;
  const raft::Config& config = group.raft.config();
  if (config.is_voter(order.target) || config.is_learner(order.target)) return;
  change(group, raft::change_simple(config, {{raft::ChangeOp::add_learner, order.target}}));
}

void Node::State::obey(Replica& group, const wire::MoveOrder& message, const meta::OrderReplace& order) {
  const auto record = ordered_migration(message);
  if (!record || record->intent.aborting || record->intent.first.target != order.target ||
      record->intent.first.source != order.source) {
    return;
  }
  const raft::Config& config = group.raft.config();
  if (config.joint() || !config.is_learner(order.target) || !config.is_voter(order.source)) return;
  change(group, raft::enter_joint(
                    config, false,
                    {{raft::ChangeOp::add_voter, order.target}, {raft::ChangeOp::remove, order.source}}));
}

void Node::State::obey(Replica& group, const wire::MoveOrder& message, const meta::OrderLeave&) {
  const auto record = ordered_migration(message);
  const raft::Config& config = group.raft.config();
  if (!record || record->intent.aborting || !config.joint()) return;
  // A leader that takes itself out would leave the group without one for a moment.
  if (!contains(config.voters, self)) return;
  change(group, raft::leave_joint(config));
}

void Node::State::obey(Replica& group, const wire::MoveOrder& message, const meta::OrderLeaveBack&) {
  const auto record = ordered_migration(message);
  const raft::Config& config = group.raft.config();
  if (!record || !record->intent.aborting || !config.joint()) return;
  change(group, raft::leave_joint_back(config));
}

void Node::State::obey(Replica& group, const wire::MoveOrder& message,
                       const meta::OrderRemoveLearner& order) {
  const auto record = ordered_migration(message);
  const raft::Config& config = group.raft.config();
  if (!record || !record->intent.aborting || config.joint() || !config.is_learner(order.target)) return;
  change(group, raft::change_simple(config, {{raft::ChangeOp::remove, order.target}}));
}

void Node::State::obey(Replica& group, const wire::MoveOrder& message, const meta::OrderTransfer& order) {
  if (!ordered_migration(message) || group.raft.role() != raft::Role::leader) return;
  if (group.raft.transferring_to() || !may_lead(order.to)) return;
  const std::int64_t budget = static_cast<std::int64_t>(
      std::min<std::uint64_t>(order.budget_us, static_cast<std::uint64_t>(ns_per_s) * 60) * 1'000);
  if (group.raft.transfer(now.mono, order.to, budget)) pauses[message.group].began = now.mono;
  touch(message.group);
}

/// Nothing that it lacks would keep writes waiting for its vote.
bool Node::State::caught_up(const Replica& group, NodeId node) const {
  constexpr std::uint64_t lag_entries_max = 64;
  return std::ranges::any_of(group.raft.followers(), [&](const raft::Group::Follower& follower) {
    return follower.node == node && follower.state == raft::Group::Follower::State::stream &&
           follower.match.value + lag_entries_max >= group.raft.last().index.value;
  });
}

/// One step from whatever config is in force towards the wanted voters: out of a joint config, then whoever
/// is missing learns and gets its vote, then whoever is too many goes.
void Node::State::restore_voters(Replica& group, const wire::RestoreVoters& order) {
  const VShardId vshard = vshard_of(group.raft.id());
  if (group.raft.role() != raft::Role::leader) return;
  if (tables.placement[vshard.value].epoch > order.epoch) return;
  const raft::Config& config = group.raft.config();
  const auto migration = tables.migrations.of(vshard);
  if (migration && !astray(config, *migration, order.voters)) return;
  if (config.joint()) {
    return change(
        group, config.outgoing == order.voters ? raft::leave_joint_back(config) : raft::leave_joint(config));
  }
  for (const NodeId voter : order.voters) {
    if (config.is_voter(voter)) continue;
    if (config.is_learner(voter) && !caught_up(group, voter)) return;
    const auto step = config.is_learner(voter) ? raft::ChangeOp::add_voter : raft::ChangeOp::add_learner;
    return change(group, raft::change_simple(config, {{step, voter}}));
  }
  for (const NodeId member : config.members()) {
    if (contains(order.voters, member)) continue;
    if (migration && migration->intent.first.target == member && config.is_learner(member)) continue;
    if (member == self) {
      const auto successor = best_successor(group);
      if (successor && group.raft.transfer(now.mono, *successor)) touch(group.raft.id());
      return;
    }
    return change(group, raft::change_simple(config, {{raft::ChangeOp::remove, member}}));
  }
}

/// Twice sure: this node's group 0 must not want the replica here, and its own log must not contradict.
void Node::State::obey(Replica& group, const wire::MoveOrder& message, const meta::OrderDrop& order) {
  const VShardId vshard = vshard_of(message.group);
  const auto record = ordered_migration(message);
  bool may = false;
  if (record) {
    const bool complete = record->checkpoint.phase() == meta::MigrationPhase::complete;
    const bool left =
        (complete || options.bugs.moves.source_dropped_early) && record->intent.first.source == self;
    const bool undone = record->intent.aborting && record->intent.first.target == self;
    may = left || undone;
  } else {
    may = message.migration.is_nil() && !wants_replica(vshard);
  }
  if (!may || group.raft.role() == raft::Role::leader || transfers.installing(message.group)) return;
  const raft::Config& own = group.raft.config();
  // Its config may be later than the order's: not if it is of an earlier term, which the leader that the
  // order speaks for does not have and so nobody ever commits (thesis 3.6.3). What is above its config says
  // nothing.
  const Index at = group.raft.config_index();
  const auto term = group.raft.term_at(at);
  const bool later = at > order.config_index && (!term || *term >= order.term);
  if (later && contains(own.members(), self)) return;
  bury(message.group);
}

/// Called when the role or the leader of a group has changed here.
void Node::State::measure_pause(Replica& group) {
  const auto pause = pauses.find(group.raft.id());
  if (pause == pauses.end() || pause->second.began == never) return;
  const bool ours_again = group.raft.role() == raft::Role::leader && !group.raft.transferring_to();
  const bool theirs = group.raft.role() != raft::Role::leader && group.raft.leader() != NodeId();
  if (!ours_again && !theirs) return;
  const std::int64_t lasted = now.mono - std::exchange(pause->second.began, never);
  pause->second.longest_us = std::max(pause->second.longest_us, static_cast<std::uint64_t>(lasted / 1'000));
  report_wanted = true;
}

}  // namespace nodedb::node
