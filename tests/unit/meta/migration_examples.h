// SPDX-License-Identifier: Apache-2.0
#pragma once

// One migration for tests: vShard 9 from node 1 to node 4, in a cluster where 1, 2 and 3 hold all replicas.

#include <algorithm>
#include <vector>

#include "base/rng.h"
#include "meta/entries.h"
#include "tests/unit/meta/map_view.h"

namespace nodedb::meta::test {

inline constexpr VShardId moved{9};
inline constexpr NodeId source{1};
inline constexpr NodeId target{4};

inline MigrationId migration(std::uint8_t number) {
  Rng rng(number);
  return Uuid::v4(rng);
}

inline AddLearnerCheckpoint first_of(VShardId vshard) {
  return {vshard, source, target, group_of(vshard), 500'000, {1'700'000'000'000'000'000, 3}};
}

inline bool has_node(const std::vector<NodeId>& nodes, NodeId node) {
  return std::ranges::find(nodes, node) != nodes.end();
}

/// What a migration of `vshard` says in `phase`.
inline MigrationPayload payload(MigrationPhase phase, VShardId vshard = moved) {
  switch (phase) {
    case MigrationPhase::add_learner:
      return first_of(vshard);
    case MigrationPhase::catch_up:
      return CatchUpCheckpoint{vshard, Index(30)};
    case MigrationPhase::promote_learner:
      return PromoteLearnerCheckpoint{vshard, target, group_of(vshard)};
    case MigrationPhase::leadership_transfer:
      return LeadershipTransferCheckpoint{vshard, true, target, group_of(vshard)};
    case MigrationPhase::cutover:
      return CutoverCheckpoint{vshard, target, group_of(vshard)};
    case MigrationPhase::complete:
      return CompleteCheckpoint{vshard, 1'234, true};
  }
  check_failed(__FILE__, __LINE__, "no such phase");
}

/// Founders 1…5, all active; vShard `moved` and those above it on 1, 2 and 3.
inline MapView::Rows five_nodes() {
  Genesis genesis = make_genesis(plan(5)).value();
  for (Member& member : genesis.members) member.state = MemberState::active;
  for (std::size_t v = moved.value; v < genesis.placement.size(); ++v) {
    genesis.placement[v] = {Epoch(3), {NodeId(2), source, NodeId(3)}};
  }
  MapView::Rows rows;
  for (const Put& row : rows_of(genesis)) rows.emplace(row.key, row.value);
  return rows;
}

}  // namespace nodedb::meta::test
