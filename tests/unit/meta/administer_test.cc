// SPDX-License-Identifier: Apache-2.0
// Members on their way in and out, join tokens, settings, and the lines that all of it leaves in the audit
// log.
#include "meta/administer.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/node_list.h"
#include "meta/rows.h"
#include "meta/settings.h"
#include "tests/unit/meta/map_view.h"

namespace nodedb::meta {
namespace {

using test::code;
using test::five;
using test::MapView;
using test::World;

constexpr Digest digest_of(std::uint8_t byte) {
  Digest digest;
  digest.bytes.fill(byte);
  return digest;
}
constexpr Digest secret = digest_of(1);

Stamp at(std::uint64_t ms) {
  return {ms, "operator"};
}

MemberState state(const World& world, std::uint32_t node) {
  return world.tables.members.at(NodeId(node)).state;
}

MemberChange wants(std::uint32_t node, MemberState wanted, std::uint32_t successor = 0) {
  return {NodeId(node), wanted, NodeId(successor), at(1)};
}

// Without its replicas, so that it may be retired.
void empty(World& world, std::uint32_t node) {
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    Placement placement = world.tables.placement[v];
    if (std::erase(placement.replicas, NodeId(node)) == 0) continue;
    placement.epoch = placement.epoch + 1;
    ASSERT_TRUE(world.submit(PlacementChange{VShardId(v), placement}).has_value());
  }
}

TEST(MemberChanges, DrainAndBack) {
  World world = five();
  EXPECT_TRUE(world.submit(wants(2, MemberState::draining)).has_value());
  EXPECT_EQ(state(world, 2), MemberState::draining);
  EXPECT_TRUE(world.submit(MemberUp{NodeId(2), Incarnation(2), "h:2", ""}).has_value());
  EXPECT_EQ(state(world, 2), MemberState::draining)
      << "a restart does not end what an operator has asked for";
  EXPECT_TRUE(world.submit(wants(2, MemberState::active)).has_value());
  EXPECT_EQ(state(world, 2), MemberState::active);
}

TEST(MemberChanges, EnoughMembersMustStay) {
  World world = five();
  EXPECT_TRUE(
      world.submit(MetaBatch{{wants(1, MemberState::leaving), wants(2, MemberState::leaving)}}).has_value());
  const auto third = world.submit(wants(3, MemberState::leaving));
  EXPECT_EQ(code(third), Code::invalid_state);
  EXPECT_NE(third.error().detail.find("replication factor is 3"), std::string::npos);
  EXPECT_EQ(state(world, 3), MemberState::active);
  EXPECT_TRUE(world.submit(wants(1, MemberState::active)).has_value()) << "recommissioned";
  EXPECT_TRUE(world.submit(wants(3, MemberState::leaving)).has_value());
}

TEST(MemberChanges, SeveralAtOnceLeaveTogetherOrNotAtAll) {
  World world = five();
  EXPECT_EQ(code(world.submit(MetaBatch{{wants(1, MemberState::leaving), wants(2, MemberState::leaving),
                                         wants(3, MemberState::leaving)}})),
            Code::invalid_state);
  for (std::uint32_t n = 1; n <= 5; ++n) EXPECT_EQ(state(world, n), MemberState::active);
}

TEST(MemberChanges, RetiredIsForEver) {
  World world = five();
  EXPECT_EQ(code(world.submit(wants(4, MemberState::retired))), Code::invalid_state)
      << "it has to leave first";
  ASSERT_TRUE(world.submit(wants(4, MemberState::leaving)).has_value());
  const auto full = world.submit(wants(4, MemberState::retired));
  EXPECT_EQ(code(full), Code::invalid_state);
  EXPECT_NE(full.error().detail.find("still has a replica"), std::string::npos);
  empty(world, 4);
  ASSERT_TRUE(world.submit(wants(4, MemberState::retired)).has_value());
  EXPECT_EQ(code(world.submit(wants(4, MemberState::active))), Code::invalid_state);
  EXPECT_EQ(code(world.submit(MemberUp{NodeId(4), Incarnation(9), "h:1", ""})), Code::not_member);
  EXPECT_EQ(code(world.submit(MemberJoin{test::uuid(4), "h:1", "", at(1)})), Code::not_member);
  ASSERT_TRUE(world.submit(MemberJoin{test::uuid(60), "h:1", "", at(1)}).has_value());
  EXPECT_TRUE(world.tables.members.contains(NodeId(6))) << "the id is not given again";
}

TEST(MemberChanges, AMoveToItKeepsAMemberFromBeingRetired) {
  World world = five();
  ASSERT_TRUE(world.submit(wants(4, MemberState::leaving)).has_value());
  empty(world, 4);
  ASSERT_TRUE(world.submit(wants(4, MemberState::active)).has_value());
  const NodeId source = world.tables.placement[0].replicas[0];
  const AddLearnerCheckpoint first{VShardId(0), source, NodeId(4), group_of(VShardId(0)), 500'000, {}};
  ASSERT_TRUE(world.submit(MigrationCheckpoint{make_checkpoint(test::uuid(77), 0, first, 1)}).has_value());
  ASSERT_TRUE(world.submit(wants(4, MemberState::leaving)).has_value());
  EXPECT_EQ(code(world.submit(wants(4, MemberState::retired))), Code::invalid_state);
}

TEST(MemberChanges, NoReplicaGoesToAMemberThatLeaves) {
  World world = five();
  const NodeId source = world.tables.placement[0].replicas[0];
  std::uint32_t target = 1;
  while (contains(world.tables.placement[0].replicas, NodeId(target))) ++target;
  const AddLearnerCheckpoint first{VShardId(0), source, NodeId(target), group_of(VShardId(0)), 500'000, {}};
  for (const MemberState away : {MemberState::draining, MemberState::leaving}) {
    ASSERT_TRUE(world.submit(wants(target, away)).has_value());
    EXPECT_EQ(code(world.submit(MigrationCheckpoint{make_checkpoint(test::uuid(77), 0, first, 1)})),
              Code::invalid_state);
  }
}

TEST(MemberChanges, SuccessorsAreActiveOthers) {
  World world = five();
  ASSERT_TRUE(world.submit(wants(5, MemberState::draining)).has_value());
  EXPECT_EQ(code(world.submit(wants(1, MemberState::leaving, 1))), Code::invalid_state);
  EXPECT_EQ(code(world.submit(wants(1, MemberState::leaving, 5))), Code::invalid_state);
  EXPECT_EQ(code(world.submit(wants(1, MemberState::leaving, 9))), Code::not_found);
  ASSERT_TRUE(world.submit(wants(1, MemberState::leaving, 4)).has_value());
  EXPECT_EQ(world.tables.members.at(NodeId(1)).successor, NodeId(4));
  ASSERT_TRUE(world.submit(wants(1, MemberState::active)).has_value());
  EXPECT_EQ(world.tables.members.at(NodeId(1)).successor, NodeId());
}

TokenCreate token(std::uint8_t id, std::string name = "") {
  return {TokenId(id), secret, std::move(name), 999, at(1)};
}

TokenClaim shown(std::uint8_t id, std::uint8_t node, std::uint64_t ms, Digest digest = secret,
                 std::string name = "n") {
  return {TokenId(id), digest, test::uuid(node), std::move(name), at(ms)};
}

TokenState token_state(const World& world, std::uint8_t id) {
  return world.tables.tokens.at(TokenId(id)).state;
}

TEST(Tokens, AdmitOneMachineOnce) {
  World world;
  ASSERT_TRUE(world.submit(token(100)).has_value());
  EXPECT_EQ(token_state(world, 100), TokenState::issued);
  ASSERT_TRUE(world.submit(shown(100, 50, 2)).has_value());
  EXPECT_EQ(token_state(world, 100), TokenState::in_flight);
  EXPECT_EQ(code(world.submit(shown(100, 51, 3))), Code::forbidden) << "another machine";
  EXPECT_TRUE(world.submit(shown(100, 50, 4)).has_value()) << "the same one, after a crash";
  ASSERT_TRUE(world.submit(MemberJoin{test::uuid(50), "h:1", "", at(5)}).has_value());
  EXPECT_EQ(token_state(world, 100), TokenState::consumed);
  EXPECT_EQ(code(world.submit(shown(100, 50, 6))), Code::forbidden) << "used";
}

TEST(Tokens, AreRefusedWhenForgedExpiredRevokedOrForAnother) {
  World world;
  ASSERT_TRUE(world.submit(token(100, "db-7")).has_value());
  const auto forged = world.submit(shown(100, 50, 2, digest_of(2)));
  const auto unknown = world.submit(shown(101, 50, 2));
  EXPECT_EQ(code(forged), Code::forbidden);
  EXPECT_EQ(code(unknown), Code::forbidden);
  EXPECT_EQ(code(world.submit(shown(100, 50, 2, secret, "db-8"))), Code::forbidden);
  EXPECT_EQ(code(world.submit(shown(100, 50, 1000, secret, "db-7"))), Code::forbidden) << "expired";
  EXPECT_EQ(token_state(world, 100), TokenState::issued) << "what is refused uses nothing up";
  ASSERT_TRUE(world.submit(TokenRevoke{TokenId(100), at(3)}).has_value());
  EXPECT_EQ(code(world.submit(shown(100, 50, 4, secret, "db-7"))), Code::forbidden);
  EXPECT_EQ(code(world.submit(token(100))), Code::conflict) << "an id is not used twice";
}

TEST(Tokens, LiveAsLongAsTheSettingSaysUnlessToldOtherwise) {
  World world;
  TokenCreate one = token(100);
  one.ttl_ms = 0;
  ASSERT_TRUE(world.submit(one).has_value());
  EXPECT_EQ(world.tables.tokens.at(one.id).expires_ms, 1u + 3'600'000);
  ASSERT_TRUE(world.submit(SettingChange{"token.ttl", "2m", at(1)}).has_value());
  one.id = TokenId(101);
  ASSERT_TRUE(world.submit(one).has_value());
  EXPECT_EQ(world.tables.tokens.at(one.id).expires_ms, 1u + 120'000);
  one.id = TokenId(102);
  one.ttl_ms = UINT64_MAX;
  EXPECT_EQ(code(world.submit(one)), Code::too_large);
}

TEST(Tokens, AreBoundedAndTheOldestThatIsOverGoesFirst) {
  World world;
  for (std::size_t i = 0; i < limits::tokens_max; ++i) {
    TokenCreate one = token(1);
    one.id = TokenId(1000 + i);
    ASSERT_TRUE(world.submit(one).has_value());
  }
  EXPECT_EQ(code(world.submit(token(2))), Code::too_large);
  TokenCreate later = token(2);
  later.by = at(1000);
  later.ttl_ms = 1000;
  EXPECT_TRUE(world.submit(later).has_value()) << "the others have expired";
  EXPECT_EQ(world.tables.tokens.size(), limits::tokens_max);
}

TEST(Settings, AreInForceAsSoonAsTheyAreApplied) {
  World world;
  EXPECT_EQ(world.tables.settings, Settings());
  ASSERT_TRUE(world.submit(SettingChange{"repair.after", "600s", at(1)}).has_value());
  EXPECT_EQ(world.tables.settings.repair_after_ns, 600'000'000'000);
  EXPECT_EQ(world.tables.setting_rows.at("repair.after"), "10m");
  ASSERT_TRUE(world.submit(SettingChange{"rebalance.mode", "advise", at(1)}).has_value());
  EXPECT_EQ(world.tables.settings.mode(), RebalanceMode::advise);
  ASSERT_TRUE(world.submit(SettingChange{"repair.after", "", at(1)}).has_value());
  EXPECT_EQ(world.tables.settings.repair_after_ns, Settings().repair_after_ns);
}

TEST(Settings, RefuseWhatTheyCannotBe) {
  World world;
  EXPECT_EQ(code(world.submit(SettingChange{"repair.afterwards", "1s", at(1)})), Code::not_found);
  EXPECT_EQ(code(world.submit(SettingChange{"repair.after", "soon", at(1)})), Code::malformed);
  EXPECT_EQ(code(world.submit(SettingChange{"repair.after", "1ms", at(1)})), Code::too_large);
  EXPECT_EQ(code(world.submit(SettingChange{"rebalance.mode", "yes", at(1)})), Code::malformed);
  EXPECT_EQ(world.tables.settings, Settings());
}

TEST(Settings, EveryOneHasADefaultInItsRangeAndReadsItsOwnText) {
  for (const SettingInfo& info : setting_infos()) {
    const std::int64_t standard = Settings().*info.value;
    EXPECT_GE(standard, info.min) << info.name;
    EXPECT_LE(standard, info.max) << info.name;
    for (const std::int64_t value : {standard, info.min, info.max})
      EXPECT_EQ(parse_setting(info, setting_text(info, value)), value) << info.name;
    EXPECT_FALSE(parse_setting(info, "").has_value());
    EXPECT_EQ(find_setting(info.name), &info);
  }
}

TEST(Audit, KeepsWhatWasDoneAndWhatWasRefused) {
  World world = five();
  ASSERT_TRUE(world.submit(wants(2, MemberState::draining)).has_value());
  ASSERT_TRUE(world.submit(wants(2, MemberState::draining)).has_value()) << "no effect: no line";
  EXPECT_FALSE(world.submit(shown(100, 50, 2)).has_value());
  ASSERT_TRUE(world.submit(AuditNote{"seen", at(9)}).has_value());
  std::vector<std::string> lines;
  for (const auto& [key, line] : world.tables.audit) lines.push_back(line.by.actor + ": " + line.what);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0], "operator: node 2 is to be draining");
  EXPECT_NE(lines[1].find("shown by"), std::string::npos);
  EXPECT_NE(lines[1].find("refused: "), std::string::npos);
  EXPECT_EQ(lines[2], "operator: seen");
}

TEST(Audit, ABatchLeavesALineForEachEntry) {
  World world = five();
  ASSERT_TRUE(world.submit(MetaBatch{{wants(1, MemberState::draining), wants(2, MemberState::draining)}})
                  .has_value());
  ASSERT_EQ(world.tables.audit.size(), 2u);
  EXPECT_EQ(world.tables.audit.begin()->first.at, world.index());
}

TEST(Audit, IsBounded) {
  World full;
  MapView::Rows rows = full.rows;
  for (std::uint64_t i = 0; i < limits::audit_lines_max; ++i)
    rows.emplace(audit_key(0, static_cast<std::uint16_t>(i)),
                 encode(AuditLine{0, static_cast<std::uint16_t>(i), at(1), std::to_string(i)}));
  World world(std::move(rows));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(world.submit(AuditNote{"new", at(2)}).has_value());
  EXPECT_EQ(world.tables.audit.size(), limits::audit_lines_max);
  EXPECT_EQ(world.tables.audit.begin()->second.what, "5");
  EXPECT_EQ(world.tables.audit.rbegin()->second.what, "new");
}

}  // namespace
}  // namespace nodedb::meta
