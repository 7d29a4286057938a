// SPDX-License-Identifier: Apache-2.0
// The planner's view on its way to people: JSON, tables, sentences; and how nodes that leave get on.
#include <gtest/gtest.h>

#include "app/balance_json.h"
#include "app/balance_rows.h"
#include "app/member_watch.h"

namespace nodedb::app {
namespace {

/// Node 4 has just joined three that hold 30 vShards; node 3 is dead.
node::Status::Balance example() {
  meta::PlanInput input;
  input.nodes.resize(4);
  for (std::uint32_t n = 0; n < 4; ++n) input.nodes[n].id = NodeId(n + 1);
  input.nodes[2].standing = meta::Standing::dead;
  for (std::uint16_t v = 0; v < 30; ++v) {
    meta::PlanShard shard;
    shard.id = VShardId(v);
    shard.voters = {NodeId(1U + v % 3U), NodeId(1U + (v + 1U) % 3U), NodeId(1U + (v + 2U) % 3U)};
    shard.leader = shard.voters.front();
    shard.load = {1'000'000, 500, 300, 0};
    input.shards.push_back(shard);
  }
  node::Status::Balance balance;
  for (const meta::PlanNode& node : input.nodes) balance.standings.emplace_back(node.id, node.standing);
  balance.plan = meta::plan(input);
  return balance;
}

Json status_with(Json balance) {
  Json group = Json::object(), wanted = Json::array(), groups = Json::array();
  for (const int node : {1, 2, 3}) wanted.push(Json(std::int64_t{node}));
  group.set("group", std::int64_t{8}).set("wanted", std::move(wanted));
  groups.push(std::move(group));
  Json status = Json::object();
  status.set("groups", std::move(groups)).set("balance", std::move(balance));
  return status;
}

TEST(Balance, StepsAndNodesAreTold) {
  const Json told = balance_json(example());
  EXPECT_EQ(told["mode"].text(), "auto");
  EXPECT_FALSE(told["paused"].boolean(true));
  EXPECT_GE(told["steps"].items().size(), 30u) << "every replica of node 3 is repaired";
  EXPECT_EQ(told["steps"].items().front()["kind"].text(), "repair");
  ASSERT_EQ(told["nodes"].items().size(), 4u);
  EXPECT_EQ(told["nodes"].items()[2]["state"].text(), "dead");
  EXPECT_EQ(told["nodes"].items()[2]["then"]["replicas"].number(), 0);
  EXPECT_EQ(told["nodes"].items()[3]["then"]["replicas"].number(), 30);
  EXPECT_EQ(told["nodes"].items()[3]["then"]["writes"].number(), 15'000);
  EXPECT_NE(steps_table(told).find("node 3 is dead"), std::string::npos) << steps_table(told);
  EXPECT_NE(balance_table(told).find("0 -> 30"), std::string::npos) << balance_table(told);
}

TEST(Balance, ComplaintsNameTheirConstraint) {
  node::Status::Balance balance;
  balance.plan.complaints = {{meta::Constraint::space, 3, VShardId(9), "there is no room"}};
  EXPECT_EQ(complaints_text(balance_json(balance)),
            "not met: space: there is no room (3 vShards, the first is 9)\n");
}

TEST(Balance, AVShardIsExplained) {
  const Json moves = explained(status_with(balance_json(example())), 7);
  EXPECT_GE(moves["steps"].items().size(), 1u);
  EXPECT_NE(moves["text"].text().find("node 3 is dead"), std::string::npos) << moves.dump();
  EXPECT_NE(moves["text"].text().find("node 1 (active) has 30 replicas of its share"), std::string::npos);

  node::Status::Balance paused = example();
  paused.settings.rebalance_paused = 1;
  EXPECT_NE(explained(status_with(balance_json(paused)), 7)["text"].text().find("rebalance resume"),
            std::string::npos);

  const Json stays = explained(status_with(balance_json({})), 7);
  EXPECT_TRUE(stays["steps"].items().empty());
  EXPECT_NE(stays["text"].text().find("nothing is to be done"), std::string::npos) << stays.dump();
}

Json member(std::int64_t id, const char* state, std::int64_t wanted, std::int64_t leads) {
  Json one = Json::object();
  one.set("id", id).set("state", state).set("wanted", wanted).set("leads", leads);
  return one;
}

TEST(MemberProgress, SaysWhatIsLeftAndWhatIsInTheWay) {
  Json members = Json::array();
  members.push(member(4, "leaving", 120, 3)).push(member(5, "retired", 0, 0));
  Json status = Json::object();
  status.set("members", std::move(members));
  const MemberGoal goal{{4, 5}};
  EXPECT_EQ(progress_text(status, {}, goal), "node 4 leaving, 120 replicas left, leads 3; node 5 retired");
  node::Status::Balance balance;
  balance.settings.rebalance_paused = 1;
  balance.plan.complaints = {{meta::Constraint::majority, 1, VShardId(9), "too few live"},
                             {meta::Constraint::zone, 1, VShardId(9), "as well as possible"}};
  const std::string waits = progress_text(status, balance_json(balance), goal);
  EXPECT_NE(waits.find("waiting: rebalance.paused is on"), std::string::npos) << waits;
  EXPECT_NE(waits.find("waiting: majority: too few live"), std::string::npos) << waits;
  EXPECT_EQ(waits.find("zone"), std::string::npos) << waits;
}

}  // namespace
}  // namespace nodedb::app
