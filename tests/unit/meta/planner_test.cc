// SPDX-License-Identifier: Apache-2.0
#include "meta/plan/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/node_list.h"
#include "meta/plan/explain.h"
#include "tests/unit/meta/plan_judge.h"
#include "tests/unit/meta/plan_world.h"

namespace nodedb::meta {
namespace {

using namespace test;

std::size_t count(const Plan& plan, Why why) {
  return static_cast<std::size_t>(std::ranges::count(plan.steps, why, &PlanStep::why));
}

std::vector<Constraint> constraints(const std::vector<Complaint>& complaints) {
  std::vector<Constraint> found;
  for (const Complaint& it : complaints) found.push_back(it.constraint);
  return found;
}

TEST(Planner, GivesANodeThatJoinsWhatItNeedsAndMovesNothingElse) {
  PlanInput input = even(4, 1024);
  input.nodes.push_back(nodes(5).back());
  const Plan made = plan(input);
  EXPECT_EQ(made.steps.size(), 614u);  // of 3,072, five nodes have 614.4 each
  for (const PlanStep& step : made.steps) EXPECT_EQ(step.to, NodeId(5)) << explain(step);
  EXPECT_EQ(count(made, Why::count), made.steps.size());  // and leaderships have come along as they should
  expect_promises(input);
}

TEST(Planner, ReplacesWhatADeadNodeHeldAndMovesNothingElse) {
  PlanInput input = even(5, 1024);
  const std::uint32_t lost = loads(input)[NodeId(3)].replicas;
  node(input, 3).standing = Standing::dead;
  const Plan made = plan(input);
  EXPECT_EQ(count(made, Why::dead), lost);
  EXPECT_EQ(count(made, Why::dead) + count(made, Why::leader_count), made.steps.size());
  EXPECT_EQ(loads(applied(made, input))[NodeId(3)].replicas, 0u);
  expect_promises(input);
}

TEST(Planner, EmptiesANodeThatLeavesAndMovesNothingElse) {
  PlanInput input = even(6, 600);
  const std::uint32_t held = loads(input)[NodeId(2)].replicas;
  node(input, 2).standing = Standing::leaving;
  const Plan made = plan(input);
  EXPECT_EQ(count(made, Why::leaving), held);
  EXPECT_EQ(count(made, Why::leaving) + count(made, Why::leader_count), made.steps.size());
  EXPECT_EQ(loads(applied(made, input))[NodeId(2)].replicas, 0u);
  expect_promises(input);
}

TEST(Planner, MendsTheMostEndangeredFirst) {
  PlanInput input = even(7, 7, 5);
  node(input, 1).standing = node(input, 2).standing = Standing::dead;
  const Plan made = plan(input);
  ASSERT_FALSE(made.steps.empty());
  EXPECT_EQ(made.steps.front().before, 3);  // of five, two are dead
  EXPECT_EQ(made.steps.front().kind, StepKind::repair);
  EXPECT_EQ(made.steps.front().after, 4);
  expect_promises(input);
}

TEST(Planner, WaitsUntilABoundIsPassedAndThenGoesToTheGoal) {
  const auto heavier = [](std::uint64_t bytes) {
    PlanInput input = even(4, 400);
    for (PlanShard& it : input.shards) it.load.bytes = 1000 + it.id.value % 7;
    for (PlanShard& it : input.shards) {
      if (contains(it.voters, NodeId(1))) it.load.bytes += bytes;
    }
    return input;
  };
  const PlanInput below = heavier(100);
  EXPECT_GT(spread(below).load, 0.01);
  EXPECT_TRUE(plan(below).steps.empty());
  const PlanInput above = heavier(1000);
  ASSERT_GT(spread(above).load, 0.10);
  const Plan made = plan(above);
  EXPECT_GT(count(made, Why::bytes), 0u);
  EXPECT_EQ(count(made, Why::bytes) + count(made, Why::leader_count), made.steps.size());
  EXPECT_LE(spread(applied(made, above)).load, 0.05);
}

TEST(Planner, SpreadsOverZonesTheOutermostFirst) {
  PlanInput input = even(3, 1);
  input.nodes = nodes(6);
  node(input, 1).zone = {"a", "1"};
  node(input, 2).zone = {"a", "2"};
  node(input, 3).zone = {"a", "3"};
  node(input, 4).zone = {"b", "1"};
  node(input, 5).zone = {"b", "1"};
  node(input, 6).zone = {"b", "2"};
  const Plan made = plan(input);
  ASSERT_EQ(made.steps.size(), 1u);
  EXPECT_EQ(made.steps[0].why, Why::zone);
  EXPECT_EQ(made.steps[0].before, 3);  // all three lie in a
  EXPECT_EQ(made.steps[0].after, 1);   // two of three have to
  EXPECT_EQ(constraints(made.complaints), std::vector{Constraint::zone});
}

TEST(Planner, GivesEveryZoneItsPartAndBalancesWithin) {
  PlanInput input = scattered(4, 8, 300);
  for (PlanNode& it : input.nodes) it.zone = {it.id.value <= 2 ? "a" : it.id.value <= 5 ? "b" : "c"};
  const auto after = loads(applied(plan(input), input));
  for (const auto& [id, it] : after) EXPECT_NEAR(it.replicas, id.value <= 2 ? 150 : 100, 1.001) << id.value;
  expect_promises(input);
}

TEST(Planner, GivesByWeight) {
  PlanInput input = even(4, 400);
  node(input, 4).weight = 2;
  node(input, 1).weight = 0;
  const auto after = loads(applied(plan(input), input));
  EXPECT_LE(after.at(NodeId(1)).replicas, 1u);
  EXPECT_NEAR(after.at(NodeId(4)).replicas, 400,
              1.001);  // half of 1,200 would be more than there are vShards
  EXPECT_NEAR(after.at(NodeId(4)).leaders, 200, 1.001);
  expect_promises(input);
}

TEST(Planner, DrainsLeadershipsAndLeavesReplicas) {
  PlanInput input = even(4, 400);
  node(input, 3).standing = Standing::draining;
  const Plan made = plan(input);
  for (const PlanStep& step : made.steps) EXPECT_EQ(step.kind, StepKind::transfer);
  EXPECT_EQ(count(made, Why::leader_leaves), 100u);
  const auto after = loads(applied(made, input));
  EXPECT_EQ(after.at(NodeId(3)).replicas, 300u);
  EXPECT_EQ(after.at(NodeId(3)).leaders, 0u);
  expect_promises(input);
}

TEST(Planner, LeavesANodeThatIsSilentAlone) {
  PlanInput input = even(4, 400);
  node(input, 3).standing = Standing::silent;
  for (const PlanStep& step : plan(input).steps) {
    EXPECT_NE(step.from, NodeId(3));
    EXPECT_NE(step.to, NodeId(3));
  }
  expect_promises(input);
}

TEST(Planner, SaysWhichVShardsHaveLostTheirMajority) {
  PlanInput input = even(5, 5);
  node(input, 1).standing = node(input, 2).standing = Standing::dead;
  const Plan made = plan(input);
  ASSERT_EQ(constraints(made.complaints), std::vector{Constraint::majority});
  for (const PlanStep& step : made.steps) {
    EXPECT_FALSE(contains(shard(input, step.vshard.value).voters, NodeId(1)) &&
                 contains(shard(input, step.vshard.value).voters, NodeId(2)));
  }
  expect_promises(input);
}

TEST(Planner, SaysThatThereAreTooFewNodes) {
  PlanInput input = even(3, 10);
  node(input, 3).standing = Standing::dead;
  const Plan made = plan(input);
  EXPECT_EQ(count(made, Why::dead), 0u);
  ASSERT_EQ(constraints(made.complaints), std::vector{Constraint::replication});
  EXPECT_EQ(made.complaints[0].vshards, 10u);
  EXPECT_EQ(
      explain(made.complaints[0]),
      "replication: 3 replicas are wanted, and no other node may take one: 2 may take replicas at all (10 "
      "vShards, the first is 0)");
}

TEST(Planner, PutsNothingWhereThereIsNoRoom) {
  PlanInput input = even(5, 50);
  for (PlanShard& it : input.shards) it.load.bytes = 100;
  node(input, 1).standing = Standing::leaving;
  for (const std::uint32_t id : {2u, 3u, 4u}) node(input, id).free_bytes = 99;
  const Plan made = plan(input);
  for (const PlanStep& step : made.steps) {
    EXPECT_TRUE(step.kind == StepKind::transfer || step.to == NodeId(5)) << explain(step);
  }
  EXPECT_EQ(constraints(made.complaints), std::vector{Constraint::space});
  expect_promises(input);
}

TEST(Planner, TakesAMoveUnderWayForDone) {
  PlanInput input = even(4, 400);
  input.nodes.push_back(nodes(5).back());
  const Plan whole = plan(input);
  for (std::size_t i = 0; i < 100; ++i) {
    shard(input, whole.steps[i].vshard.value).flight =
        PlanShard::Flight{whole.steps[i].from, whole.steps[i].to};
  }
  const Plan rest = plan(input);
  EXPECT_EQ(rest.steps.size(), whole.steps.size() - 100);
  for (const PlanStep& step : rest.steps)
    EXPECT_FALSE(shard(input, step.vshard.value).flight) << explain(step);
}

TEST(Planner, CutsOffWhereItIsTold) {
  PlanInput input = even(4, 1024);
  input.nodes.push_back(nodes(5).back());
  const Plan whole = plan(input);
  EXPECT_TRUE(whole.complete);
  PlanOptions few;
  few.copies_max = 16;
  few.transfers_max = 0;
  const Plan first = plan(input, few);
  EXPECT_FALSE(first.complete);
  ASSERT_EQ(first.steps.size(), 16u);
  EXPECT_TRUE(std::equal(first.steps.begin(), first.steps.end(), whole.steps.begin()));
}

TEST(Startable, KeepsToSlotsRoomAndNumbers) {
  PlanInput input = even(4, 40);
  for (PlanShard& it : input.shards) it.load.bytes = 100;
  input.nodes.push_back(nodes(5).back());
  const Plan made = plan(input);
  ASSERT_EQ(made.steps.size(), 23u);  // one less than the mean is near enough
  PlanOptions options;
  EXPECT_EQ(startable(made, input, options).size(), 16u);
  options.at_once = 5;
  EXPECT_EQ(startable(made, input, options).size(), 5u);
  shard(input, made.steps[0].vshard.value).flight = PlanShard::Flight{NodeId(1), NodeId(5)};
  const auto rest = startable(made, input, options);
  EXPECT_EQ(rest.size(), 4u);
  EXPECT_EQ(rest.front(), made.steps[1]);
  node(input, 5).slots = 3;
  EXPECT_EQ(startable(made, input, options).size(), 3u);
  node(input, 5).free_bytes = 250;
  EXPECT_EQ(startable(made, input, options).size(), 2u);
  for (const std::uint32_t id : {1u, 2u, 3u, 4u}) node(input, id).slots = 0;
  EXPECT_TRUE(startable(made, input, options).empty());
}

TEST(Startable, BeginsAnExchangeAsAWholeUnlessNothingElseCan) {
  PlanInput input = even(2, 40, 1);
  for (PlanShard& it : input.shards)
    it.load.bytes = contains(it.voters, NodeId(1)) ? 1000 + it.id.value : 500;
  const Plan made = plan(input);
  const auto pair = std::ranges::find_if(made.steps, [](const PlanStep& step) { return step.exchange != 0; });
  ASSERT_NE(pair, made.steps.end());
  ASSERT_EQ(pair->exchange, std::next(pair)->exchange);
  Plan alone;
  alone.steps = {*pair, *std::next(pair)};
  PlanOptions options;
  EXPECT_EQ(startable(alone, input, options).size(), 2u);
  options.at_once = 1;
  EXPECT_EQ(startable(alone, input, options).size(), 1u);
  options.at_once = 2;
  const auto other = std::ranges::find_if(input.shards, [&](const PlanShard& it) {
    return it.id != pair->vshard && it.id != std::next(pair)->vshard;
  });
  other->flight = PlanShard::Flight{other->voters[0], NodeId(3)};
  EXPECT_TRUE(startable(alone, input, options).empty());
}

TEST(Startable, LetsTransfersGoFirstIfTheirVShardIsFree) {
  PlanInput input = even(4, 40);
  node(input, 3).standing = Standing::draining;
  PlanOptions options;
  options.at_once = 0;
  const Plan made = plan(input);
  EXPECT_EQ(startable(made, input, options).size(), made.steps.size());
}

TEST(RemovalCheck, NamesWhatStandsInTheWay) {
  PlanInput input = even(6, 60);
  for (PlanShard& it : input.shards) it.load.bytes = 100;
  for (PlanNode& it : input.nodes) it.zone = {"z" + std::to_string(it.id.value % 3)};
  EXPECT_TRUE(removal_check(input, {NodeId(1)}).empty());
  EXPECT_EQ(constraints(removal_check(input, {NodeId(1), NodeId(4)})), std::vector{Constraint::zone});
  EXPECT_EQ(constraints(removal_check(input, {NodeId(1), NodeId(2), NodeId(3), NodeId(4)})),
            (std::vector{Constraint::replication, Constraint::zone}));
  for (PlanNode& it : input.nodes) it.free_bytes = 500;
  EXPECT_EQ(constraints(removal_check(input, {NodeId(1)})), std::vector{Constraint::space});
}

TEST(Explain, SaysWhatAndWhyWithFigures) {
  PlanInput input = even(4, 40);
  input.nodes.push_back(nodes(5).back());
  const Plan grown = plan(input);
  EXPECT_EQ(explain(grown.steps.front()),
            "vShard 0: node 1 -> node 5, because node 1 has 30 replicas of its share of 24, then 29");
  node(input, 5).standing = Standing::active;
  node(input, 2).standing = Standing::dead;
  const std::string text = explain(plan(input));
  EXPECT_NE(text.find("node 2 (dead) -> node 5, because node 2 is dead; 2, then 3 of 3 voters live"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("not met"), std::string::npos) << text;
}

}  // namespace
}  // namespace nodedb::meta
