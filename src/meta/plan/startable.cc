// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "meta/plan/plan.h"

namespace nodedb::meta {

namespace {

// What may still begin. A copy takes a slot of both of its nodes, unless one is dead, and room on the target.
class Allowance {
 public:
  Allowance(const PlanInput& input, std::size_t at_once) : left_(at_once) {
    for (const PlanNode& node : input.nodes) nodes_[node.id] = node;
    for (const PlanShard& shard : input.shards) {
      bytes_[shard.id] = shard.load.bytes;
      if (!shard.flight) continue;
      busy_.insert(shard.id);
      left_ -= std::min<std::size_t>(left_, 1);
    }
  }

  /// All of them, or none. Those of an exchange have the same two nodes, so each needs a slot for each.
  bool take(std::span<const PlanStep> steps) {
    const bool fit =
        std::ranges::all_of(steps, [&](const PlanStep& step) { return fits(step, steps.size()); });
    for (const PlanStep& step : steps) {
      busy_.insert(step.vshard);  // also if it waits: later steps of its vShard come after it
      if (fit && step.kind != StepKind::transfer) use(step);
    }
    return fit;
  }

 private:
  bool fits(const PlanStep& step, std::size_t slots) {
    if (busy_.contains(step.vshard)) return false;
    if (step.kind == StepKind::transfer) return true;
    if (left_ < slots || (sends(step) && nodes_[step.from].slots < slots)) return false;
    if (step.to == NodeId()) return true;
    const PlanNode& to = nodes_[step.to];
    return to.slots >= slots && to.free_bytes >= bytes_[step.vshard];
  }

  void use(const PlanStep& step) {
    --left_;
    if (sends(step)) --nodes_[step.from].slots;
    if (step.to == NodeId()) return;
    --nodes_[step.to].slots;
    nodes_[step.to].free_bytes -= bytes_[step.vshard];
  }

  static bool sends(const PlanStep& step) { return step.from != NodeId() && step.kind != StepKind::repair; }

  std::size_t left_;
  std::map<NodeId, PlanNode> nodes_;
  std::map<VShardId, std::uint64_t> bytes_;
  std::set<VShardId> busy_;
};

// The step at the front, with the other half of its exchange if that follows.
std::size_t together(std::span<const PlanStep> steps) {
  return steps.size() > 1 && steps[0].exchange != 0 && steps[0].exchange == steps[1].exchange ? 2 : 1;
}

}  // namespace

std::vector<PlanStep> startable(const Plan& plan, const PlanInput& input, const PlanOptions& options) {
  const bool idle =
      std::ranges::none_of(input.shards, [](const PlanShard& it) { return it.flight.has_value(); });
  std::vector<PlanStep> steps;
  // Where slots never suffice for an exchange, its steps begin one at a time, once all else is done.
  for (const bool whole : {true, false}) {
    Allowance allowance(input, options.at_once);
    for (std::span<const PlanStep> rest = plan.steps; !rest.empty();) {
      const auto next = rest.first(whole ? together(rest) : 1);
      if (allowance.take(next)) steps.insert(steps.end(), next.begin(), next.end());
      rest = rest.subspan(next.size());
    }
    if (!steps.empty() || !idle) break;
  }
  return steps;
}

}  // namespace nodedb::meta
