// SPDX-License-Identifier: Apache-2.0
#include "meta/machine.h"

#include <gtest/gtest.h>

#include "meta/rows.h"
#include "tests/unit/meta/map_view.h"

namespace nodedb::meta {
namespace {

using test::code;
using test::World;

MemberUp up(std::uint32_t node, std::uint64_t incarnation, std::string address = "new:1") {
  return {NodeId(node), Incarnation(incarnation), std::move(address), "client:1", "", "", 100};
}

PlacementChange placed(std::uint16_t vshard, std::uint64_t epoch, std::vector<NodeId> replicas) {
  return {VShardId(vshard), {Epoch(epoch), std::move(replicas)}};
}

TEST(Machine, AMemberThatReportsBecomesActive) {
  World world;
  EXPECT_EQ(world.tables.members.at(NodeId(2)).state, MemberState::joining);
  EXPECT_TRUE(world.submit(up(2, 5)).has_value());
  const Member& member = world.tables.members.at(NodeId(2));
  EXPECT_EQ(member, (Member{NodeId(2),
                            test::uuid(2),
                            "new:1",
                            "client:1",
                            Incarnation(5),
                            MemberState::active,
                            "",
                            "",
                            100,
                            {}}));
}

TEST(Machine, AnEarlierLifeIsIgnoredAndTheSameOneMayMove) {
  World world;
  ASSERT_TRUE(world.submit(up(2, 5)).has_value());
  EXPECT_TRUE(world.submit(up(2, 4, "old:1")).has_value());
  EXPECT_EQ(world.writes, 0u);
  EXPECT_TRUE(world.submit(up(2, 5, "moved:1")).has_value());
  EXPECT_EQ(world.tables.members.at(NodeId(2)).address, "moved:1");
}

TEST(Machine, StrangersAndNamelessMembersAreRefused) {
  World world;
  EXPECT_EQ(code(world.submit(up(4, 1))), Code::not_found);
  EXPECT_EQ(code(world.submit(up(0, 1))), Code::not_found);
  EXPECT_EQ(code(world.submit(up(2, 1, ""))), Code::invalid_state);
  EXPECT_EQ(world.writes, 0u);
}

TEST(Machine, EpochsRiseByOne) {
  World world(4);
  const std::vector<NodeId> replicas{NodeId(4), NodeId(1), NodeId(2)};
  EXPECT_EQ(code(world.submit(placed(9, 1, replicas))), Code::conflict);
  EXPECT_EQ(code(world.submit(placed(9, 3, replicas))), Code::conflict);
  EXPECT_EQ(world.writes, 0u);
  EXPECT_TRUE(world.submit(placed(9, 2, replicas)).has_value());
  EXPECT_EQ(world.tables.placement[9], (Placement{Epoch(2), replicas}));
  EXPECT_EQ(code(world.submit(placed(9, 2, replicas))), Code::conflict) << "a repeated entry changes nothing";
  EXPECT_TRUE(world.submit(placed(9, 3, {NodeId(1)})).has_value());
}

TEST(Machine, PlacementsNameKnownNodesOnceEach) {
  World world;
  EXPECT_EQ(code(world.submit(placed(9, 2, {}))), Code::invalid_state);
  EXPECT_EQ(code(world.submit(placed(9, 2, {NodeId(1), NodeId(2), NodeId(1)}))), Code::invalid_state);
  EXPECT_EQ(code(world.submit(placed(9, 2, {NodeId(1), NodeId(7)}))), Code::not_found);
  EXPECT_EQ(world.tables.placement[9].epoch, Epoch(1));
}

TEST(Machine, TheVersionNeverFalls) {
  World world;
  EXPECT_TRUE(world.submit(ClusterVersion{3}).has_value());
  EXPECT_TRUE(world.submit(ClusterVersion{3}).has_value());
  EXPECT_EQ(code(world.submit(ClusterVersion{2})), Code::conflict);
  EXPECT_EQ(world.tables.cluster->version, 3u);
}

TEST(Machine, ABatchIsAllOrNothingAndSeesItsOwnWrites) {
  World world;
  const std::vector<NodeId> two{NodeId(2), NodeId(1)};
  EXPECT_TRUE(
      world.submit(MetaBatch{{placed(1, 2, two), placed(1, 3, {NodeId(3)}), placed(2, 2, two)}}).has_value());
  EXPECT_EQ(world.tables.placement[1], (Placement{Epoch(3), {NodeId(3)}}));
  EXPECT_EQ(world.tables.placement[2], (Placement{Epoch(2), two}));
  const auto before = world.rows;
  EXPECT_EQ(code(world.submit(MetaBatch{{up(2, 9), placed(1, 4, two), placed(2, 9, two)}})), Code::conflict);
  EXPECT_EQ(world.rows, before);
  EXPECT_TRUE(world.submit(MetaBatch{}).has_value());
}

TEST(Machine, EntriesThatCannotBeReadHalt) {
  World world;
  using namespace std::string_literals;
  EXPECT_EQ(world.apply("").error().code, Code::malformed);
  EXPECT_EQ(world.apply("garbage").error().code, Code::malformed);
  EXPECT_EQ(world.apply("\x93\x02\x12\x01"s).error().code, Code::incompatible) << "a later version";
  EXPECT_EQ(world.apply("\x93\x01\x3f\x01"s).error().code, Code::incompatible) << "an unknown kind";
}

TEST(Machine, ADamagedRowHaltsInsteadOfAnsweringSomething) {
  World world;
  world.rows[placement_key(VShardId(9))] = "not a placement";
  EXPECT_EQ(world.apply(encode(placed(9, 2, {NodeId(1)}))).error().code, Code::damaged);
  EXPECT_TRUE(world.submit(placed(8, 2, {NodeId(1)})).has_value());
}

TEST(Machine, ReadsGiveRows) {
  World world;
  const test::MapView view(world.rows);
  const Bytes key = member_key(NodeId(3));
  EXPECT_EQ(Machine().read(view, {VShardId(), Index(1), {}, key}), world.rows.at(key));
  EXPECT_EQ(Machine().read(view, {VShardId(), Index(1), {}, "nothing"}), "");
}

}  // namespace
}  // namespace nodedb::meta
