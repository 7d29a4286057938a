// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/node/reconcile_world.h"

#include "base/check.h"
#include "meta/placement.h"

namespace nodedb::node::test {

namespace {

meta::test::MapView::Rows rows_of(std::uint8_t founders, std::uint32_t vshards) {
  meta::GenesisPlan plan = meta::test::plan(founders);
  plan.vshards_placed = vshards;
  meta::Genesis genesis = meta::make_genesis(plan).value();
  for (meta::Member& member : genesis.members) member.state = meta::MemberState::active;
  meta::test::MapView::Rows rows;
  for (const Put& row : meta::rows_of(genesis)) rows.emplace(row.key, row.value);
  return rows;
}

}  // namespace

ReconcileWorld::ReconcileWorld(std::uint8_t founders, std::uint32_t vshards)
    : group_(rows_of(founders, vshards)), last_(founders) {}

void ReconcileWorld::submit(const meta::MetaEntry& entry) {
  CHECK(group_.submit(entry).has_value());
  reconciler.changed();
}

NodeId ReconcileWorld::join(const std::string& zone) {
  const NodeId id(++last_);
  submit(meta::MemberJoin{meta::test::uuid(last_), "host:1", "", {}});
  submit(meta::MemberUp{id, Incarnation(1), "host:1", "", "", zone});
  return id;
}

Reconciler::Surroundings ReconcileWorld::around() {
  const auto load_of = [this](VShardId vshard) {
    const auto at = load.find(vshard);
    return at == load.end() ? meta::ShardLoad() : at->second;
  };
  return {tables(),       [this](NodeId node) { return !unreachable.contains(node); },
          load_of,        [this] { return Uuid::v4(rng_); },
          Hlc{now.ns, 0}, meta::Stamp{1, "node 1"}};
}

void ReconcileWorld::note(const meta::MetaEntry& entry) {
  const auto* begun = std::get_if<meta::MigrationCheckpoint>(&entry);
  if (begun == nullptr) return;
  const auto& first = std::get<meta::AddLearnerCheckpoint>(begun->checkpoint.payload);
  const Move move{first.vshard, first.source, first.target, now};
  moves.push_back(move);
  running_.push_back({begun->checkpoint.migration_id, move});
  under_way_max = std::max(under_way_max, under_way());
}

void ReconcileWorld::finish(const Running& it) {
  const auto& [vshard, from, to, at] = it.move;
  const GroupId group = group_of(vshard);
  const auto reach = [&](meta::MigrationPayload payload) {
    submit(meta::MigrationCheckpoint{meta::make_checkpoint(it.id, 0, std::move(payload), 1)});
  };
  reach(meta::CatchUpCheckpoint{vshard, Index(9)});
  reach(meta::PromoteLearnerCheckpoint{vshard, to, group});
  reach(meta::LeadershipTransferCheckpoint{vshard, true, to, group});
  reach(meta::CutoverCheckpoint{vshard, to, group});
  submit(meta::GhostPurge{vshard, from, group_.index()});
  reach(meta::CompleteCheckpoint{vshard, 10, true});
  submit(meta::MigrationEnd{it.id, meta::MigrationOutcome::completed, 1});
}

std::vector<meta::MetaEntry> ReconcileWorld::look() {
  while (!running_.empty() && now - running_.front().move.at >= move_ns) {
    finish(running_.front());
    running_.pop_front();
  }
  const std::vector<meta::MetaEntry> proposed = reconciler.reconcile(now, around());
  for (const meta::MetaEntry& entry : proposed) {
    if (!group_.submit(entry)) {
      ++refused;
      continue;
    }
    note(entry);
    reconciler.changed();
  }
  return proposed;
}

void ReconcileWorld::run(std::int64_t for_ns) {
  for (const Time end = now + for_ns; now < end; now = now + look_every_ns) look();
}

std::map<NodeId, std::size_t> ReconcileWorld::held() const {
  std::map<NodeId, std::size_t> held;
  for (const meta::Placement& placement : tables().placement)
    for (const NodeId node : placement.replicas) ++held[node];
  return held;
}

std::map<NodeId, std::size_t> ReconcileWorld::led() const {
  std::map<NodeId, std::size_t> led;
  for (const meta::Placement& placement : tables().placement)
    if (!placement.replicas.empty()) ++led[placement.replicas.front()];
  return led;
}

std::map<NodeId, std::uint64_t> ReconcileWorld::written() const {
  std::map<NodeId, std::uint64_t> written;
  for (const auto& [vshard, its] : load)
    for (const NodeId node : tables().placement[vshard.value].replicas) written[node] += its.writes;
  return written;
}

}  // namespace nodedb::node::test
