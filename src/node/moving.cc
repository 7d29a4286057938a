// SPDX-License-Identifier: Apache-2.0
// A node's part in migrations: it reports what it leads and holds to the leader of group 0, obeys that one's
// orders as far as its own group 0 bears them out, makes and destroys replicas, and, while it leads group 0
// itself, drives (driver.h).
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "meta/codec.h"
#include "node/state.h"

namespace nodedb::node {

namespace {

constexpr raft::Position birth{Index(1), Term(1)};
constexpr std::int64_t report_ns = 50 * ns_per_ms;         ///< while something moves, if anything changed
constexpr std::int64_t report_again_ns = 500 * ns_per_ms;  ///< while something moves, in any case
constexpr std::int64_t entry_patience_ns = 5 * ns_per_s;

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
  return std::ranges::find(nodes, node) != nodes.end();
}

/// Does the placement, or a live migration, want a replica of the vShard on this node?
bool wants_replica(const meta::Tables& tables, VShardId vshard, NodeId node) {
  if (contains(tables.placement[vshard.value].replicas, node)) return true;
  const auto migration = tables.migrations.of(vshard);
  return migration && (migration->intent.first.target == node || migration->intent.first.source == node);
}

}  // namespace

/// Rows of group 0 have changed here.
void Node::State::metadata_changed() {
  raise_replicas();
  find_deviations();
  offer_again();
  std::erase_if(pauses, [&](const auto& pause) { return !tables.migrations.of(vshard_of(pause.first)); });
  report_wanted = true;
  drive_wanted = true;
}

// --- replicas come and go ---

/// The target of a migration makes its replica by itself, empty and in nobody's config: a newborn (rule R7).
void Node::State::raise_replicas() {
  if (!identity) return;
  for (const auto& [id, intent] : tables.migrations.intents()) {
    if (intent.first.target != self || intent.aborting || intent.cutover != 0) continue;
    const GroupId group = group_of(intent.first.vshard);
    if (replica(group) != nullptr || graves.contains(group)) continue;
    const raft::HardState hard{birth.term, NodeId(), birth.index};
    GroupLogUpdate update;
    update.group = group;
    update.hard = hard;
    update.base = LogBase{birth, raft::Config{}};
    LogBatch& batch = turn.log ? turn.log->batch : turn.log.emplace().batch;
    batch.groups.push_back(std::move(update));
    add_replica(group, raft::Restored{hard, birth, raft::Config{}, {}, birth.index}, birth.index);
    trace({TraceKind::snapshot, group, birth.term, birth.index, {}, 0, 0});
    report_wanted = true;
  }
}

/// Log first, state second: a state without a log is an orphan that the next boot destroys. Until both are
/// gone no new replica of the group is made here, so that nothing of the old one can be taken for its own.
void Node::State::bury(GroupId group) {
  Replica& old = *replica(group);
  CHECK(old.raft.role() != raft::Role::leader);
  if (old.timer != never) timers.erase({old.timer, group});
  if (old.claimed != Term()) live.disclaim(group, old.claimed);
  transfers.stop_sending(group);
  transfers.abandon(group);
  std::erase(dirty, group);
  std::erase(staged, group);
  awaiting_support.erase(group);
  std::erase_if(due, [&](const auto& one) { return one.second == group; });
  const auto gone = [] { return Error{Code::not_leader, "the replica has left this node"}; };
  for (const Replica::Staged& one : old.staged) reply(one.origin, group, std::unexpected(gone()));
  for (const Replica::Write& one : old.writes) {
    reply(one.origin, group, fail(Code::timeout, "the replica has left this node"));
  }
  std::vector<std::uint64_t> waiting;
  for (const auto& [token, read] : reads) {
    if (read.group == group) waiting.push_back(token);
  }
  for (const std::uint64_t token : waiting) drop_read(token, gone());
  GroupLogUpdate update;
  update.group = group;
  update.destroy = true;
  LogBatch& batch = turn.log ? turn.log->batch : turn.log.emplace().batch;
  std::erase_if(batch.groups, [&](const GroupLogUpdate& one) { return one.group == group; });
  batch.groups.push_back(std::move(update));
  promise.buried.push_back(group);
  std::erase_if(promise.groups, [&](const auto& one) { return one.first == group; });
  graves.insert(group);
  replicas[group.value].reset();
  notice("the replica of vShard " + std::to_string(vshard_of(group).value) + " leaves this node");
}

void Node::State::receive(Destroyed done) {
  graves.erase(done.group);
  report_wanted = true;
  raise_replicas();
}

// --- orders ---

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
  if (group.raft.transferring_to()) return;
  const std::int64_t budget = static_cast<std::int64_t>(
      std::min<std::uint64_t>(order.budget_us, static_cast<std::uint64_t>(ns_per_s) * 60) * 1'000);
  if (group.raft.transfer(now.mono, order.to, budget)) pauses[message.group].began = now.mono;
  touch(message.group);
}

/// One step from whatever config is in force towards the wanted voters: out of a joint config, then whoever
/// is missing learns and gets its vote, then whoever is too many goes.
void Node::State::restore_voters(Replica& group, const wire::RestoreVoters& order) {
  const VShardId vshard = vshard_of(group.raft.id());
  if (group.raft.role() != raft::Role::leader || tables.migrations.of(vshard)) return;
  if (tables.placement[vshard.value].epoch > order.epoch) return;
  const raft::Config& config = group.raft.config();
  if (config.joint()) {
    return change(
        group, config.outgoing == order.voters ? raft::leave_joint_back(config) : raft::leave_joint(config));
  }
  for (const NodeId voter : order.voters) {
    if (config.is_voter(voter)) continue;
    const auto step = config.is_learner(voter) ? raft::ChangeOp::add_voter : raft::ChangeOp::add_learner;
    return change(group, raft::change_simple(config, {{step, voter}}));
  }
  for (const NodeId member : config.members()) {
    if (contains(order.voters, member)) continue;
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
    const bool left =
        record->checkpoint.phase() == meta::MigrationPhase::complete && record->intent.first.source == self;
    const bool undone = record->intent.aborting && record->intent.first.target == self;
    may = left || undone;
  } else {
    may = message.migration.is_nil() && !wants_replica(tables, vshard, self);
  }
  if (!may || group.raft.role() == raft::Role::leader || transfers.installing(message.group)) return;
  const raft::Config& own = group.raft.config();
  const bool named = contains(own.members(), self);
  if (named && group.raft.last().index > order.config_index) return;
  bury(message.group);
}

// --- how long writes had to wait ---

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

// --- reports ---

std::optional<wire::GroupReport> Node::State::group_report(GroupId id) const {
  const Replica* led = replica(id);
  if (led == nullptr || led->raft.role() != raft::Role::leader) return std::nullopt;
  wire::GroupReport report;
  report.group = id;
  report.term = led->raft.term();
  report.config = led->raft.config();
  report.config_index = led->raft.config_index();
  report.config_committed = led->raft.config_committed();
  report.transferring = led->raft.transferring_to().has_value();
  const auto migration = tables.migrations.of(vshard_of(id));
  if (!migration) return report;
  const NodeId target = migration->intent.first.target;
  for (const raft::Group::Follower& follower : led->raft.followers()) {
    if (follower.node != target) continue;
    wire::GroupReport::Follower told;
    told.node = target;
    told.match = follower.match;
    told.streaming = follower.state == raft::Group::Follower::State::stream;
    told.lag_entries = led->raft.last().index.value - std::min(follower.match, led->raft.last().index).value;
    told.lag_bytes = led->raft.log_bytes_above(follower.match);
    told.copied_bytes = transfers.sent_bytes(id, target);
    told.lag_ns = led->lag.of(follower.match, now.mono);
    report.target = told;
  }
  return report;
}

wire::MoveReport Node::State::draft_report() const {
  wire::MoveReport report;
  if (const Replica* metadata = replica(metadata_group)) report.applied = metadata->applied;
  std::set<GroupId> led = deviating;
  for (const auto& [id, intent] : tables.migrations.intents()) {
    const GroupId group = group_of(intent.first.vshard);
    led.insert(group);
    if (intent.first.source != self && intent.first.target != self) continue;
    wire::Holding holding{group, replica(group) != nullptr || graves.contains(group), 0};
    if (const auto pause = pauses.find(group); pause != pauses.end())
      holding.pause_us = pause->second.longest_us;
    report.holdings.push_back(holding);
  }
  for (const GroupId group : led) {
    if (auto one = group_report(group)) report.led.push_back(std::move(*one));
  }
  for (const GroupId group : orphans) {
    if (!tables.migrations.of(vshard_of(group))) report.holdings.push_back({group, true, 0});
  }
  return report;
}

/// Groups led here whose config is not what is wanted, and replicas that nobody wants here.
void Node::State::find_deviations() {
  deviating.clear();
  orphans.clear();
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    const GroupId group = group_of(VShardId(v));
    const Replica* here = replica(group);
    if (here == nullptr) continue;
    if (!wants_replica(tables, VShardId(v), self)) orphans.insert(group);
    if (here->raft.role() != raft::Role::leader) continue;
    const raft::Config& config = here->raft.config();
    std::vector<NodeId> wanted = tables.placement[v].replicas;
    std::ranges::sort(wanted);
    if (config.joint() || !config.learners.empty() || config.voters != wanted) deviating.insert(group);
  }
}

bool Node::State::something_moves() const {
  return !tables.migrations.intents().empty() || !tables.ghosts.empty() || !deviating.empty() ||
         !orphans.empty();
}

void Node::State::sample_lags() {
  for (const auto& [id, intent] : tables.migrations.intents()) {
    Replica* led = replica(group_of(intent.first.vshard));
    if (led != nullptr && led->raft.role() == raft::Role::leader)
      led->lag.sample(led->raft.last().index, now.mono);
  }
}

void Node::State::report_moves() {
  if (!identity) return;
  const NodeId told = leaders[metadata_group.value];
  const bool moves = something_moves();
  if (!moves && !report_wanted) {
    report_at = never;
    return;
  }
  if (!report_wanted && report_at != never && report_at > now.mono) return;
  report_wanted = false;
  report_at = moves ? now.mono + report_ns : never;
  if (told == NodeId()) return;
  sample_lags();
  wire::MoveReport report = draft_report();
  const bool news = !(report == last_report) || told != reported_to;
  if (!news && now.mono - reported_at < report_again_ns) return;
  last_report = report;
  reported_to = told;
  reported_at = now.mono;
  if (told == self) {
    driver.reported(now.mono, self, report);
    drive_wanted = true;
  } else if (uuids.contains(told)) {
    turn.send_now.push_back({uuids.at(told), std::move(report)});
  }
}

void Node::State::receive(NodeId peer, const wire::MoveReport& report) {
  if (!drives()) return;
  driver.reported(now.mono, peer, report);
  drive_wanted = true;
}

// --- driving ---

/// Group 0's leader, once it has applied all that its predecessors committed.
bool Node::State::drives() const {
  const Replica* metadata = replica(metadata_group);
  return metadata != nullptr && metadata->raft.role() == raft::Role::leader && metadata_ready &&
         !metadata->halted && metadata->raft.settled() && metadata->applied >= metadata->raft.commit();
}

void Node::State::drive() {
  if (!drives()) {
    if (std::exchange(driving, false)) driver.reset();
    return;
  }
  if (!std::exchange(driving, true)) {
    driver.reset();
    report_wanted = true;
    drive_wanted = true;
  }
  admit_to_metadata();
  if (!drive_wanted && driver.deadline() > now.mono) return;
  drive_wanted = false;
  const auto reachable = [this](NodeId node) {
    return node == self || (connected(node) && !silent.contains(node));
  };
  const auto leader_of = [this](GroupId group) { return leaders[group.value]; };
  driver.drive(now.mono, {tables, reachable, leader_of,
                          static_cast<std::uint64_t>(std::max<std::int64_t>(0, now.wall.ns)) / ns_per_ms});
  Driver::Output out = driver.take_output();
  for (auto& [to, order] : out.orders) {
    if (to == self) {
      receive(self, order);
    } else if (uuids.contains(to)) {
      turn.send_now.push_back({uuids.at(to), order});
    }
  }
  for (const meta::MetaEntry& entry : out.entries) write_metadata(std::nullopt, entry);
}

/// Every member follows group 0; who has joined begins as its learner.
void Node::State::admit_to_metadata() {
  Replica& metadata = *replica(metadata_group);
  const raft::Config& config = metadata.raft.config();
  if (!metadata.raft.config_committed()) return;
  for (const auto& [id, member] : tables.members) {
    if (config.is_voter(id) || config.is_learner(id)) continue;
    change(metadata, raft::change_simple(config, {{raft::ChangeOp::add_learner, id}}));
    return;
  }
}

void Node::State::write_metadata(std::optional<std::uint64_t> ticket, const meta::MetaEntry& entry) {
  Gateway::Request request{std::nullopt, metadata_group, true, Blob(meta::encode(entry)), entry_patience_ns};
  request.ticket = ticket;
  gateway.submit(now.mono, std::move(request), leaders);
}

// --- what operators ask for ---

namespace {

/// The longest pause of the latest moves, twice, or 10 ms where none is known.
std::uint64_t estimated_pause_us(const meta::Tables& tables) {
  constexpr std::size_t latest = 16;
  std::uint64_t longest = 0;
  std::size_t looked_at = 0;
  for (auto at = tables.history.rbegin(); at != tables.history.rend() && looked_at < latest; ++at) {
    if (at->second.outcome != meta::MigrationOutcome::completed) continue;
    longest = std::max(longest, at->second.pause_us);
    ++looked_at;
  }
  return std::max<std::uint64_t>(10'000, longest);
}

}  // namespace

void Node::State::handle(StartMigration event) {
  const auto refuse = [&](Code code, std::string why) {
    answer_operator(event.tag, fail(code, std::move(why)));
  };
  if (!identity) return refuse(Code::not_initialised, "the cluster has not been formed: run init");
  if (event.vshard.value >= vshard_count) return refuse(Code::malformed, "no such vShard");
  const std::uint64_t estimate = estimated_pause_us(tables);
  if (estimate > event.pause_budget_us) {
    return refuse(Code::over_budget, "the move is expected to keep writes waiting for " +
                                         std::to_string(estimate) + " us, more than the budget of " +
                                         std::to_string(event.pause_budget_us) +
                                         " us: give a larger --pause-budget");
  }
  const meta::MigrationId id = Uuid::v4(rng);
  const meta::AddLearnerCheckpoint first{event.vshard,           event.source,          event.target,
                                         group_of(event.vshard), event.pause_budget_us, hlc.now(now.wall)};
  const std::uint64_t ticket = ++last_ticket;
  questions.emplace(ticket, Asked{event.tag, id});
  write_metadata(ticket, meta::MigrationCheckpoint{meta::make_checkpoint(
                             id, 0, first, static_cast<std::uint64_t>(now.wall.ns / ns_per_ms))});
}

void Node::State::handle(CancelMigration event) {
  if (!identity) {
    answer_operator(event.tag, fail(Code::not_initialised, "the cluster has not been formed: run init"));
    return;
  }
  const auto record = tables.migrations.find(event.id);
  const auto phase = record ? record->checkpoint.phase() : meta::MigrationPhase::leadership_transfer;
  const std::uint64_t ticket = ++last_ticket;
  questions.emplace(ticket, Asked{event.tag, event.id});
  write_metadata(ticket, meta::MigrationAbort{event.id, event.reason,
                                              phase < meta::MigrationPhase::cutover
                                                  ? meta::compensations_for(phase)
                                                  : std::vector<meta::Compensation>{}});
}

void Node::State::answered(const Gateway::Answer& answer) {
  const auto at = questions.find(answer.ticket);
  if (at == questions.end()) return;
  const Asked question = at->second;
  questions.erase(at);
  if (!answer.result) return answer_operator(question.tag, std::unexpected(answer.result.error()));
  if (auto done = meta::decode_result(answer.result->view()); !done)
    return answer_operator(question.tag, std::unexpected(done.error()));
  answer_operator(question.tag, MigrationTaken{question.id});
}

}  // namespace nodedb::node
