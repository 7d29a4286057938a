// SPDX-License-Identifier: Apache-2.0
// What the leader of group 0 proposes so that the cluster is as it is wanted.
#include "node/reconciler.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/node/reconcile_world.h"

namespace nodedb::node {
namespace {

using meta::MemberState;
using test::ReconcileWorld;
constexpr std::int64_t s = ns_per_s;

/// Within one of it: so even is even enough.
void expect_even(const ReconcileWorld& world, double share) {
  for (const auto& [node, count] : world.held())
    EXPECT_NEAR(static_cast<double>(count), share, 1) << "node " << node.value;
}

bool proposes_retirement(const std::vector<meta::MetaEntry>& entries) {
  return std::ranges::any_of(entries, [](const meta::MetaEntry& entry) {
    const auto* change = std::get_if<meta::MemberChange>(&entry);
    return change != nullptr && change->wanted == MemberState::retired;
  });
}

TEST(Reconciler, ABalancedClusterIsLeftAlone) {
  ReconcileWorld world(4, 60);
  world.run(70 * s);
  const auto settled = world.held();
  const std::size_t moved = world.moves.size();
  world.run(200 * s);
  EXPECT_EQ(world.moves.size(), moved);
  EXPECT_EQ(world.held(), settled);
}

TEST(Reconciler, ANewNodeGetsItsShareAndNothingElseMoves) {
  ReconcileWorld world(4, 60);
  world.run(70 * s);
  world.moves.clear();
  const NodeId newcomer = world.join();
  world.set("rebalance.moves_at_once", "3");
  world.run(60 * s);
  EXPECT_NEAR(static_cast<double>(world.moves.size()), 36, 1) << "180 replicas on 5 nodes";
  for (const auto& move : world.moves) EXPECT_EQ(move.to, newcomer);
  EXPECT_EQ(world.under_way_max, 3u);
  expect_even(world, 36);
  for (const auto& [node, count] : world.led()) EXPECT_NEAR(static_cast<double>(count), 12, 1) << node.value;
  EXPECT_EQ(world.refused, 0u);
}

TEST(Reconciler, ALostNodeIsRepairedOnceItIsGivenUp) {
  ReconcileWorld world(4, 60);
  world.set("repair.after", "30s");
  world.run(70 * s);
  world.moves.clear();
  world.unreachable.insert(NodeId(2));
  world.run(29 * s);
  EXPECT_TRUE(world.moves.empty()) << "it may only restart";
  world.run(60 * s);
  EXPECT_EQ(world.moves.size(), 45u);
  for (const auto& move : world.moves) {
    EXPECT_EQ(move.from, NodeId(2));
    EXPECT_GE(move.at - Time{s}, 99 * s);
  }
  EXPECT_FALSE(world.held().contains(NodeId(2)));
  EXPECT_EQ(world.state(2), MemberState::active) << "it may come back, empty";
}

TEST(Reconciler, ANodeThatReturnsInTimeIsNotRepaired) {
  ReconcileWorld world(4, 60);
  world.set("repair.after", "30s");
  world.run(70 * s);
  world.moves.clear();
  for (int i = 0; i < 3; ++i) {
    world.unreachable.insert(NodeId(2));
    world.run(25 * s);
    world.unreachable.clear();
    world.run(5 * s);
  }
  EXPECT_TRUE(world.moves.empty());
}

TEST(Reconciler, AMajorityThatIsGoneIsNotRepaired) {
  ReconcileWorld world(3, 20);
  world.set("repair.after", "5s");
  world.join();
  world.join();
  world.set("rebalance.mode", "off");
  world.run(5 * s);
  world.moves.clear();
  world.unreachable = {NodeId(1), NodeId(2)};
  world.run(60 * s);
  EXPECT_TRUE(world.moves.empty()) << "no group here can change its members";
}

TEST(Reconciler, ALeavingNodeIsEmptiedAndThenRetiredOnce) {
  ReconcileWorld world(5, 60);
  world.run(70 * s);
  world.moves.clear();
  world.want(3, MemberState::leaving);
  std::size_t retirements = 0;
  for (int i = 0; i < 400; ++i) {
    if (proposes_retirement(world.look())) ++retirements;
    world.now = world.now + ReconcileWorld::look_every_ns;
  }
  EXPECT_EQ(retirements, 1u);
  EXPECT_EQ(world.refused, 0u) << "group 0 retires none that still has something";
  EXPECT_EQ(world.state(3), MemberState::retired);
  EXPECT_EQ(world.moves.size(), 36u);
  for (const auto& move : world.moves) EXPECT_EQ(move.from, NodeId(3));
  expect_even(world, 45);
}

TEST(Reconciler, ALeavingNodeThatIsDeadIsNotWaitedFor) {
  ReconcileWorld world(5, 60);
  world.run(70 * s);
  world.unreachable.insert(NodeId(3));
  world.want(3, MemberState::leaving);
  world.run(60 * s);
  EXPECT_EQ(world.state(3), MemberState::retired) << "repair.after is 5 minutes";
}

TEST(Reconciler, ARecommissionedNodeStays) {
  ReconcileWorld world(5, 60);
  world.run(70 * s);
  world.want(3, MemberState::leaving);
  world.run(4 * s);
  world.want(3, MemberState::active);
  world.run(120 * s);
  EXPECT_EQ(world.state(3), MemberState::active);
  expect_even(world, 36);
}

TEST(Reconciler, ASuccessorTakesOverWhatItsPredecessorHas) {
  ReconcileWorld world(4, 60);
  world.set("rebalance.mode", "off");
  const NodeId heir = world.join();
  world.want(2, MemberState::leaving, heir.value);
  world.run(60 * s);
  EXPECT_EQ(world.moves.size(), 45u);
  for (const auto& move : world.moves) {
    EXPECT_EQ(move.from, NodeId(2));
    EXPECT_EQ(move.to, heir);
  }
  EXPECT_EQ(world.state(2), MemberState::retired);
  EXPECT_EQ(world.held()[heir], 45u);
}

TEST(Reconciler, ADeadNodeCanBeReplaced) {
  ReconcileWorld world(4, 60);
  world.set("rebalance.mode", "off");
  const NodeId heir = world.join();
  world.unreachable.insert(NodeId(2));
  world.want(2, MemberState::leaving, heir.value);
  world.run(60 * s);
  EXPECT_EQ(world.state(2), MemberState::retired);
  EXPECT_EQ(world.held()[heir], 45u);
}

TEST(Reconciler, WithoutItsSuccessorANodeLeavesAllTheSame) {
  ReconcileWorld world(5, 60);
  world.set("repair.after", "20s");
  const NodeId heir = world.join();
  world.set("rebalance.mode", "off");
  world.want(2, MemberState::leaving, heir.value);
  world.unreachable.insert(heir);
  world.run(90 * s);
  EXPECT_EQ(world.state(2), MemberState::retired);
}

TEST(Reconciler, ADrainingNodeIsToLeadNothingAndKeepsItsReplicas) {
  ReconcileWorld world(4, 60);
  world.run(70 * s);
  world.moves.clear();
  const auto held = world.held();
  world.want(4, MemberState::draining);
  world.run(60 * s);
  EXPECT_FALSE(world.led().contains(NodeId(4)));
  EXPECT_EQ(world.held(), held);
  EXPECT_TRUE(world.moves.empty());
  world.want(4, MemberState::active);
  world.run(60 * s);
  EXPECT_NEAR(static_cast<double>(world.led()[NodeId(4)]), 15, 1);
}

TEST(Reconciler, WhilePausedNothingBegins) {
  ReconcileWorld world(5, 60);
  world.run(70 * s);
  world.moves.clear();
  world.set("rebalance.paused", "on");
  world.want(3, MemberState::leaving);
  world.set("repair.after", "5s");
  world.unreachable.insert(NodeId(1));
  world.join();
  world.run(120 * s);
  EXPECT_TRUE(world.moves.empty());
  world.set("rebalance.paused", "off");
  world.run(120 * s);
  EXPECT_EQ(world.state(3), MemberState::retired);
  EXPECT_FALSE(world.held().contains(NodeId(1)));
}

class Modes : public ::testing::TestWithParam<const char*> {};

TEST_P(Modes, OnlyAutomaticBalances) {
  ReconcileWorld world(3, 60);
  world.set("rebalance.mode", GetParam());
  const NodeId newcomer = world.join();
  world.run(70 * s);
  EXPECT_TRUE(world.moves.empty());
  const meta::Plan plan = world.reconciler.outlook(world.now, world.around()).plan;
  EXPECT_GE(plan.steps.size(), 44u) << "it can be read all the same";
  world.reconciler.rebalance_now();
  world.run(60 * s);
  EXPECT_TRUE(world.held().contains(newcomer));
  expect_even(world, 45);
  const NodeId another = world.join();
  world.run(120 * s);
  EXPECT_EQ(world.held()[another], 0u) << "it was asked for once";
}

TEST_P(Modes, RepairGoesOnInAll) {
  ReconcileWorld world(4, 60);
  world.set("rebalance.mode", GetParam());
  world.set("repair.after", "5s");
  world.unreachable.insert(NodeId(2));
  world.run(90 * s);
  EXPECT_FALSE(world.held().contains(NodeId(2)));
}

INSTANTIATE_TEST_SUITE_P(Each, Modes, ::testing::Values("off", "advise"));

TEST(Reconciler, NothingIsProposedTwiceBeforeItCanHaveBeenDecided) {
  ReconcileWorld world(3, 60);
  world.join();
  std::map<VShardId, Time> last;
  std::size_t proposals = 0;
  // Nothing that it proposes is ever decided.
  for (int i = 0; i < 100; ++i) {
    world.reconciler.changed();
    for (const meta::MetaEntry& entry : world.reconciler.reconcile(world.now, world.around())) {
      const auto* begun = std::get_if<meta::MigrationCheckpoint>(&entry);
      if (begun == nullptr) continue;
      const VShardId vshard = meta::vshard_of(begun->checkpoint.payload);
      if (const auto before = last.find(vshard); before != last.end()) {
        EXPECT_GE(world.now - before->second, 5 * s);
      }
      last[vshard] = world.now;
      ++proposals;
    }
    world.now = world.now + ReconcileWorld::look_every_ns;
  }
  EXPECT_GT(proposals, last.size()) << "it may have been lost: it is proposed again";
  EXPECT_LE(last.size(), 8u) << "within rebalance.moves_at_once";
}

TEST(Reconciler, WhoeverLeadsNextGoesOnWithTheSame) {
  ReconcileWorld world(3, 60);
  const NodeId newcomer = world.join();
  for (int i = 0; i < 30; ++i) {
    world.run(3 * s);
    world.reconciler.reset();
  }
  EXPECT_EQ(world.moves.size(), world.held()[newcomer]) << "nothing twice, nothing else";
  expect_even(world, 45);
  EXPECT_EQ(world.refused, 0u);
}

TEST(Removal, NamesTheConstraint) {
  ReconcileWorld three(3, 20);
  const auto why = removal_complaints(three.tables(), {NodeId(2)});
  ASSERT_EQ(why.size(), 1u);
  EXPECT_EQ(why.front().constraint, meta::Constraint::replication);
  EXPECT_EQ(why.front().vshards, 20u);
  ReconcileWorld four(4, 20);
  EXPECT_TRUE(removal_complaints(four.tables(), {NodeId(2)}).empty());
  EXPECT_FALSE(removal_complaints(four.tables(), {NodeId(2), NodeId(3)}).empty()) << "all together";
}

// --- group 0 ---

const auto all = [](NodeId) { return true; };

std::vector<NodeId> ids(std::initializer_list<std::uint32_t> numbers) {
  std::vector<NodeId> made;
  for (const std::uint32_t number : numbers) made.push_back(NodeId(number));
  return made;
}

auto without(NodeId lost) {
  return [lost](NodeId node) { return node != lost; };
}

TEST(MetadataVoters, ThoseThatStayStay) {
  ReconcileWorld world(5, 10);
  EXPECT_EQ(metadata_voters(world.tables(), ids({2, 4, 5}), all), ids({2, 4, 5}));
}

TEST(MetadataVoters, OneThatLeavesOrIsLostIsReplaced) {
  ReconcileWorld world(5, 10);
  EXPECT_EQ(metadata_voters(world.tables(), ids({1, 2, 3}), without(NodeId(2))), ids({1, 3, 4}));
  world.want(1, MemberState::leaving);
  EXPECT_EQ(metadata_voters(world.tables(), ids({1, 2, 3}), all), ids({2, 3, 4}));
  world.want(4, MemberState::draining);
  EXPECT_EQ(metadata_voters(world.tables(), ids({1, 2, 3}), all), ids({2, 3, 5})) << "draining takes nothing";
}

TEST(MetadataVoters, ADrainingOneKeepsItsVote) {
  ReconcileWorld world(5, 10);
  world.want(2, MemberState::draining);
  EXPECT_EQ(metadata_voters(world.tables(), ids({1, 2, 3}), all), ids({1, 2, 3}));
}

TEST(MetadataVoters, RatherADrainingOneThanALostOne) {
  ReconcileWorld world(5, 10);
  world.want(4, MemberState::draining);
  EXPECT_EQ(metadata_voters(world.tables(), ids({1, 2, 3}), without(NodeId(1))), ids({2, 3, 5}));
  world.want(5, MemberState::leaving);
  EXPECT_EQ(metadata_voters(world.tables(), ids({1, 2, 3}), without(NodeId(1))), ids({2, 3, 4}));
}

TEST(MetadataVoters, AnotherZoneIsPreferred) {
  ReconcileWorld world(3, 10);
  for (std::uint32_t n = 1; n <= 3; ++n)
    world.submit(meta::MemberUp{NodeId(n), Incarnation(2), "host:1", "", "",
                                n == 1   ? "a"
                                : n == 2 ? "b"
                                         : "c"});
  world.join("a");
  const NodeId other = world.join("c");
  EXPECT_EQ(metadata_voters(world.tables(), ids({1, 2, 3}), without(NodeId(3))),
            (std::vector{NodeId(1), NodeId(2), other}));
}

TEST(MetadataVoters, RatherALostOneThanTooFew) {
  ReconcileWorld world(3, 10);
  EXPECT_EQ(metadata_voters(world.tables(), ids({1, 2, 3}), without(NodeId(3))), ids({1, 2, 3}));
}

raft::Config config_of(std::vector<NodeId> voters, std::vector<NodeId> learners = {}) {
  raft::Config config;
  config.voters = std::move(voters);
  config.learners = std::move(learners);
  return config;
}

TEST(MetadataConfig, EveryMemberLearnsBeforeAnybodyVotes) {
  ReconcileWorld world(3, 10);
  const NodeId newcomer = world.join();
  const auto first =
      next_metadata_config(config_of(ids({1, 2, 3})), world.tables(), ids({1, 2, 4}), all, all);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(*first, config_of(ids({1, 2, 3}), {newcomer}));
  const auto caught_up = [&](NodeId node) { return node != newcomer; };
  EXPECT_FALSE(next_metadata_config(*first, world.tables(), ids({1, 2, 4}), caught_up, all).has_value())
      << "it would slow every decision down";
  const auto joint = next_metadata_config(*first, world.tables(), ids({1, 2, 4}), all, all);
  ASSERT_TRUE(joint.has_value());
  EXPECT_TRUE(joint->joint());
  EXPECT_EQ(joint->voters, ids({1, 2, 4}));
  const auto left = next_metadata_config(*joint, world.tables(), ids({1, 2, 4}), all, all);
  ASSERT_TRUE(left.has_value());
  EXPECT_EQ(*left, config_of(ids({1, 2, 4}), ids({3})));
  EXPECT_FALSE(next_metadata_config(*left, world.tables(), ids({1, 2, 4}), all, all).has_value());
}

TEST(MetadataConfig, ARetiredMemberGoesOnceItHasHeardOfIt) {
  ReconcileWorld world(4, 10);
  world.want(4, MemberState::leaving);
  world.run(30 * s);
  ASSERT_EQ(world.state(4), MemberState::retired);
  const raft::Config config = config_of(ids({1, 2, 3}), ids({4}));
  const auto not_yet = [](NodeId) { return false; };
  EXPECT_FALSE(next_metadata_config(config, world.tables(), ids({1, 2, 3}), all, not_yet).has_value());
  const auto gone = next_metadata_config(config, world.tables(), ids({1, 2, 3}), all, all);
  ASSERT_TRUE(gone.has_value());
  EXPECT_EQ(*gone, config_of(ids({1, 2, 3})));
}

}  // namespace
}  // namespace nodedb::node
