// SPDX-License-Identifier: Apache-2.0
// What holds of every plan, over pictures drawn by luck; and that broken planners are found out.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "base/node_list.h"
#include "base/rng.h"
#include "meta/plan/explain.h"
#include "meta/plan/plan.h"
#include "tests/unit/meta/plan_judge.h"
#include "tests/unit/meta/plan_world.h"

namespace nodedb::meta {
namespace {

using namespace test;

TEST(Planner, KeepsItsPromisesWhateverThePicture) {
  for (std::uint64_t seed = 1; seed <= 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_promises(anything(seed));
    PlanOptions forced;
    forced.balance = false;
    expect_promises(anything(seed), forced);
    expect_promises(drifted(seed, 5, 100, 0.05));
  }
}

// The loads differ by a factor of a hundred, and none is more than a few percent of a node's: they can be
// divided.
TEST(Planner, BalancesAHundredNodesAndTenThousandVShards) {
  for (const std::uint32_t zones : {0u, 5u}) {
    const PlanInput input = scattered(zones + 1, 100, 10'000, zones);
    const auto begin = std::chrono::steady_clock::now();
    const Plan made = plan(input);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    std::cout << zones << " zones: " << made.steps.size() << " steps in " << took.count() << " ms\n";
    const Spread after = spread(applied(made, input));
    EXPECT_LE(after.replicas, 1.001);
    EXPECT_LE(after.leaders, 1.001);
    EXPECT_LE(after.load, 0.10);
    expect_promises(input);
  }
}

TEST(Planner, BalancesFiveNodesAndAllVShards) {
  const PlanInput input = scattered(1, 5, 1024);
  const auto begin = std::chrono::steady_clock::now();
  const Plan made = plan(input);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  std::cout << made.steps.size() << " steps in " << took.count() << " ms\n";
  const Spread after = spread(applied(made, input));
  EXPECT_LE(after.replicas, 1.001);
  EXPECT_LE(after.leaders, 1.001);
  EXPECT_LE(after.load, 0.10);
}

std::size_t copies(const Plan& plan) {
  return plan.steps.size() -
         static_cast<std::size_t>(std::ranges::count(plan.steps, StepKind::transfer, &PlanStep::kind));
}

// As the leader of group 0 will: a few steps at a time, ended in any order, and a new plan after each.
struct Execution {
  PlanInput input;
  std::size_t copies = 0;
  std::size_t returns = 0;  ///< copies to where an earlier one had come from
};

Execution execute(PlanInput input, Rng& rng, std::size_t copies_max) {
  Execution run{std::move(input)};
  PlanOptions options;
  options.at_once = 4;
  std::vector<PlanStep> flying;
  std::map<VShardId, std::vector<NodeId>> left;
  while (run.copies < copies_max) {
    for (const PlanStep& step : startable(plan(run.input, options), run.input, options)) {
      if (step.kind == StepKind::transfer) {
        EXPECT_EQ(apply(step, run.input), "");
        continue;
      }
      ++run.copies;
      run.returns += contains(left[step.vshard], step.to) ? 1U : 0U;
      left[step.vshard].push_back(step.from);
      shard(run.input, step.vshard.value).flight = PlanShard::Flight{step.from, step.to};
      flying.push_back(step);
    }
    if (flying.empty()) break;
    const auto landing = flying.begin() + static_cast<std::ptrdiff_t>(rng.below(flying.size()));
    shard(run.input, landing->vshard.value).flight.reset();
    EXPECT_EQ(apply(*landing, run.input), "");
    flying.erase(landing);
  }
  return run;
}

TEST(Planner, GetsThereWhenEveryStepIsPlannedAnew) {
  std::size_t foreseen = 0;
  std::size_t made = 0;
  std::size_t returns = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    PlanInput input = scattered(seed, 8, 200, seed % 2 == 0 ? 4 : 0);
    node(input, 1).standing = Standing::leaving;
    node(input, 2).weight = 2;
    const std::size_t whole = copies(plan(input));
    const Execution run = execute(input, rng, 2 * whole + 50);
    EXPECT_TRUE(plan(run.input).steps.empty()) << explain(plan(run.input));
    foreseen += whole;
    made += run.copies;
    returns += run.returns;
  }
  std::cout << foreseen << " copies foreseen, " << made << " made, " << returns
            << " back to where one came from\n";
  EXPECT_LE(made, foreseen + foreseen / 5);
  EXPECT_LE(returns, made / 200);
}

struct Planted {
  const char* name;
  bool PlanBugs::*bug;
};

TEST(PlanBugs, AreFoundByThePromises) {
  for (const Planted& it :
       {Planted{"input_order", &PlanBugs::input_order}, Planted{"zones_left", &PlanBugs::zones_left},
        Planted{"arrivals_free", &PlanBugs::arrivals_free},
        Planted{"goal_is_bound", &PlanBugs::goal_is_bound}, Planted{"leader_stays", &PlanBugs::leader_stays},
        Planted{"flight_forgotten", &PlanBugs::flight_forgotten},
        Planted{"space_ignored", &PlanBugs::space_ignored}, Planted{"by_number", &PlanBugs::by_number}}) {
    PlanOptions options;
    options.bugs.*it.bug = true;
    std::string found;
    std::uint64_t seed = 0;
    while (found.empty() && ++seed <= 200) {
      for (const PlanInput& input : {anything(seed), drifted(seed, 5, 100, 0.05)}) {
        for (const std::string& fault : broken_promises(input, options)) found = fault;
      }
    }
    EXPECT_FALSE(found.empty()) << it.name;
    std::cout << it.name << ": " << found << ", with seed " << seed << "\n";
  }
}

}  // namespace
}  // namespace nodedb::meta
