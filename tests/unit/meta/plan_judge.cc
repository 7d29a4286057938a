// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/meta/plan_judge.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/node_list.h"
#include "tests/unit/meta/plan_world.h"

namespace nodedb::meta::test {

namespace {

// One look at one plan.
class Judge {
 public:
  Judge(const PlanInput& input, const PlanOptions& options)
      : input_(input), options_(options), plan_(plan(input, options)), after_(input) {}

  std::vector<std::string> verdict() {
    walk();
    order();
    once();
    homes();
    urgency();
    zones();
    counts();
    patience();
    rest();
    return std::move(faults_);
  }

 private:
  void fault(std::string what) { faults_.push_back(std::move(what)); }

  bool complains(Constraint constraint) const {
    return std::ranges::find(plan_.complaints, constraint, &Complaint::constraint) != plan_.complaints.end();
  }
  bool is_live(NodeId id) const {
    const PlanNode* it = find(input_, id);
    return it != nullptr && it->standing != Standing::dead && it->standing != Standing::silent;
  }
  bool is_lost(const PlanShard& it) const {
    const auto voters = settled(it);
    const auto live = std::ranges::count_if(voters, [&](NodeId id) { return is_live(id); });
    return 2 * live <= std::ssize(voters);
  }
  bool is_tight() const {
    return std::ranges::any_of(input_.nodes,
                               [](const PlanNode& it) { return it.free_bytes < 1'000'000'000'000; });
  }

  // Every step can be done, and what it foretells of both nodes comes true.
  void walk() {
    auto now = loads(after_);
    for (const PlanStep& step : plan_.steps) {
      if (auto wrong = apply(step, after_); !wrong.empty()) return fault(wrong);
      if (input_.shards.size() > 1000) continue;  // the same code, and slow to check
      now = loads(after_);
      if (step.from != NodeId() && now[step.from] != step.from_after) fault("the giver is foretold wrongly");
      if (step.to != NodeId() && now[step.to] != step.to_after) fault("the taker is foretold wrongly");
    }
    now = loads(after_);
    for (const NodeOutlook& it : plan_.nodes) {
      if (now[it.id] != it.then) fault("the outlook of node " + std::to_string(it.id.value) + " is wrong");
    }
  }

  void order() {
    if (plan(shuffled(input_, 7), options_) != plan_) fault("another order of rows makes another plan");
  }

  // Nothing is moved twice or back.
  void once() {
    std::map<VShardId, std::vector<NodeId>> left;
    std::map<VShardId, std::vector<NodeId>> reached;
    for (const PlanStep& step : plan_.steps) {
      if (step.kind == StepKind::transfer) continue;
      const auto& gone = left[step.vshard];
      const auto& come = reached[step.vshard];
      if (step.from != NodeId() && contains(come, step.from)) fault("what was placed is moved again");
      if (step.to != NodeId() && contains(gone, step.to)) fault("what was moved comes back");
      left[step.vshard].push_back(step.from);
      reached[step.vshard].push_back(step.to);
    }
  }

  // Every vShard has its replicas, on nodes that stay, or there is a complaint.
  void homes() {
    for (const PlanShard& it : after_.shards) {
      const std::string who = "vShard " + std::to_string(it.id.value);
      if (it.flight) continue;
      if (is_lost(it)) {
        if (!complains(Constraint::majority)) fault(who + " is lost, and nobody says so");
        continue;
      }
      const bool excused = complains(Constraint::replication) || complains(Constraint::space);
      const bool stays = std::ranges::all_of(it.voters, [&](NodeId id) {
        const PlanNode* on = find(input_, id);
        return on != nullptr && on->standing != Standing::dead && on->standing != Standing::leaving;
      });
      if (!excused && !stays) fault(who + " is left on a node that goes");
      if (it.voters.size() > input_.replication_factor) fault(who + " has too many replicas");
      if (!excused && it.voters.size() < input_.replication_factor) fault(who + " has too few replicas");
      const PlanNode* leader = find(input_, it.leader);
      const bool drains = leader != nullptr &&
                          (leader->standing == Standing::draining || leader->standing == Standing::leaving);
      if (drains && std::ranges::any_of(it.voters, [&](NodeId id) { return takes(input_, id); })) {
        fault(who + " is led from a node that drains");
      }
    }
  }

  // Reasons come in their order, and what is mended goes from the most endangered on.
  void urgency() {
    const auto rank = [](Why why) { return why <= Why::surplus ? 0 : why == Why::leaving ? 1 : 2; };
    int last = 0;
    std::int64_t margin = -100;
    for (const PlanStep& step : plan_.steps) {
      if (rank(step.why) < last) fault("a more urgent reason comes later");
      last = std::max(last, rank(step.why));
      if (step.why > Why::surplus) continue;
      const auto voters = settled(*std::ranges::find(input_.shards, step.vshard, &PlanShard::id));
      const auto live = std::ranges::count_if(voters, [&](NodeId id) { return is_live(id); });
      const std::int64_t now = live - std::ssize(voters) / 2 - 1;
      if (now < margin) fault("a more endangered vShard comes later");
      margin = std::max(margin, now);
    }
  }

  // By level, outermost first: pairs of voters in one zone.
  std::vector<int> pairs(const std::vector<NodeId>& voters) const {
    std::vector<int> found(zone_levels_max);
    for (std::size_t a = 0; a < voters.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        const auto& one = zone_of(voters[a]);
        const auto& other = zone_of(voters[b]);
        const auto common = std::ranges::mismatch(one, other).in1 - one.begin();
        for (std::ptrdiff_t level = 0; level < common; ++level) ++found[static_cast<std::size_t>(level)];
      }
    }
    return found;
  }
  const std::vector<std::string>& zone_of(NodeId id) const {
    static const std::vector<std::string> none;
    const PlanNode* it = find(input_, id);
    return it == nullptr ? none : it->zone;
  }

  // No replica could lie better.
  void zones() {
    if (!options_.balance || is_tight()) return;
    if (std::ranges::all_of(input_.nodes, [](const PlanNode& it) { return it.zone.empty(); })) return;
    for (const PlanShard& it : after_.shards) {
      if (it.flight || is_lost(it)) continue;
      const auto now = pairs(it.voters);
      for (const NodeId from : it.voters) {
        const PlanNode* giver = find(input_, from);
        if (giver == nullptr || giver->standing != Standing::active) continue;
        for (const PlanNode& to : input_.nodes) {
          if (!takes(input_, to.id) || contains(it.voters, to.id)) continue;
          auto voters = it.voters;
          *std::ranges::find(voters, from) = to.id;
          if (pairs(voters) < now) {
            return fault("vShard " + std::to_string(it.id.value) + " could be spread better");
          }
        }
      }
    }
  }

  // Nothing but the loads decides: all nodes are alike, in no zone, and no vShard is in a special state.
  bool is_plain() const {
    return options_.balance && !is_tight() &&
           std::ranges::all_of(input_.nodes,
                               [](const PlanNode& it) {
                                 return it.weight == 1 && it.zone.empty() && it.standing == Standing::active;
                               }) &&
           std::ranges::all_of(input_.shards, [&](const PlanShard& it) {
             return !it.flight && it.voters.size() == input_.replication_factor && it.leader != NodeId() &&
                    std::ranges::all_of(it.voters, [&](NodeId id) { return find(input_, id) != nullptr; });
           });
  }

  void counts() {
    if (is_plain() && spread(after_).replicas > 1.001) fault("replicas are not within one of the mean");
    if (is_plain() && spread(after_).leaders > 1.001) fault("leaders are not within one of the mean");
  }

  // Within the bounds nothing is done.
  void patience() {
    if (!is_plain() || plan_.steps.empty()) return;
    const Spread before = spread(input_);
    if (before.replicas <= 1 && before.leaders <= 1 && before.load <= options_.load_bound) {
      fault("there are steps, though all was within the bounds");
    }
  }

  // Who plans again finds nothing to do; where disks were full, only until what has left them is gone.
  void rest() {
    for (int i = 0; is_tight() && i < 20; ++i) after_ = applied(plan(after_, options_), after_);
    const Plan again = plan(after_, options_);
    if (!again.steps.empty()) fault(std::to_string(again.steps.size()) + " steps are left over");
  }

  const PlanInput& input_;
  const PlanOptions& options_;
  Plan plan_;
  PlanInput after_;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> broken_promises(const PlanInput& input, const PlanOptions& options) {
  return Judge(input, options).verdict();
}

}  // namespace nodedb::meta::test
