// SPDX-License-Identifier: Apache-2.0
#include "meta/tables.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "meta/rows.h"
#include "tests/unit/meta/map_view.h"

namespace nodedb::meta {
namespace {

using testing::World;

TEST(Tables, ShowTheGenesis) {
  const World world(5);
  const Genesis genesis = make_genesis(testing::plan(5)).value();
  EXPECT_EQ(world.tables.cluster, genesis.cluster);
  EXPECT_EQ(world.tables.placement, genesis.placement);
  ASSERT_EQ(world.tables.members.size(), 5u);
  for (const Member& member : genesis.members) EXPECT_EQ(world.tables.members.at(member.id), member);
  EXPECT_EQ(world.tables.find(testing::uuid(4))->id, NodeId(4));
  EXPECT_EQ(world.tables.find(testing::uuid(9)), nullptr);
}

TEST(Tables, AreEmptyAtFirst) {
  const Tables tables;
  EXPECT_FALSE(tables.cluster.has_value());
  ASSERT_EQ(tables.placement.size(), vshard_count);
  EXPECT_EQ(tables.placement[1023], (Placement{Epoch(0), {}}));
}

TEST(Tables, RowsComeInKeyOrder) {
  const auto rows = rows_of(make_genesis(testing::plan(3)).value());
  EXPECT_EQ(rows.size(), 1 + 3 + vshard_count);
  EXPECT_TRUE(std::ranges::is_sorted(rows, {}, &Put::key));
}

TEST(Tables, RowsCanGo) {
  World world;
  ASSERT_TRUE(world.tables.absorb(Delete{member_key(NodeId(2))}).has_value());
  EXPECT_EQ(world.tables.members.size(), 2u);
  EXPECT_FALSE(world.tables.members.contains(NodeId(2)));
  ASSERT_TRUE(
      world.tables.absorb(DeleteRange{placement_key(VShardId(10)), placement_key(VShardId(12))}).has_value());
  EXPECT_FALSE(world.tables.placement[9].replicas.empty());
  EXPECT_EQ(world.tables.placement[10], (Placement{Epoch(0), {}}));
  EXPECT_EQ(world.tables.placement[11], (Placement{Epoch(0), {}}));
  EXPECT_FALSE(world.tables.placement[12].replicas.empty());
  ASSERT_TRUE(world.tables.absorb(DeleteRange{"", ""}).has_value());
  EXPECT_FALSE(world.tables.cluster.has_value());
  EXPECT_TRUE(world.tables.members.empty());
}

TEST(Tables, BadRowsAreRefusedAndChangeNothing) {
  World world;
  const auto members = world.tables.members;
  EXPECT_EQ(world.tables.absorb(Put{member_key(NodeId(1)), "bad"}).error().code, Code::malformed);
  EXPECT_EQ(world.tables.absorb(Put{member_key(NodeId(1)), encode(members.at(NodeId(2)))}).error().code,
            Code::damaged);
  EXPECT_EQ(world.tables.absorb(Put{cluster_key(), encode(members.at(NodeId(2)))}).error().code,
            Code::malformed);
  EXPECT_EQ(world.tables.absorb(Put{placement_key(VShardId(1)), ""}).error().code, Code::malformed);
  EXPECT_EQ(world.tables.members, members);
}

TEST(Tables, KeysOfLaterVersionsAreIgnored) {
  World world;
  for (const char* key : {"", "z", "c2", "m123", "m12345", "p1", "p\xff\xff"}) {
    EXPECT_TRUE(world.tables.absorb(Put{key, "anything"}).has_value());
  }
}

TEST(RowKeys, AreReadBack) {
  EXPECT_EQ(row_key_in(cluster_key()), RowKey(ClusterKey{}));
  EXPECT_EQ(row_key_in(member_key(NodeId(0x01020304))), RowKey(NodeId(0x01020304)));
  EXPECT_EQ(row_key_in(placement_key(VShardId(1023))), RowKey(VShardId(1023)));
  EXPECT_EQ(placement_key(VShardId(0x0102)), "p\x01\x02");
}

}  // namespace
}  // namespace nodedb::meta
