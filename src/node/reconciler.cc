// SPDX-License-Identifier: Apache-2.0
#include "node/reconciler.h"

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "base/node_list.h"

namespace nodedb::node {

namespace {

constexpr std::int64_t look_ns = 1 * ns_per_s;
/// Loads change without anybody saying so.
constexpr std::int64_t plan_anyway_ns = 60 * ns_per_s;
constexpr std::int64_t plan_pause_ns = 100 * ns_per_ms;
constexpr std::int64_t propose_again_ns = 5 * ns_per_s;
/// Changes of preferred leaders in one go: each costs a transfer.
constexpr std::size_t homecomings_at_once = 16;

std::vector<std::string> zones_of(const std::string& text) {
  std::vector<std::string> zones;
  std::size_t from = 0;
  while (from < text.size() && zones.size() < meta::zone_levels_max) {
    const std::size_t end = std::min(text.find('/', from), text.size());
    zones.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return zones;
}

meta::PlanNode node_of(const meta::Member& member, meta::Standing standing) {
  meta::PlanNode node;
  node.id = member.id;
  node.standing = standing;
  node.weight = member.capacity;
  node.zone = zones_of(member.zone);
  node.slots = limits::migrations_per_node;
  return node;
}

meta::Standing plain_standing(const meta::Member& member) {
  switch (member.state) {
    case meta::MemberState::joining:
      return meta::Standing::silent;
    case meta::MemberState::active:
      return meta::Standing::active;
    case meta::MemberState::draining:
      return meta::Standing::draining;
    case meta::MemberState::leaving:
      return meta::Standing::leaving;
    case meta::MemberState::retired:
      return meta::Standing::dead;
  }
  return meta::Standing::dead;
}

void take_shards(meta::PlanInput& input, const meta::Tables& tables,
                 const std::function<meta::ShardLoad(VShardId)>& load) {
  input.replication_factor = tables.cluster ? tables.cluster->replication_factor : 3;
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    const meta::Placement& placement = tables.placement[v];
    if (placement.replicas.empty() || tables.recoveries.contains(VShardId(v))) continue;
    meta::PlanShard shard;
    shard.id = VShardId(v);
    shard.voters = placement.replicas;
    shard.leader = placement.replicas.front();
    if (load) shard.load = load(shard.id);
    if (const auto record = tables.migrations.of(shard.id)) {
      const meta::AddLearnerCheckpoint& first = record->intent.first;
      // Once it has cut over, the placement says so already.
      if (record->intent.cutover == 0 && !record->intent.aborting) {
        shard.flight = meta::PlanShard::Flight{first.source, first.target};
      } else {
        shard.leader = NodeId();
      }
      for (meta::PlanNode& node : input.nodes) {
        if ((node.id == first.source || node.id == first.target) && node.slots > 0) --node.slots;
      }
    }
    input.shards.push_back(std::move(shard));
  }
}

meta::PlanOptions options_of(const meta::Settings& settings) {
  meta::PlanOptions options;
  options.load_bound = static_cast<double>(settings.rebalance_load_tolerance_percent) / 100;
  options.load_goal = options.load_bound / 2;
  options.at_once = static_cast<std::size_t>(settings.rebalance_moves_at_once);
  return options;
}

}  // namespace

void Reconciler::reset() {
  *this = Reconciler(bugs_);
}

bool Reconciler::due(Time now, Time& last) {
  if (last != Time{} && now - last < propose_again_ns) return false;
  last = now;
  return true;
}

void Reconciler::note_silence(Time now, const Surroundings& around) {
  for (const auto& [id, member] : around.tables.members) {
    if (around.reachable(id)) {
      silent_since_.erase(id);
    } else {
      silent_since_.try_emplace(id, now);
    }
  }
  std::map<NodeId, meta::Standing> standings;
  for (const auto& [id, member] : around.tables.members) standings.emplace(id, standing(now, member, around));
  if (standings != standings_) wanted_ = true;
  standings_ = std::move(standings);
}

bool Reconciler::is_lost(Time now, const meta::Tables& tables, NodeId node) const {
  const auto since = silent_since_.find(node);
  const auto member = tables.members.find(node);
  if (member != tables.members.end() && member->second.state == meta::MemberState::retired) return true;
  if (since == silent_since_.end() || member == tables.members.end()) return false;
  std::int64_t patience = tables.settings.repair_after_ns;
  if (member->second.state == meta::MemberState::leaving) patience = std::min(patience, leaving_patience_ns);
  return now - since->second >= patience;
}

meta::Standing Reconciler::standing(Time now, const meta::Member& member, const Surroundings& around) const {
  const auto before = standings_.find(member.id);
  if (bugs_.recommission_ignored && before != standings_.end() && before->second == meta::Standing::leaving)
    return before->second;
  if (bugs_.drain_ignored && member.state == meta::MemberState::draining) return meta::Standing::active;
  if (bugs_.lost_counts && member.state == meta::MemberState::active) return meta::Standing::active;
  if (is_lost(now, around.tables, member.id)) return meta::Standing::dead;
  if (!around.reachable(member.id)) return meta::Standing::silent;
  return plain_standing(member);
}

meta::PlanInput Reconciler::picture(Time now, const Surroundings& around) const {
  meta::PlanInput input;
  for (const auto& [id, member] : around.tables.members) {
    if (member.state != meta::MemberState::retired)
      input.nodes.push_back(node_of(member, standing(now, member, around)));
  }
  take_shards(input, around.tables, around.load);
  return input;
}

Reconciler::Outlook Reconciler::outlook(Time now, const Surroundings& around) const {
  meta::PlanInput seen = picture(now, around);
  meta::Plan made = meta::plan(seen, options_of(around.tables.settings));
  return {std::move(seen), std::move(made)};
}

void Reconciler::move(Time now, VShardId vshard, NodeId from, NodeId to, const Surroundings& around,
                      std::vector<meta::MetaEntry>& out) {
  if (!due(now, proposed_[vshard])) return;
  const auto budget =
      static_cast<std::uint64_t>(around.tables.settings.migration_pause_budget_ns / ns_per_us);
  out.push_back(meta::MigrationCheckpoint{meta::make_checkpoint(
      around.new_id(), 0, meta::AddLearnerCheckpoint{vshard, from, to, group_of(vshard), budget, around.hlc},
      around.by.ts_ms)});
}

/// A member that leaves with a successor gives it whatever it does not have yet, and waits for it while it is
/// out of reach for a moment; whether anything is left of that. One that takes no replicas any more, or is
/// lost, is no successor.
bool Reconciler::hand_to_successors(Time now, const Surroundings& around, std::vector<meta::MetaEntry>& out) {
  const meta::Tables& tables = around.tables;
  std::size_t under_way = tables.migrations.intents().size();
  const auto at_once = static_cast<std::size_t>(tables.settings.rebalance_moves_at_once);
  bool left = false;
  for (const auto& [id, member] : tables.members) {
    if (member.state != meta::MemberState::leaving || member.successor == NodeId()) continue;
    if (bugs_.successor_ignored) continue;
    const auto successor = tables.members.find(member.successor);
    if (successor == tables.members.end() || successor->second.state != meta::MemberState::active) continue;
    if (is_lost(now, tables, member.successor)) continue;
    for (std::uint16_t v = 0; v < vshard_count; ++v) {
      const std::vector<NodeId>& replicas = tables.placement[v].replicas;
      if (!contains(replicas, id) || contains(replicas, member.successor)) continue;
      left = true;
      if (!around.reachable(member.successor)) break;
      if (under_way >= at_once || tables.migrations.of(VShardId(v))) continue;
      ++under_way;
      move(now, VShardId(v), id, member.successor, around, out);
    }
  }
  return left;
}

void Reconciler::carry_out(Time now, const meta::PlanInput& input, const Surroundings& around,
                           std::vector<meta::MetaEntry>& out) {
  const meta::Settings& settings = around.tables.settings;
  meta::PlanOptions options = options_of(settings);
  options.balance = asked_for_ || settings.mode() == meta::RebalanceMode::automatic;
  const meta::Plan made = meta::plan(input, options);
  if (made.steps.empty()) {
    asked_for_ = false;
  } else {
    plan_at_ = now + look_ns;
  }
  std::size_t transfers = 0;
  for (const meta::PlanStep& step : meta::startable(made, input, options)) {
    if (step.kind == meta::StepKind::transfer && ++transfers > homecomings_at_once) continue;
    if (around.tables.migrations.of(step.vshard)) continue;
    meta::Placement placement = around.tables.placement[step.vshard.value];
    switch (step.kind) {
      case meta::StepKind::move:
      case meta::StepKind::repair:
        move(now, step.vshard, step.from, step.to, around, out);
        continue;
      case meta::StepKind::add:
        placement.replicas.push_back(step.to);
        break;
      case meta::StepKind::remove:
        std::erase(placement.replicas, step.from);
        break;
      case meta::StepKind::transfer:
        std::erase(placement.replicas, step.to);
        placement.replicas.insert(placement.replicas.begin(), step.to);
        break;
    }
    placement.epoch = placement.epoch + 1;
    if (due(now, proposed_[step.vshard])) out.push_back(meta::PlacementChange{step.vshard, placement});
  }
}

/// Nothing of the cluster's is there any more, nor a vote in any group, which would miss it: its id is never
/// given again, its certificate is refused.
void Reconciler::retire(Time now, const Surroundings& around, std::vector<meta::MetaEntry>& out) {
  const meta::Tables& tables = around.tables;
  for (const auto& [id, member] : tables.members) {
    if (member.state != meta::MemberState::leaving) continue;
    const NodeId node = id;
    const bool holds = !bugs_.retired_with_replicas &&
                       std::ranges::any_of(tables.placement, [&](const meta::Placement& one) {
                         return contains(one.replicas, node);
                       });
    const bool moves = std::ranges::any_of(tables.migrations.intents(), [&](const auto& intent) {
      return intent.second.first.source == node || intent.second.first.target == node;
    });
    if (holds || moves || around.votes(id) || !due(now, retiring_[id])) continue;
    out.push_back(meta::MemberChange{id, meta::MemberState::retired, NodeId(), around.by});
  }
}

std::vector<meta::MetaEntry> Reconciler::reconcile(Time now, const Surroundings& around) {
  std::vector<meta::MetaEntry> out;
  if (!wanted_ && now < deadline_) return out;
  deadline_ = now + look_ns;
  note_silence(now, around);
  // Planning takes its time: only when something has changed, or is left to do, and not at every change.
  if (!wanted_ && now < plan_at_) return out;
  if (now - planned_ < plan_pause_ns) {
    deadline_ = planned_ + plan_pause_ns;
    return out;
  }
  planned_ = now;
  wanted_ = false;
  plan_at_ = now + plan_anyway_ns;
  std::erase_if(proposed_, [&](const auto& one) { return now - one.second >= propose_again_ns; });
  retire(now, around, out);
  if (around.tables.settings.rebalance_paused != 0) return out;
  meta::PlanInput input = picture(now, around);
  if (hand_to_successors(now, around, out)) {
    // Neither the one nor the other is the planner's until that is done.
    for (meta::PlanNode& node : input.nodes) {
      const meta::Member& member = around.tables.members.at(node.id);
      const bool gives = member.state == meta::MemberState::leaving && member.successor != NodeId();
      const bool takes = std::ranges::any_of(
          around.tables.members, [&](const auto& other) { return other.second.successor == member.id; });
      if (gives || takes) node.standing = meta::Standing::silent;
    }
  }
  carry_out(now, input, around, out);
  return out;
}

std::vector<meta::Complaint> removal_complaints(const meta::Tables& tables,
                                                const std::vector<NodeId>& nodes) {
  meta::PlanInput input;
  for (const auto& [id, member] : tables.members) {
    if (member.state != meta::MemberState::retired)
      input.nodes.push_back(node_of(member, plain_standing(member)));
  }
  take_shards(input, tables, {});
  std::vector<meta::Complaint> complaints = meta::removal_check(std::move(input), nodes);
  std::erase_if(complaints,
                [](const meta::Complaint& one) { return one.constraint == meta::Constraint::zone; });
  return complaints;
}

// --- group 0 itself ---

std::vector<NodeId> metadata_voters(const meta::Tables& tables, const std::vector<NodeId>& current,
                                    const std::function<bool(NodeId)>& usable) {
  const std::size_t wanted = tables.cluster ? tables.cluster->replication_factor : current.size();
  std::vector<NodeId> voters;
  std::set<std::string> zones;
  const auto take = [&](const meta::Member& member) {
    voters.push_back(member.id);
    zones.insert(member.zone);
  };
  const auto stays = [&](const meta::Member& member) {
    return meta::keeps_replicas(member) && usable(member.id);
  };
  for (const auto& [id, member] : tables.members)
    if (contains(current, id) && stays(member) && voters.size() < wanted) take(member);
  const auto fill = [&](meta::MemberState state, bool new_zone) {
    for (const auto& [id, member] : tables.members) {
      if (voters.size() >= wanted || contains(voters, id)) continue;
      if (member.state != state || !usable(id)) continue;
      if (new_zone && zones.contains(member.zone)) continue;
      take(member);
    }
  };
  fill(meta::MemberState::active, true);
  fill(meta::MemberState::active, false);
  // Better one that drains than one that is lost or leaves, and better such a one than too few to decide; but
  // not one that is refused for ever.
  fill(meta::MemberState::draining, false);
  for (const NodeId id : current) {
    const auto member = tables.members.find(id);
    const bool gone = member != tables.members.end() && member->second.state == meta::MemberState::retired;
    if (voters.size() < wanted && !contains(voters, id) && !gone) voters.push_back(id);
  }
  std::ranges::sort(voters);
  return voters;
}

std::optional<raft::Config> next_metadata_config(const raft::Config& config, const meta::Tables& tables,
                                                 const std::vector<NodeId>& voters,
                                                 const std::function<bool(NodeId)>& caught_up,
                                                 const std::function<bool(NodeId)>& may_go) {
  const auto changed = [&](const Result<raft::Config>& next) -> std::optional<raft::Config> {
    if (!next || *next == config) return std::nullopt;
    return *next;
  };
  if (config.joint()) return changed(raft::leave_joint(config));
  for (const auto& [id, member] : tables.members) {
    if (member.state == meta::MemberState::retired || config.is_voter(id) || config.is_learner(id)) continue;
    return changed(raft::change_simple(config, {{raft::ChangeOp::add_learner, id}}));
  }
  std::vector<raft::Change> changes;
  for (const NodeId id : voters) {
    if (config.is_voter(id)) continue;
    if (!caught_up(id)) return std::nullopt;
    changes.push_back({raft::ChangeOp::add_voter, id});
  }
  for (const NodeId id : config.voters) {
    if (!contains(voters, id)) changes.push_back({raft::ChangeOp::add_learner, id});
  }
  if (!changes.empty()) return changed(raft::enter_joint(config, true, changes));
  for (const NodeId id : config.learners) {
    const auto member = tables.members.find(id);
    const bool stays = member != tables.members.end() && member->second.state != meta::MemberState::retired;
    if (stays || !may_go(id)) continue;
    return changed(raft::change_simple(config, {{raft::ChangeOp::remove, id}}));
  }
  return std::nullopt;
}

}  // namespace nodedb::node
