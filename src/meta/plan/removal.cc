// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.h"
#include "base/node_list.h"
#include "meta/plan/board.h"
#include "meta/plan/plan.h"
#include "meta/plan/zones.h"

namespace nodedb::meta {

// Asks the planner itself: what it cannot place with the nodes gone is what stands in the way.
std::vector<Complaint> removal_check(PlanInput input, const std::vector<NodeId>& nodes,
                                     const PlanOptions& options) {
  const auto zones = [&] { return zone_counts(Board(input, options.bugs)); };
  const auto before = zones();
  std::size_t found = 0;
  for (PlanNode& node : input.nodes) {
    if (!contains(nodes, node.id)) continue;
    ++found;
    if (node.standing != Standing::dead) node.standing = Standing::leaving;
  }
  CHECK_MSG(found == nodes.size(), "a node is to leave that is not there");
  PlanOptions forced = options;
  forced.balance = false;
  std::vector<Complaint> complaints = plan(input, forced).complaints;
  std::erase_if(complaints, [](const Complaint& it) { return it.constraint == Constraint::zone; });
  const auto after = zones();
  for (std::size_t level = 0; level < after.size() && !input.shards.empty(); ++level) {
    const std::size_t useful = std::min<std::size_t>(before[level], input.replication_factor);
    if (after[level] >= useful) continue;
    complaints.push_back({Constraint::zone, static_cast<std::uint32_t>(input.shards.size()), VShardId(),
                          std::to_string(input.replication_factor) + " replicas would lie in " +
                              std::to_string(after[level]) + " zones of level " + std::to_string(level + 1) +
                              " instead of " + std::to_string(useful)});
  }
  return complaints;
}

}  // namespace nodedb::meta
