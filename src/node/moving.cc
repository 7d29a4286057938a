// SPDX-License-Identifier: Apache-2.0
// A node's part in migrations beside orders.cc and replicas.cc: it reports what it leads and holds to the
// leader of group 0, drives while it is that leader itself (driver.h), and takes operators' requests for
// moves.
#include <algorithm>
#include <utility>

#include "meta/codec.h"
#include "node/state.h"

namespace nodedb::node {

namespace {

constexpr std::int64_t report_ns = 50 * ns_per_ms;         ///< while something moves, if anything changed
constexpr std::int64_t report_again_ns = 500 * ns_per_ms;  ///< while something moves, in any case
constexpr std::int64_t entry_patience_ns = 5 * ns_per_s;

}  // namespace

// --- reports ---

std::optional<wire::GroupReport> Node::State::group_report(GroupId id) const {
  const Replica* led = replica(id);
  if (led == nullptr || led->raft.role() != raft::Role::leader) return std::nullopt;
  wire::GroupReport report;
  report.group = id;
  report.term = led->raft.term();
  report.config = led->raft.config();
  report.config_index = led->raft.config_index();
  report.config_committed = led->raft.settled() && led->raft.config_committed();
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
    if (const auto copy = transfers.progress(id, target)) {
      told.copied_bytes = copy->sent_bytes;
      told.copy_bytes = copy->bytes;
    }
    if (const auto pace = paces.find(id); pace != paces.end()) told.pace = pace->second.bytes_per_second();
    told.lag_ns = led->lag.of(follower.match, now.mono);
    report.target = told;
  }
  return report;
}

wire::MoveReport Node::State::draft_report() const {
  wire::MoveReport report;
  report.leadership = leader_terms[metadata_group.value];
  report.incarnation = incarnation;
  if (const Replica* metadata = replica(metadata_group)) report.applied = metadata->applied;
  std::set<GroupId> led = deviating;
  led.insert(asked_about.begin(), asked_about.end());
  for (const auto& [id, intent] : tables.migrations.intents()) {
    const GroupId group = group_of(intent.first.vshard);
    led.insert(group);
    if (intent.first.source != self && intent.first.target != self) continue;
    const Replica* here = replica(group);
    wire::Holding holding{.group = group, .holds = here != nullptr || graves.contains(group)};
    if (here != nullptr) {
      holding.unapplied = here->raft.commit().value - std::min(here->applied, here->raft.commit()).value;
      holding.fenced = here->raft.fenced(now.mono);
    }
    if (const auto pause = pauses.find(group); pause != pauses.end())
      holding.pause_us = pause->second.longest_us;
    report.holdings.push_back(holding);
  }
  for (const GroupId group : led) {
    if (auto one = group_report(group)) report.led.push_back(std::move(*one));
  }
  for (const GroupId group : orphans) {
    if (!tables.migrations.of(vshard_of(group))) report.holdings.push_back({.group = group, .holds = true});
  }
  return report;
}

bool Node::State::something_moves() const {
  return !tables.migrations.intents().empty() || !tables.ghosts.empty() || !tables.recoveries.empty() ||
         !deviating.empty() || !orphans.empty();
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
  asked_about.clear();
  const bool news = !(report == last_report) || told != reported_to;
  if (!news && now.mono - reported_at < report_again_ns) return;
  last_report = report;
  report.number = ++last_report_number;
  reported_to = told;
  reported_at = now.mono;
  if (told == self) {
    receive(self, report);
  } else if (uuids.contains(told)) {
    turn.send_now.push_back({uuids.at(told), std::move(report)});
  }
}

void Node::State::receive(NodeId peer, const wire::MoveReport& report) {
  if (!leads_metadata() || report.leadership != replica(metadata_group)->raft.term()) return;
  driver.reported(now.mono, peer, report);
  drive_wanted = true;
}

// --- driving ---

bool Node::State::leads_metadata() const {
  const Replica* metadata = replica(metadata_group);
  return metadata != nullptr && metadata->raft.role() == raft::Role::leader && metadata_ready &&
         !metadata->halted && !metadata_damaged() && metadata->raft.settled();
}

/// Not while something that is committed may still change what the driver would decide.
bool Node::State::drives() const {
  return leads_metadata() && replica(metadata_group)->applied >= replica(metadata_group)->raft.commit();
}

void Node::State::drive() {
  if (!leads_metadata()) {
    if (std::exchange(driving, false)) driver.reset();
    return;
  }
  if (!std::exchange(driving, true)) {
    driver.reset();
    reconciler.reset();
    loads = LoadBook(now.mono);
    report_wanted = true;
    drive_wanted = true;
  }
  if (!drives()) return;
  reconcile();
  if (!drive_wanted && driver.deadline() > now.mono) return;
  drive_wanted = false;
  const auto lost = [this](NodeId node) { return reconciler.is_lost(now.mono, tables, node); };
  const auto leader_of = [this](GroupId group) { return leaders[group.value]; };
  driver.drive(now.mono, {tables, [this](NodeId node) { return in_touch(node); }, lost, leader_of,
                          replica(metadata_group)->applied, wall_ms()});
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

void Node::State::write_metadata(std::optional<std::uint64_t> ticket, const meta::MetaEntry& entry) {
  Gateway::Request request{std::nullopt, metadata_group, true, Blob(meta::encode(entry)), entry_patience_ns};
  request.ticket = ticket;
  gateway.submit(now.mono, std::move(request), leaders);
}

// --- what operators ask for ---

namespace {

/// The middle of the latest moves' pauses (one that met trouble says little about the next), or 10 ms where
/// none is known.
std::uint64_t estimated_pause_us(const meta::Tables& tables) {
  constexpr std::size_t latest = 15;
  std::vector<std::uint64_t> pauses{10'000};
  for (auto at = tables.history.rbegin(); at != tables.history.rend() && pauses.size() < latest; ++at) {
    if (at->second.outcome == meta::MigrationOutcome::completed && at->second.pause_us > 0)
      pauses.push_back(at->second.pause_us);
  }
  std::ranges::sort(pauses);
  return pauses[pauses.size() / 2];
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
  write_metadata(ticket, meta::MigrationCheckpoint{meta::make_checkpoint(id, 0, first, wall_ms())});
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
  if (question.id) return answer_operator(question.tag, MigrationTaken{*question.id});
  if (question.claims)
    return answer_operator(question.tag, TokenClaimed{tables.settings.certificate_lifetime_ns});
  answer_operator(question.tag, Administered{});
}

}  // namespace nodedb::node
