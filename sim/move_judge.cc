// SPDX-License-Identifier: Apache-2.0
#include "sim/move_judge.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/names.h"
#include "base/node_list.h"
#include "base/time.h"
#include "meta/codec.h"
#include "meta/rows.h"
#include "sim/log_disk.h"
#include "sim/meta_rows.h"

namespace nodedb::sim {

namespace {

constexpr Index no_end(std::numeric_limits<std::uint64_t>::max());
/// Everybody who runs has found everybody else by then.
constexpr std::int64_t settled_ns = 10 * ns_per_s;

bool has(const raft::Config& config, NodeId node) {
  return contains(config.members(), node);
}

}  // namespace

void MoveJudge::committed(GroupId group, Index index, const raft::Config& config) {
  configs_[group].emplace(index, config);
}

void MoveJudge::applied(NodeId node, Index applied, const Rows& rows) {
  Index& own = applied_[node];
  own = std::max(own, applied);
  if (applied <= newest_) return;
  see_members(rows);
  see_routes(rows);
  see_migrations(rows);
  see_ghosts(rows);
  newest_ = applied;
}

void MoveJudge::destroyed(NodeId node, GroupId group) {
  for (const auto& [id, course] : courses_) {
    const meta::AddLearnerCheckpoint& first = course.record.intent.first;
    if (group_of(first.vshard) != group || first.source != node) continue;
    if (course.record.checkpoint.phase() == meta::MigrationPhase::complete) continue;
    accuse(course, "the source destroys its replica");
  }
}

// --- rows ---

void MoveJudge::see_members(const Rows& rows) {
  each_row(rows, meta::member_rows, [&](BytesView key, const Bytes& value) {
    const auto member = meta::decode_member(value);
    if (member && member->state == meta::MemberState::retired) {
      members_.erase(Bytes(key));
    } else {
      members_.try_emplace(Bytes(key), evidence_.now_ns());
    }
  });
}

/// One replica set serves a vShard in an epoch, and epochs rise (rule C1). Most vShards of a world have none,
/// and never get one.
void MoveJudge::see_routes(const Rows& rows) {
  const auto see = [&](BytesView key, const Bytes& value) {
    Bytes& row = route_rows_[Bytes(key)];
    if (row == value) return;
    row = value;
    auto route = meta::decode_placement(value);
    const auto place = meta::row_key_in(key);
    const auto* vshard = place ? std::get_if<VShardId>(&*place) : nullptr;
    if (!route || vshard == nullptr) return;
    std::ranges::sort(route->replicas);
    const std::string where = named(*vshard) + " in epoch " + std::to_string(route->epoch.value);
    const auto [served, fresh] = served_.try_emplace({*vshard, route->epoch}, route->replicas);
    if (!fresh && served->second != route->replicas) {
      evidence_.complain("C1", where + " has two replica sets");
    }
    meta::Placement& before = routes_[*vshard];
    if (route->epoch < before.epoch) evidence_.complain("C1", where + " was in a later one");
    before = std::move(*route);
  };
  if (route_rows_.empty()) {
    each_row(rows, meta::placement_rows, see);
    std::erase_if(route_rows_, [](const auto& row) {
      const auto route = meta::decode_placement(row.second);
      return route && route->replicas.empty();
    });
  }
  for (const auto& [key, value] : route_rows_) {
    if (const auto row = rows.find(node::machine_rows + key); row != rows.end()) see(key, row->second);
  }
}

MoveJudge::Live MoveJudge::live_in(const Rows& rows) {
  Live live;
  each_row(rows, meta::intent_rows, [&](BytesView, const Bytes& value) {
    if (auto intent = meta::decode_intent(value)) live[intent->id].intent = std::move(*intent);
  });
  each_row(rows, meta::checkpoint_rows, [&](BytesView, const Bytes& value) {
    auto row = meta::decode_checkpoint(value);
    if (!row || !live.contains(row->migration_id)) return;
    const meta::MigrationId id = row->migration_id;
    live[id].checkpoint = std::move(*row);
  });
  return live;
}

void MoveJudge::see_migrations(const Rows& rows) {
  const Live live = live_in(rows);
  std::set<VShardId> moved;
  for (const auto& [id, record] : live) {
    const auto [at, fresh] = courses_.try_emplace(id);
    Course& course = at->second;
    const bool news = fresh || course.record.checkpoint.phase() != record.checkpoint.phase();
    course.record = record;
    if (const auto* told = std::get_if<meta::CatchUpCheckpoint>(&record.checkpoint.payload)) {
      course.learner_index = told->learner_index;
    }
    if (!moved.insert(record.intent.first.vshard).second) accuse(course, "another one moves the vShard, too");
    if (news) judge(course);
  }
  std::erase_if(courses_, [&](const auto& one) {
    const bool over = !live.contains(one.first);
    if (over) judge_end(one.second, rows);
    return over;
  });
}

void MoveJudge::see_ghosts(const Rows& rows) {
  std::map<Bytes, Ghost, std::less<>> now;
  each_row(rows, meta::ghost_rows, [&](BytesView key, const Bytes& value) {
    const auto before = ghosts_.find(key);
    if (before != ghosts_.end() && before->second.row == value) {
      now.insert(ghosts_.extract(before));
    } else if (auto stub = meta::decode_ghost(value)) {
      now.emplace(Bytes(key), Ghost{value, std::move(*stub)});
    }
  });
  for (const auto& [key, ghost] : ghosts_) {
    // Else a later stub has taken its place.
    if (!now.contains(key)) judge_purge(ghost.stub);
  }
  ghosts_ = std::move(now);
}

// --- what they say ---

void MoveJudge::judge(const Course& course) {
  const meta::AddLearnerCheckpoint& first = course.record.intent.first;
  switch (course.record.checkpoint.phase()) {
    case meta::MigrationPhase::add_learner:
      return;
    case meta::MigrationPhase::catch_up: {
      const Index at = course.learner_index;
      const auto learns = [&](const raft::Config& config) { return has(config, first.target); };
      if (proven(group_of(first.vshard), at, at, learns)) return;
      return accuse(course, "no config with the target is committed at index " + std::to_string(at.value));
    }
    case meta::MigrationPhase::promote_learner:
    case meta::MigrationPhase::leadership_transfer:
      return judge_vote(course);
    case meta::MigrationPhase::cutover:
      return judge_cutover(course);
    case meta::MigrationPhase::complete:
      if (applied_[first.source].value >= course.record.intent.cutover) return;
      if (may_seem_lost(first.source)) return;
      return accuse(course, "the source has not applied the cut-over");
  }
}

/// The target votes, and it can.
void MoveJudge::judge_vote(const Course& course) {
  const meta::AddLearnerCheckpoint& first = course.record.intent.first;
  const GroupId group = group_of(first.vshard);
  const auto votes = [&](const raft::Config& config) { return contains(config.voters, first.target); };
  if (!proven(group, course.learner_index, no_end, votes)) {
    return accuse(course, "no config in which the target votes is committed");
  }
  // Somebody else may have had a vote given to it, when the log was shorter.
  if (world_.configs_change) return;
  const node::StoredGroup* log = evidence_.log_of(first.target, group);
  if (log == nullptr || last_of(*log).index < course.learner_index) {
    accuse(course, "the target votes without the log that made it a learner");
  }
}

void MoveJudge::judge_cutover(const Course& course) {
  const meta::MigrationIntent& intent = course.record.intent;
  const NodeId source = intent.first.source;
  const NodeId target = intent.first.target;
  const auto moved = [&](const raft::Config& config) {
    return !config.joint() && contains(config.voters, target) && !contains(config.voters, source);
  };
  if (!proven(group_of(intent.first.vshard), course.learner_index, no_end, moved)) {
    accuse(course, "no config with the target and without the source is committed");
  }
  const meta::Placement& route = routes_[intent.first.vshard];
  if (route.epoch <= intent.epoch || !contains(route.replicas, target) || contains(route.replicas, source)) {
    accuse(course, "the route has not gone over to the target");
  }
}

void MoveJudge::judge_end(const Course& course, const Rows& rows) {
  const meta::AddLearnerCheckpoint& first = course.record.intent.first;
  bool told = false;
  each_row(rows, meta::history_rows, [&](BytesView, const Bytes& value) {
    const auto history = meta::decode_history(value);
    if (!history || history->id != course.record.intent.id) return;
    told = true;
    if (history->outcome == meta::MigrationOutcome::aborted) return judge_undone(course);
    if (evidence_.log_of(first.source, group_of(first.vshard)) == nullptr) return;
    if (may_seem_lost(first.source)) return;
    accuse(course, "completed, but the source still holds a replica");
  });
  if (!told) accuse(course, "it has vanished without an end");
}

/// Nobody waits for a node that is taken for lost.
bool MoveJudge::may_seem_lost(NodeId node) const {
  return world_.nodes_get_lost && (evidence_.quiet_ns() < settled_ns || !evidence_.running(node));
}

/// What other changes leave behind is not the migration's to undo.
void MoveJudge::judge_undone(const Course& course) {
  if (world_.configs_change) return;
  const meta::AddLearnerCheckpoint& first = course.record.intent.first;
  const GroupId group = group_of(first.vshard);
  const Configs configs = committed_or_durable(group);
  if (configs.empty()) return;
  const raft::Config& latest = configs.rbegin()->second;
  if (latest.joint() || has(latest, first.target)) accuse(course, "aborted, but not undone");
}

/// A stub goes when every live member has applied the cut-over. Who is live is the driver's to say, so this
/// only looks where nobody can have seemed dead for long.
void MoveJudge::judge_purge(const meta::GhostStub& ghost) {
  // The vShard has come back: nothing is forwarded from there any more.
  if (contains(routes_[ghost.vshard].replicas, ghost.node)) return;
  if (evidence_.quiet_ns() < settled_ns) return;
  for (const auto& [key, since] : members_) {
    const auto place = meta::row_key_in(key);
    const auto* member = place ? std::get_if<NodeId>(&*place) : nullptr;
    if (member == nullptr || evidence_.now_ns() - since < settled_ns || !evidence_.running(*member)) continue;
    if (applied_[*member].value >= ghost.cutover) continue;
    evidence_.complain("C1", "the ghost stub of vShard " + std::to_string(ghost.vshard.value) + " on " +
                                 named(ghost.node) + " is purged before " + named(*member) +
                                 " has applied the cut-over at index " + std::to_string(ghost.cutover));
  }
}

// --- configs ---

bool MoveJudge::proven(GroupId group, Index from, Index to, const Demand& demand) const {
  const auto among = [&](const Configs& configs) {
    auto at = configs.upper_bound(from);
    if (at != configs.begin()) --at;
    for (; at != configs.end() && at->first <= to; ++at) {
      if (demand(at->second)) return true;
    }
    return false;
  };
  const auto known = configs_.find(group);
  return (known != configs_.end() && among(known->second)) || among(committed_or_durable(group));
}

/// What lies on a quorum of disks may be committed though nobody was given it to apply yet.
MoveJudge::Configs MoveJudge::committed_or_durable(GroupId group) const {
  const auto known = configs_.find(group);
  Configs configs = known == configs_.end() ? Configs() : known->second;
  for (std::uint32_t node = 1; node <= evidence_.machines(); ++node) {
    const node::StoredGroup* log = evidence_.log_of(NodeId(node), group);
    if (log == nullptr) continue;
    for (const raft::Entry& entry : log->log) {
      if (entry.kind != raft::EntryKind::config || configs.contains(entry.index)) continue;
      const auto config = raft::decode_config(entry.payload.view());
      if (!config || !evidence_.durable(*config, group, {entry.index, entry.term})) continue;
      configs.emplace(entry.index, *config);
    }
  }
  return configs;
}

void MoveJudge::accuse(const Course& course, const std::string& what) {
  const meta::AddLearnerCheckpoint& first = course.record.intent.first;
  evidence_.complain("C2", named(first.vshard) + " from " + named(first.source) + " to " +
                               named(first.target) + " in " +
                               std::string(meta::name(course.record.checkpoint.phase())) + ": " + what);
}

}  // namespace nodedb::sim
