// SPDX-License-Identifier: Apache-2.0
// The calm after a world's trouble: what must come right within a bound, step by step, and how one sees that
// it has (rules C3, C4 and C6).
#include <algorithm>

#include "sim/world.h"

namespace nodedb::sim {

namespace {

/// And for moves, which try again at growing intervals.
constexpr std::int64_t moves_patience_ns = 180 * ns_per_s;

}  // namespace

void World::heal() {
  nemesis_->stop();
  membership_->stop();
  exchange_->stop();
  network_->calm();
  std::size_t spared = climate_.heal_all || climate_.on(Fault::config) || climate_.moves() || !formed_
                           ? 0
                           : (climate_.replication - 1) / 2;
  for (std::size_t node = 0; node < hosts_.size(); ++node) {
    hosts_[node]->calm();
    hosts_[node]->clocks().mend_wall();
    if (!started_[node]) continue;
    if (gone_[node]) crash(node);
    // Who is drained is about to be stopped, and then is.
    if (hosts_[node]->running() && hosts_[node]->status().draining) crash(node);
    if (spared > 0 && rng_.chance(0.5)) {
      --spared;
      kept_down_[node] = true;
      crash(node);
    } else {
      boot(node);
    }
  }
}

void World::start_spare(std::size_t node) {
  if (started_[node]) return;
  const bool first = node == climate_.nodes;
  const bool next = first || std::ranges::any_of(alive(), [&](std::size_t other) {
                      const node::Status status = hosts_[other]->status();
                      return std::ranges::any_of(status.members, [&](const node::MemberStatus& one) {
                        return one.member.uuid == uuids_[node - 1];
                      });
                    });
  if (next) return boot(node);
  schedule_.after(late_.between(ns_per_ms, ns_per_s), [this, node] { start_spare(node); });
}

/// What is not over yet, as a node sees it; empty: all is.
std::string World::left_over(const node::Status& status) {
  if (!status.quarantined.empty()) return " has a row in quarantine";
  if (!status.ghosts.empty() && status.migrations.empty()) return " knows of a ghost";
  if (status.migrations.empty()) return {};
  const node::MigrationStatus& one = status.migrations.front();
  const meta::AddLearnerCheckpoint& first = one.record.intent.first;
  return " knows of a migration of vShard " + std::to_string(first.vshard.value) + " from node " +
         std::to_string(first.source.value) + " to node " + std::to_string(first.target.value) + " in " +
         std::string(meta::name(one.record.checkpoint.phase())) +
         (one.record.intent.aborting ? ", aborting" : "") +
         (one.waits_for.empty() ? "" : ", which waits: " + one.waits_for);
}

bool World::all_joined() {
  // The reserve joins when it pleases operators.
  const std::size_t expected = climate_.nodes + climate_.spares;
  for (std::size_t node = 0; node < expected; ++node) {
    unsettled_ = name_of(node) + " is no active member everywhere";
    if (!hosts_[node]->running() || hosts_[node]->core()->id() != id_of(node)) return false;
    const std::vector<node::MemberStatus> members = hosts_[node]->status().members;
    if (members.size() != expected) return false;
    for (const node::MemberStatus& one : members) {
      if (one.member.state != meta::MemberState::active) return false;
      if (one.member.uuid == uuids_[one.member.id.value - 1]) continue;
      oracle_.complain("C8", name_of(one.member.id.value - 1) + " has the id of another");
    }
  }
  return true;
}

bool World::all_settled() {
  if (climate_.on(Fault::members)) return members_settled();
  if (!all_joined()) return false;
  std::size_t driver = hosts_.size();
  std::string left;
  for (const std::size_t node : alive()) {
    const node::Status status = hosts_[node]->status();
    if (status.drives) driver = node;
    // The driver knows best what is waited for.
    if (!left.empty() && !status.drives) continue;
    if (const std::string here = left_over(status); !here.empty()) left = name_of(node) + here;
  }
  unsettled_ = left;
  if (!left.empty()) return false;
  unsettled_ = "nobody drives";
  return driver < hosts_.size() && placed(driver);
}

bool World::placed(std::size_t driver) {
  const node::Status status = hosts_[driver]->status(true);
  for (std::uint16_t v = 0; v < climate_.vshards; ++v) {
    const GroupId group = group_of(VShardId(v));
    const auto row = std::ranges::find(status.groups, group, &node::GroupStatus::group);
    unsettled_ = "vShard " + std::to_string(v) + " has no placement";
    if (row == status.groups.end()) return false;
    std::vector<NodeId> wanted = row->wanted;
    std::ranges::sort(wanted);
    unsettled_ = "vShard " + std::to_string(v) + " is to have " + std::to_string(wanted.size()) + " replicas";
    if (wanted.size() != climate_.replication) return false;
    for (std::size_t node = 0; node < hosts_.size(); ++node) {
      const std::string where = "vShard " + std::to_string(v) + " on " + name_of(node);
      const bool here = std::ranges::find(wanted, id_of(node)) != wanted.end();
      const raft::Group* replica = hosts_[node]->core()->group(group);
      unsettled_ = where + (here ? " is missing" : " is an orphan");
      if (here != (replica != nullptr) || here != (hosts_[node]->log().group(group) != nullptr)) return false;
      unsettled_ = where + (here ? " has no state" : " left its state behind");
      if (here != (hosts_[node]->state().position(group).index > Index())) return false;
      if (!here) continue;
      unsettled_ = where + " has another config than the placement";
      const raft::Config& config = replica->config();
      if (config.joint() || !config.learners.empty() || config.voters != wanted) return false;
    }
  }
  return true;
}

bool World::all_led() {
  for (std::uint32_t g = 0; g < groups(); ++g) {
    const bool led = std::ranges::any_of(alive(), [&](std::size_t node) {
      const raft::Group* group = hosts_[node]->core()->group(GroupId(g));
      return group != nullptr && group->role() == raft::Role::leader && group->commit() > Index(1);
    });
    if (!led) return false;
  }
  return true;
}

/// Nobody writes: every replica that is up must reach its leader's commit index with the same state.
bool World::all_equal() {
  for (std::uint32_t g = 0; g < groups(); ++g) {
    const GroupId group(g);
    Index commit;
    std::size_t leaders = 0;
    for (const std::size_t node : alive()) {
      const raft::Group* replica = hosts_[node]->core()->group(group);
      if (replica == nullptr || replica->role() != raft::Role::leader) continue;
      ++leaders;
      commit = replica->commit();
    }
    if (leaders != 1) {
      unequal_ = "group " + std::to_string(g) + " has " + std::to_string(leaders) + " leaders";
      return false;
    }
    for (const std::size_t node : alive()) {
      const raft::Group* replica = hosts_[node]->core()->group(group);
      if (replica == nullptr) continue;
      const raft::Position at = hosts_[node]->state().position(group);
      if (at.index == commit) continue;
      unequal_ = "group " + std::to_string(g) + " on " + name_of(node) + " stays at index " +
                 std::to_string(at.index.value) + " of " + std::to_string(commit.value);
      return false;
    }
  }
  return true;
}

/// Nobody writes, so nothing but what was said before tells a node who leads.
bool World::all_know() {
  for (const std::size_t node : alive()) {
    const std::uint32_t unknown = hosts_[node]->status().groups_without_leader;
    if (unknown == 0) continue;
    unknowing_ = name_of(node) + " does not know who leads " + std::to_string(unknown) + " groups";
    return false;
  }
  return true;
}

/// Whoever runs seems alive to everybody that runs, unless it has said goodbye, and whoever does not run does
/// not: verdicts are hints, but in calm they are to become true ones. (A node that was told to drain right
/// before the calm goes on.)
bool World::all_verdicts_true() {
  for (const std::size_t node : alive()) {
    if (hosts_[node]->status().draining) continue;  // who has said goodbye learns nothing any more
    for (const swim::Verdict& verdict : hosts_[node]->core()->verdicts()) {
      const std::size_t subject = verdict.node.value - 1;
      const bool seems_alive = verdict.standing == swim::Standing::alive;
      const bool seems_gone =
          verdict.standing == swim::Standing::dead || verdict.standing == swim::Standing::left;
      const bool runs = hosts_[subject]->running();
      const bool said_goodbye =
          runs && verdict.standing == swim::Standing::left && hosts_[subject]->status().draining;
      if (runs ? seems_alive || said_goodbye : seems_gone) continue;
      misjudged_ =
          name_of(node) + " takes " + name_of(subject) + " for " + std::string(swim::name(verdict.standing));
      return false;
    }
  }
  return true;
}

bool World::come_right() {
  heal();
  if (!run_until(
          patience_ns, [this] { return formed_ && all_led(); },
          [this] { return formed_ ? "some group has no leader" : "the cluster was not formed"; })) {
    return false;
  }
  if (!run_until(
          patience_ns, [this] { return nemesis_->restored_configs(); },
          [] { return "some group's voters could not be restored"; })) {
    return false;
  }
  if (climate_.on(Fault::members) && !run_until(
                                         patience_ns, [this] { return membership_->put_right(); },
                                         [] { return "nobody takes the settings of the calm"; })) {
    return false;
  }
  if (climate_.machines() > climate_.nodes || climate_.moves()) {
    for (std::size_t node = climate_.nodes; node < climate_.nodes + climate_.spares; ++node)
      start_spare(node);
    if (!run_until(
            moves_patience_ns, [this] { return all_settled(); }, [this] { return unsettled_; })) {
      return false;
    }
  }
  crowd_->stop();
  if (!run_for(climate_.patience_ns * 2)) return false;
  if (!run_until(
          patience_ns, [this] { return all_know(); }, [this] { return unknowing_; })) {
    return false;
  }
  crowd_->probe(alive());
  // Each prober asks for one thing after the other.
  const std::int64_t probes_ns =
      patience_ns + static_cast<std::int64_t>(climate_.vshards + climate_.keys) * ns_per_s / 4;
  if (!run_until(
          probes_ns, [this] { return crowd_->probing() == 0; },
          [this] { return "no answer to a " + crowd_->probe_text(); })) {
    return false;
  }
  if (!run_until(
          patience_ns, [this] { return all_equal(); }, [this] { return unequal_; }) ||
      !judge_members()) {
    return false;
  }
  if (climate_.verdicts_wrong) {
    if (!all_verdicts_true()) schedule_.mark("verdicts-were-wrong");
    return true;
  }
  return run_until(
      2 * patience_ns, [this] { return all_verdicts_true(); }, [this] { return misjudged_; });
}

}  // namespace nodedb::sim
