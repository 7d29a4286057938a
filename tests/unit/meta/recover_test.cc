// SPDX-License-Identifier: Apache-2.0
// Members that are given up and vShards that go on from a survivor: what group 0 makes of it.
#include <gtest/gtest.h>

#include <algorithm>

#include "meta/rows.h"
#include "tests/unit/meta/map_view.h"
#include "tests/unit/meta/migration_examples.h"

namespace nodedb::meta {
namespace {

using test::code;
using test::five;
using test::World;

constexpr VShardId shard{7};

MemberLost lost(std::uint32_t node) {
  return {NodeId(node), {1, "operator"}};
}

RecoveryStart start(Epoch epoch, std::uint32_t survivor, std::vector<NodeId> learners = {}) {
  return {{shard, epoch, NodeId(survivor), std::move(learners), Term(9), Index(40), Term(8)},
          {1, "operator"}};
}

Epoch epoch(const World& world) {
  return world.tables.placement[shard.value].epoch;
}

TEST(MemberLost, IsRetiredAtOnceAndForEver) {
  World world = five();
  ASSERT_TRUE(world.submit(MetaBatch{{lost(4), lost(5)}}).has_value());
  for (const std::uint32_t node : {4U, 5U})
    EXPECT_EQ(world.tables.members.at(NodeId(node)).state, MemberState::retired);
  EXPECT_EQ(code(world.submit(MemberUp{NodeId(4), Incarnation(9), "h:4", ""})), Code::not_member);
  EXPECT_EQ(code(world.submit(MemberJoin{world.tables.members.at(NodeId(4)).uuid, "h:4", "", {}})),
            Code::not_member);
  EXPECT_EQ(code(world.submit(MemberChange{NodeId(4), MemberState::active, NodeId(), {}})),
            Code::invalid_state);
  EXPECT_EQ(world.tables.audit.rbegin()->second.what.find("node 4"), 0u);
  EXPECT_TRUE(world.submit(lost(4)).has_value());
  EXPECT_EQ(world.writes, 0u) << "said twice it changes nothing";
}

TEST(MemberLost, NotTheLastAndNotAStranger) {
  World world = five();
  EXPECT_EQ(code(world.submit(lost(9))), Code::not_found);
  EXPECT_EQ(code(world.submit(MetaBatch{{lost(1), lost(2), lost(3), lost(4), lost(5)}})),
            Code::invalid_state);
  EXPECT_EQ(world.tables.members.at(NodeId(1)).state, MemberState::active) << "all of them or none";
}

TEST(MemberLost, TakesNobodysReplicasOverAnyMore) {
  World world = five();
  ASSERT_TRUE(
      world.submit(MemberChange{NodeId(1), MemberState::leaving, NodeId(5), {1, "operator"}}).has_value());
  ASSERT_TRUE(world.submit(lost(5)).has_value());
  EXPECT_EQ(world.tables.members.at(NodeId(1)).state, MemberState::leaving);
  EXPECT_EQ(world.tables.members.at(NodeId(1)).successor, NodeId());
}

TEST(Recovery, ThePlacementIsTheSurvivorsAtAHigherEpoch) {
  World world = five();
  ASSERT_TRUE(world.submit(lost(5)).has_value());
  const Epoch before = epoch(world);
  ASSERT_TRUE(world.submit(start(before, 2, {NodeId(1)})).has_value());
  EXPECT_EQ(world.tables.placement[shard.value], (Placement{before + 1, {NodeId(2), NodeId(1)}}));
  ASSERT_TRUE(world.tables.recoveries.contains(shard));
  EXPECT_EQ(world.tables.recoveries.at(shard).epoch, before + 1);
  EXPECT_EQ(code(world.submit(start(before, 1))), Code::conflict) << "of an epoch that is over";
  ASSERT_TRUE(world.submit(start(before + 1, 1)).has_value()) << "one that does not get on is replaced";
  EXPECT_EQ(world.tables.recoveries.at(shard).survivor, NodeId(1));
}

TEST(Recovery, NobodyElseChangesThePlacementUntilItHasEnded) {
  World world = five();
  ASSERT_TRUE(world.submit(start(epoch(world), 2)).has_value());
  const PlacementChange more{shard, {epoch(world) + 1, {NodeId(2), NodeId(1)}}};
  EXPECT_EQ(code(world.submit(more)), Code::conflict);
  ASSERT_TRUE(world.submit(RecoveryEnd{shard, Term(8)}).has_value());
  EXPECT_TRUE(world.tables.recoveries.contains(shard)) << "of an earlier term";
  ASSERT_TRUE(world.submit(RecoveryEnd{shard, Term(10)}).has_value());
  EXPECT_FALSE(world.tables.recoveries.contains(shard));
  EXPECT_TRUE(world.submit(RecoveryEnd{shard, Term(10)}).has_value());
  EXPECT_TRUE(world.submit(more).has_value());
}

TEST(Recovery, WhoIsLostSurvivesNothing) {
  World world = five();
  ASSERT_TRUE(world.submit(lost(5)).has_value());
  EXPECT_EQ(code(world.submit(start(epoch(world), 5))), Code::invalid_state);
  EXPECT_EQ(code(world.submit(start(epoch(world), 1, {NodeId(5)}))), Code::invalid_state);
  EXPECT_EQ(code(world.submit(start(epoch(world), 1, {NodeId(9)}))), Code::not_found);
  EXPECT_TRUE(world.tables.recoveries.empty());
}

TEST(Recovery, AMigrationEndsUndone) {
  World world = five();
  const Placement& placement = world.tables.placement[shard.value];
  std::uint32_t other = 1;
  while (std::ranges::find(placement.replicas, NodeId(other)) != placement.replicas.end()) ++other;
  const AddLearnerCheckpoint first{shard, placement.replicas[0], NodeId(other), group_of(shard), 500'000, {}};
  Uuid id = test::uuid(77);
  ASSERT_TRUE(world.submit(MigrationCheckpoint{make_checkpoint(id, 0, first, 1)}).has_value());
  ASSERT_TRUE(world.submit(start(epoch(world), placement.replicas[1].value)).has_value());
  EXPECT_TRUE(world.tables.migrations.intents().empty());
  ASSERT_EQ(world.tables.history.size(), 1u);
  EXPECT_EQ(world.tables.history.begin()->second.outcome, MigrationOutcome::aborted);
  EXPECT_EQ(world.tables.history.begin()->second.id, id);
}

TEST(Recovery, ItsRowIsReadOnlyUnderItsOwnKey) {
  World world = five();
  const Recovery recovery = start(Epoch(1), 2).recovery;
  EXPECT_EQ(world.tables.absorb(Put{recovery_key(VShardId(8)), encode(recovery)}).error().code,
            Code::damaged);
  EXPECT_EQ(world.tables.absorb(Put{recovery_key(shard), "rot"}).error().code, Code::malformed);
  ASSERT_TRUE(world.tables.absorb(Put{recovery_key(shard), encode(recovery)}).has_value());
  ASSERT_TRUE(world.tables.absorb(Delete{recovery_key(shard)}).has_value());
  EXPECT_TRUE(world.tables.recoveries.empty());
}

}  // namespace
}  // namespace nodedb::meta
