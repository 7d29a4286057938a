// SPDX-License-Identifier: Apache-2.0
#include "node/driver.h"

#include <algorithm>

#include "base/limits.h"
#include "base/node_list.h"
#include "raft/config.h"

namespace nodedb::node {

namespace {

constexpr std::int64_t drive_again_ns = 100 * ns_per_ms;
constexpr std::int64_t order_again_ns = 300 * ns_per_ms;
constexpr std::int64_t transfer_again_ns = 1 * ns_per_s;  // an attempt that failed has paused the group
constexpr std::int64_t same_again_ns = 2 * ns_per_s;
constexpr std::int64_t repair_again_ns = 500 * ns_per_ms;
constexpr std::int64_t report_fresh_ns = 3 * ns_per_s;

/// Before this a migration has changed nothing and can wait for its turn.
bool has_begun(const meta::Migration& record) {
  return record.intent.aborting || record.checkpoint.phase() != meta::MigrationPhase::add_learner;
}

}  // namespace

bool astray(const raft::Config& config, const meta::Migration& record, const std::vector<NodeId>& wanted) {
  const NodeId source = record.intent.first.source;
  const NodeId target = record.intent.first.target;
  const meta::MigrationPhase phase = record.checkpoint.phase();
  if (config.joint()) {
    // Before CatchUp no step of the migration enters one, and none undoes it.
    return phase == meta::MigrationPhase::add_learner || !contains(config.voters, target) ||
           !contains(config.outgoing, source);
  }
  const bool final = contains(config.voters, target) && !contains(config.voters, source);
  if (final && phase < meta::MigrationPhase::cutover) return false;
  const bool strangers =
      std::ranges::any_of(config.learners, [&](NodeId learner) { return learner != target; });
  return strangers || config.voters != wanted;
}

void Driver::reset() {
  latest_.clear();
  groups_.clear();
  holdings_.clear();
  applied_.clear();
  courses_.clear();
  repairs_.clear();
  purges_.clear();
  recovered_.clear();
  deadline_ = never;
  output_ = {};
}

void Driver::reported(Time now, NodeId from, const wire::MoveReport& report) {
  const std::pair at(report.incarnation, report.number);
  const auto [latest, first] = latest_.try_emplace(from, at);
  if (!first && at <= latest->second) return;
  latest->second = at;
  Index& applied = applied_[from];
  applied = std::max(applied, report.applied);
  for (const wire::GroupReport& one : report.led) {
    const auto known = groups_.find(one.group);
    if (known != groups_.end() && known->second.report.term > one.term) continue;
    groups_.insert_or_assign(one.group, Seen{from, one, report.applied, now});
  }
  for (const wire::Holding& one : report.holdings) {
    holdings_.insert_or_assign({from, one.group}, Held{one, now});
  }
}

// --- migrations ---

meta::GroupFacts Driver::group_facts(const Seen& seen, NodeId target) const {
  const wire::GroupReport& report = seen.report;
  meta::GroupFacts facts;
  facts.leader = seen.leader;
  facts.term = report.term;
  facts.voters = report.config.voters;
  facts.outgoing = report.config.outgoing;
  facts.learners = report.config.learners;
  facts.config_index = report.config_index;
  facts.config_committed = report.config_committed || bugs_.checkpoint_before_commit;
  facts.transferring = report.transferring;
  if (report.target && report.target->node == target) {
    facts.target =
        meta::GroupFacts::Follower{report.target->match, report.target->streaming, report.target->lag_entries,
                                   report.target->lag_bytes, report.target->lag_ns};
  }
  return facts;
}

meta::MigrationFacts Driver::facts(Time now, const meta::Migration& record,
                                   const Surroundings& around) const {
  const meta::AddLearnerCheckpoint& first = record.intent.first;
  const GroupId group = group_of(first.vshard);
  meta::MigrationFacts facts;
  const auto seen = groups_.find(group);
  // A leader that is out of reach can do nothing, whatever it said.
  if (seen != groups_.end() && around.reachable(seen->second.leader) &&
      now - seen->second.at < report_fresh_ns) {
    facts.group = group_facts(seen->second, first.target);
  }
  if (const auto held = holdings_.find({first.source, group}); held != holdings_.end()) {
    facts.source_holds_replica = held->second.holding.holds;
    facts.pause_us = held->second.holding.pause_us;
  }
  if (const auto held = holdings_.find({first.target, group}); held != holdings_.end()) {
    facts.target_holds_replica = held->second.holding.holds;
    facts.target_unapplied = held->second.holding.unapplied;
    facts.target_fenced = held->second.holding.fenced;
  }
  facts.source_reachable = around.reachable(first.source);
  facts.source_lost = around.lost(first.source);
  facts.target_reachable = around.reachable(first.target);
  facts.target_lost = around.lost(first.target);
  const auto applied = applied_.find(first.source);
  facts.source_applied_cutover = record.intent.cutover != 0 && applied != applied_.end() &&
                                 applied->second.value >= record.intent.cutover;
  return facts;
}

bool Driver::has_turn(const meta::Migration& record) {
  const meta::AddLearnerCheckpoint& first = record.intent.first;
  std::size_t& source = busy_[first.source];
  std::size_t& target = busy_[first.target];
  const bool free = under_way_ < limits::migrations_at_once && source < limits::migrations_per_node &&
                    target < limits::migrations_per_node;
  if (!free && !has_begun(record)) return false;
  ++under_way_;
  ++source;
  ++target;
  return true;
}

void Driver::drive(Time now, const Surroundings& around) {
  const auto& intents = around.tables.migrations.intents();
  std::vector<meta::Migration> records;
  for (const auto& [id, intent] : intents) {
    if (auto record = around.tables.migrations.find(id)) records.push_back(std::move(*record));
  }
  // Those that have begun keep their places; the others get what is left in the order in which they came.
  std::ranges::sort(records, [](const meta::Migration& a, const meta::Migration& b) {
    return std::pair(!has_begun(a), a.intent.begun) < std::pair(!has_begun(b), b.intent.begun);
  });
  under_way_ = 0;
  busy_.clear();
  for (const meta::Migration& record : records) follow(now, record, around);
  std::erase_if(courses_, [&](const auto& course) { return !intents.contains(course.first); });
  repair(now, around);
  purge_ghosts(now, around);
  end_recoveries(now, around);
  const bool busy = !records.empty() || !around.tables.ghosts.empty() || !repairs_.empty() ||
                    !around.tables.recoveries.empty();
  deadline_ = busy ? now + drive_again_ns : never;
}

void Driver::follow(Time now, const meta::Migration& record, const Surroundings& around) {
  const meta::MigrationId id = record.intent.id;
  const auto [at, fresh] = courses_.try_emplace(id);
  Course& course = at->second;
  if (fresh) course.since = now;
  if (fresh && bugs_.begun_twice && has_begun(record)) {
    meta::MigrationId again = id;
    again.bytes.back() ^= 1;
    output_.entries.push_back(
        meta::MigrationCheckpoint{meta::make_checkpoint(again, 0, record.intent.first, around.wall_ms)});
  }
  if (!has_turn(record)) {
    course.waits_for = "its turn: " + std::to_string(under_way_) + " others are under way";
    course.since = now;
    return;
  }
  if (record.intent.aborting && course.aborted_by == Index()) course.aborted_by = around.applied;
  meta::MigrationFacts known = facts(now, record, around);
  if (known.group)
    known.group->knows_abort = groups_.at(group_of(record.intent.first.vshard)).applied >= course.aborted_by;
  Mark mark{
      record.checkpoint.phase(),         record.checkpoint.attempt, record.intent.aborting, {}, {}, {}, 0,
      record.intent.compensations.size()};
  if (known.group) {
    mark.leader = known.group->leader;
    mark.config = known.group->config_index;
    if (known.group->target) mark.match = known.group->target->match;
    if (const auto& target = groups_.at(group_of(record.intent.first.vshard)).report.target)
      mark.copied_bytes = target->copied_bytes;
  }
  if (!(mark == course.mark)) {
    course.mark = mark;
    course.since = now;
  }
  known.without_progress_ns = now - course.since;
  const meta::Action action = meta::decide(record, known, limits_, bugs_);
  if (const auto* wait = std::get_if<meta::Wait>(&action)) {
    course.waits_for = wait->why;
  } else if (const auto* give = std::get_if<meta::GiveOrder>(&action)) {
    course.waits_for = give->why;
    order(now, course, give->to, {group_of(record.intent.first.vshard), id, give->order});
  } else if (const auto* advance = std::get_if<meta::Advance>(&action)) {
    course.waits_for.clear();
    propose(now, course,
            meta::MigrationCheckpoint{
                meta::make_checkpoint(id, advance->attempt, advance->payload, around.wall_ms)});
  } else if (const auto* give_up = std::get_if<meta::GiveUp>(&action)) {
    propose(now, course, meta::MigrationAbort{id, give_up->reason, give_up->compensations});
  } else {
    propose(now, course, meta::MigrationEnd{id, std::get<meta::End>(action).outcome, around.wall_ms});
  }
}

void Driver::order(Time now, Course& course, NodeId to, wire::MoveOrder order) {
  const bool again = course.ordered == order && course.ordered_to == to;
  const auto* step = std::get_if<meta::Order>(&order.order);
  const bool transfer = step != nullptr && std::holds_alternative<meta::OrderTransfer>(*step);
  // A node obeys what its own group 0 bears out; what it has applied since may have been missing.
  const Index applied = applied_[to];
  const bool knows_more = !transfer && applied > course.ordered_knowing;
  if (again && !knows_more && now - course.ordered_at < (transfer ? transfer_again_ns : order_again_ns))
    return;
  course.ordered = order;
  course.ordered_to = to;
  course.ordered_at = now;
  course.ordered_knowing = applied;
  output_.orders.emplace_back(to, std::move(order));
}

/// What was proposed may be lost with a leadership, and is proposed again; group 0 takes it once.
void Driver::propose(Time now, Course& course, meta::MetaEntry entry) {
  const auto same_meaning = [&] {
    if (!course.proposed || course.proposed->index() != entry.index()) return false;
    const auto* before = std::get_if<meta::MigrationCheckpoint>(&*course.proposed);
    const auto* after = std::get_if<meta::MigrationCheckpoint>(&entry);
    if (before == nullptr || after == nullptr) return true;
    return before->checkpoint.phase() == after->checkpoint.phase() &&
           before->checkpoint.attempt == after->checkpoint.attempt;
  };
  if (same_meaning() && now - course.proposed_at < same_again_ns) return;
  course.proposed = entry;
  course.proposed_at = now;
  output_.entries.push_back(std::move(entry));
}

// --- what no migration accounts for ---

bool Driver::due(Time now, Time& last, std::int64_t pause_ns) {
  if (last != Time{} && now - last < pause_ns) return false;
  last = now;
  return true;
}

void Driver::repair(Time now, const Surroundings& around) {
  std::erase_if(groups_, [&](const auto& seen) { return now - seen.second.at > 4 * report_fresh_ns; });
  std::erase_if(holdings_, [&](const auto& held) { return now - held.second.at > 4 * report_fresh_ns; });
  std::erase_if(repairs_, [&](const auto& last) { return now - last.second > 4 * report_fresh_ns; });
  for (const auto& [group, seen] : groups_) {
    if (group == metadata_group || now - seen.at > report_fresh_ns) continue;
    repair_config(now, seen, around);
  }
  for (const auto& [who, held] : holdings_) {
    if (now - held.at > report_fresh_ns || !held.holding.holds) continue;
    if (around.tables.migrations.of(vshard_of(who.second))) continue;
    repair_holding(now, who.first, held.holding, around);
  }
}

/// The group's leader is told what is wanted and takes one legal step after the other towards it.
void Driver::repair_config(Time now, const Seen& seen, const Surroundings& around) {
  const VShardId vshard = vshard_of(seen.report.group);
  const meta::Placement& wanted = around.tables.placement[vshard.value];
  const raft::Config& config = seen.report.config;
  if (!seen.report.config_committed || wanted.replicas.empty()) return;
  std::vector<NodeId> voters = wanted.replicas;
  std::ranges::sort(voters);
  const auto migration = around.tables.migrations.of(vshard);
  if (migration && !astray(config, *migration, voters)) return;
  if (!config.joint() && config.learners.empty() && config.voters == voters) return;
  if (!due(now, repairs_[{seen.leader, seen.report.group}], repair_again_ns)) return;
  output_.orders.emplace_back(
      seen.leader,
      wire::MoveOrder{seen.report.group, {}, wire::RestoreVoters{wanted.epoch, std::move(voters)}});
}

/// An orphan replica is dropped once the group's own leader has said that no config in force names it.
void Driver::repair_holding(Time now, NodeId node, const wire::Holding& holding, const Surroundings& around) {
  const meta::Placement& wanted = around.tables.placement[vshard_of(holding.group).value];
  if (contains(wanted.replicas, node) || bugs_.orphan_kept) return;
  if (!due(now, repairs_[{node, holding.group}], repair_again_ns)) return;
  const auto seen = groups_.find(holding.group);
  if (seen == groups_.end() || now - seen->second.at > report_fresh_ns) {
    const NodeId leader = around.leader_of(holding.group);
    if (leader != NodeId()) output_.orders.emplace_back(leader, wire::MoveOrder{holding.group, {}, {}});
    return;
  }
  const wire::GroupReport& report = seen->second.report;
  if (!report.config_committed || contains(report.config.members(), node)) return;
  output_.orders.emplace_back(
      node,
      wire::MoveOrder{holding.group, {}, meta::Order(meta::OrderDrop{report.config_index, report.term})});
}

/// Who has applied the cut-over knows the new route; once that is every live member, nobody needs the stub.
void Driver::purge_ghosts(Time now, const Surroundings& around) {
  for (const auto& [where, ghost] : around.tables.ghosts) {
    bool known_by_all = std::ranges::all_of(around.tables.members, [&](const auto& member) {
      if (!around.reachable(member.first)) return true;
      const auto applied = applied_.find(member.first);
      return applied != applied_.end() && applied->second.value >= ghost.cutover;
    });
    if (bugs_.ghost_purged_by_time) known_by_all = !purges_.try_emplace(ghost.vshard, now).second;
    // The row of the migration goes first: until then the stub is what it has promised.
    if (!known_by_all || around.tables.migrations.find(ghost.migration)) continue;
    if (!due(now, purges_[ghost.vshard], same_again_ns)) continue;
    output_.entries.push_back(meta::GhostPurge{ghost.vshard, ghost.node, ghost.cutover});
  }
}

/// From here on the group is like any other, with fewer voters than are wanted.
void Driver::end_recoveries(Time now, const Surroundings& around) {
  std::erase_if(recovered_, [&](const auto& one) { return !around.tables.recoveries.contains(one.first); });
  for (const auto& [vshard, recovery] : around.tables.recoveries) {
    const auto seen = groups_.find(group_of(vshard));
    if (seen == groups_.end() || seen->second.leader != recovery.survivor) continue;
    const wire::GroupReport& report = seen->second.report;
    if (!report.config_committed || report.term < recovery.term) continue;
    if (!due(now, recovered_[vshard], same_again_ns)) continue;
    output_.entries.push_back(meta::RecoveryEnd{vshard, report.term});
  }
}

MigrationStatus Driver::status(Time now, const meta::Migration& record) const {
  MigrationStatus status;
  status.record = record;
  if (const auto course = courses_.find(record.intent.id); course != courses_.end()) {
    status.waits_for = course->second.waits_for;
    status.waits_ns = now - course->second.since;
  }
  if (const auto seen = groups_.find(group_of(record.intent.first.vshard));
      seen != groups_.end() && seen->second.report.target) {
    const wire::GroupReport::Follower& target = *seen->second.report.target;
    status.copied_bytes = target.copied_bytes;
    status.copy_bytes = target.copy_bytes;
    status.lag_entries = target.lag_entries;
    status.pace = target.pace;
  }
  return status;
}

}  // namespace nodedb::node
