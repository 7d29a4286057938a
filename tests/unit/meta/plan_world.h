// SPDX-License-Identifier: Apache-2.0
#pragma once

// Pictures of clusters to plan for: drawn from a seed, changed by the steps of a plan, and judged. The judge
// works everything out anew from the picture, with nothing of the planner's own.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "meta/plan/plan.h"

namespace nodedb::meta::test {

/// Nodes 1…n, active, of weight 1, in no zone.
std::vector<PlanNode> nodes(std::uint32_t count);
/// `vshards` vShards without load, placed evenly on the first `count` nodes.
PlanInput even(std::uint32_t count, std::uint32_t vshards, std::uint32_t replication_factor = 3);
PlanNode& node(PlanInput& input, std::uint32_t id);
PlanShard& shard(PlanInput& input, std::uint32_t id);

/// Anything that can be: zones, weights, nodes in all standings, replicas missing or too many, moves under
/// way, tight disks, loads of any kind, placements good and bad.
PlanInput anything(std::uint64_t seed);
/// Active nodes and whole vShards placed by luck, loads that differ by a factor of hundreds; three zones if
/// wanted.
PlanInput scattered(std::uint64_t seed, std::uint32_t nodes, std::uint32_t vshards, std::uint32_t zones = 0);

/// Balanced by a plan; then every load changes by up to `part` of itself.
PlanInput drifted(std::uint64_t seed, std::uint32_t nodes, std::uint32_t vshards, double part);

PlanInput shuffled(PlanInput input, std::uint64_t seed);

/// Null: the picture lacks it.
const PlanNode* find(const PlanInput& input, NodeId id);
bool takes(const PlanInput& input, NodeId id);
/// The voters once a move that is under way has ended.
std::vector<NodeId> settled(const PlanShard& it);

/// Carries the step out. Returns what is wrong with it; nothing if it can be done.
std::string apply(const PlanStep& step, PlanInput& input);
PlanInput applied(const Plan& plan, PlanInput input);

/// The furthest from the mean that any node is: replicas and leaders in numbers, loads in parts of the mean.
struct Spread {
  double replicas = 0;
  double leaders = 0;
  double load = 0;
};
Spread spread(const PlanInput& input);
std::map<NodeId, NodeLoad> loads(const PlanInput& input);

}  // namespace nodedb::meta::test
