// SPDX-License-Identifier: Apache-2.0
#include "meta/tables.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "meta/rows.h"
#include "tests/unit/meta/map_view.h"

namespace nodedb::meta {
namespace {

using test::World;

TEST(Tables, ShowTheGenesis) {
  const World world(5);
  const Genesis genesis = make_genesis(test::plan(5)).value();
  EXPECT_EQ(world.tables.cluster, genesis.cluster);
  EXPECT_EQ(world.tables.placement, genesis.placement);
  ASSERT_EQ(world.tables.members.size(), 5u);
  for (const Member& member : genesis.members) EXPECT_EQ(world.tables.members.at(member.id), member);
  EXPECT_EQ(world.tables.find(test::uuid(4))->id, NodeId(4));
  EXPECT_EQ(world.tables.find(test::uuid(9)), nullptr);
}

TEST(Tables, AreEmptyAtFirst) {
  const Tables tables;
  EXPECT_FALSE(tables.cluster.has_value());
  ASSERT_EQ(tables.placement.size(), vshard_count);
  EXPECT_EQ(tables.placement[1023], (Placement{Epoch(0), {}}));
}

TEST(Tables, RowsComeInKeyOrder) {
  const auto rows = rows_of(make_genesis(test::plan(3)).value());
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

/// Of each kind of row.
std::vector<std::size_t> counts(const Tables& tables) {
  return {tables.members.size(), tables.history.size(),     tables.ghosts.size(),
          tables.tokens.size(),  tables.recoveries.size(),  tables.audit.size(),
          tables.trusts.size(),  tables.authorities.size(), tables.setting_rows.size()};
}

TEST(Tables, ARowGoesAloneWhateverItsKind) {
  const Stamp by{1, "somebody"};
  const Digest print{};
  const std::vector<Put> rows = {
      {setting_key("repair.after"), encode(Setting{"repair.after", "600000000000"})},
      {token_key(TokenId(8)), encode(Token{TokenId(8), print, "four", 1, 2, TokenState::issued, {}, ""})},
      {audit_key(240, 1), encode(AuditLine{240, 1, by, "something"})},
      {recovery_key(VShardId(7)),
       encode(Recovery{VShardId(7), Epoch(4), NodeId(1), {}, Term(9), Index(300), Term(7)})},
      {authority_key(print), encode(Authority{print, AuthorityState::sole, "a certificate", by})},
      {member_trust_key(NodeId(2)), encode(MemberTrust{NodeId(2), print, print})}};
  World world;
  const auto before = counts(world.tables);
  for (const Put& row : rows) ASSERT_TRUE(world.tables.absorb(row).has_value());
  World other;
  for (const Put& row : rows) ASSERT_TRUE(other.tables.absorb(row).has_value());
  for (const Put& row : rows) {
    ASSERT_TRUE(world.tables.absorb(Delete{row.key}).has_value());
    ASSERT_TRUE(other.tables.absorb(DeleteRange{row.key, row.key + '\0'}).has_value());
    EXPECT_EQ(counts(world.tables), counts(other.tables)) << row.key;
  }
  EXPECT_EQ(counts(world.tables), before);
  EXPECT_EQ(world.tables.settings.repair_after_ns, Settings().repair_after_ns);
  ASSERT_TRUE(world.tables.absorb(Delete{placement_key(VShardId(9))}).has_value());
  EXPECT_EQ(world.tables.placement[9], (Placement{Epoch(0), {}}));
  EXPECT_FALSE(world.tables.placement[10].replicas.empty());
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
