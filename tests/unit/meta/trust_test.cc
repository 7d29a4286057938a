// SPDX-License-Identifier: Apache-2.0
// The exchange of the cluster's authority: its two steps, and who keeps the second from being taken.
#include "meta/trust.h"

#include <gtest/gtest.h>

#include "meta/administer.h"
#include "meta/rows.h"
#include "tests/unit/meta/map_view.h"

namespace nodedb::meta {
namespace {

using test::World;

Stamp at(std::uint64_t ms) {
  return {ms, "operator"};
}

Digest fingerprint(std::uint8_t byte) {
  Digest made;
  made.bytes.fill(byte);
  return made;
}
const Digest old_one = fingerprint(1);
const Digest new_one = fingerprint(2);
const Digest other = fingerprint(3);

AuthorityStage stage_of(const Digest& authority) {
  return {authority, "certificate " + authority.text(), at(1)};
}

struct Rotation : ::testing::Test {
  World world{3};

  void SetUp() override {
    for (std::uint32_t n = 1; n <= 3; ++n) {
      ASSERT_TRUE(world.submit(MemberUp{NodeId(n), Incarnation(1), "h:1", ""}).has_value());
      report(n, old_one);
    }
  }
  void report(std::uint32_t node, const Digest& issuer, const Digest& staged = {}) {
    ASSERT_TRUE(world.submit(MemberTrust{NodeId(node), issuer, staged}).has_value());
  }
  void expect_refused(const MetaEntry& entry, Code code, const std::string& part) {
    const auto rows = world.tables.authorities;
    const auto result = world.submit(entry);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, code);
    EXPECT_NE(result.error().detail.find(part), std::string::npos) << result.error().detail;
    EXPECT_EQ(world.tables.authorities, rows);
  }
  AuthorityState state(const Digest& authority) { return world.tables.authorities.at(authority).state; }
};

TEST_F(Rotation, StagedThenSole) {
  EXPECT_TRUE(world.tables.authorities.empty());
  ASSERT_TRUE(world.submit(stage_of(new_one)).has_value());
  EXPECT_EQ(state(new_one), AuthorityState::staged);
  EXPECT_EQ(world.tables.authorities.at(new_one).certificate, stage_of(new_one).certificate);
  for (std::uint32_t n = 1; n <= 3; ++n) report(n, new_one, new_one);
  ASSERT_TRUE(world.submit(AuthorityFinalise{new_one, at(2)}).has_value());
  EXPECT_EQ(state(new_one), AuthorityState::sole);
  // And once more, with the next one.
  ASSERT_TRUE(world.submit(stage_of(other)).has_value());
  EXPECT_EQ(world.tables.authorities.size(), 2U);
  for (std::uint32_t n = 1; n <= 3; ++n) report(n, other, other);
  ASSERT_TRUE(world.submit(AuthorityFinalise{other, at(3)}).has_value());
  EXPECT_EQ(world.tables.authorities.size(), 1U);
  EXPECT_EQ(state(other), AuthorityState::sole);
}

TEST_F(Rotation, FinaliseNamesWhoIsBehind) {
  expect_refused(AuthorityFinalise{new_one, at(2)}, Code::not_found, new_one.text());
  ASSERT_TRUE(world.submit(stage_of(new_one)).has_value());
  report(1, new_one, new_one);
  report(2, old_one, new_one);
  expect_refused(AuthorityFinalise{new_one, at(2)}, Code::invalid_state, "node 2, node 3");
  report(3, new_one, new_one);
  expect_refused(AuthorityFinalise{new_one, at(2)}, Code::invalid_state, ": node 2;");
}

TEST_F(Rotation, WhoNeverReportedIsBehindAndWhoIsRetiredIsNot) {
  World five(5);
  for (std::uint32_t n = 1; n <= 4; ++n)
    ASSERT_TRUE(five.submit(MemberUp{NodeId(n), Incarnation(1), "h:1", ""}).has_value());
  ASSERT_TRUE(five.submit(stage_of(new_one)).has_value());
  for (std::uint32_t n = 1; n <= 3; ++n)
    ASSERT_TRUE(five.submit(MemberTrust{NodeId(n), new_one, new_one}).has_value());
  const auto refused = five.submit(AuthorityFinalise{new_one, at(2)});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().detail.find("node 4, node 5"), std::string::npos);
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    Placement placement = five.tables.placement[v];
    std::erase_if(placement.replicas, [](NodeId node) { return node.value > 3; });
    if (placement.replicas == five.tables.placement[v].replicas) continue;
    placement.epoch = placement.epoch + 1;
    ASSERT_TRUE(five.submit(PlacementChange{VShardId(v), placement}).has_value());
  }
  for (const auto wanted : {MemberState::leaving, MemberState::retired})
    for (const std::uint32_t n : {4U, 5U})
      ASSERT_TRUE(five.submit(MemberChange{NodeId(n), wanted, {}, at(1)}).has_value());
  EXPECT_TRUE(five.submit(AuthorityFinalise{new_one, at(2)}).has_value());
  const auto late = five.submit(MemberTrust{NodeId(4), old_one, {}});
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Code::not_member);
}

TEST_F(Rotation, EachStepMayBeAskedForAgain) {
  ASSERT_TRUE(world.submit(stage_of(new_one)).has_value());
  const auto lines = world.tables.audit.size();
  ASSERT_TRUE(world.submit(stage_of(new_one)).has_value());
  EXPECT_EQ(world.tables.audit.size(), lines) << "what was so already leaves no line";
  for (std::uint32_t n = 1; n <= 3; ++n) report(n, new_one, new_one);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(world.submit(AuthorityFinalise{new_one, at(2)}).has_value());
  EXPECT_EQ(world.tables.audit.size(), lines + 1);
  expect_refused(stage_of(new_one), Code::invalid_state, "only one already");
}

TEST_F(Rotation, AStagedOneGivesWayUntilSomebodyHasACertificateOfIt) {
  ASSERT_TRUE(world.submit(stage_of(new_one)).has_value());
  report(1, old_one, new_one);
  ASSERT_TRUE(world.submit(stage_of(other)).has_value());
  EXPECT_EQ(state(other), AuthorityState::staged);
  EXPECT_EQ(state(new_one), AuthorityState::withdrawn) << "somebody may have been renewed by it just now";
  report(2, other, other);
  expect_refused(stage_of(new_one), Code::conflict, "node 2");
  report(1, other, other);
  report(3, other, other);
  ASSERT_TRUE(world.submit(AuthorityFinalise{other, at(2)}).has_value());
  EXPECT_EQ(world.tables.authorities.size(), 1U);
}

TEST_F(Rotation, WithdrawnOnesAreFewAndMayBeStagedAgain) {
  const auto numbered = [](std::uint8_t number) {
    AuthorityStage one{{}, "a certificate", at(1)};
    one.authority.bytes.fill(number);
    return one;
  };
  for (std::uint8_t n = 0; n <= withdrawn_authorities_max; ++n)
    ASSERT_TRUE(world.submit(numbered(static_cast<std::uint8_t>(100 + n))).has_value());
  expect_refused(numbered(200), Code::conflict, "finalize one");
  ASSERT_TRUE(world.submit(numbered(100)).has_value());
  EXPECT_EQ(state(numbered(100).authority), AuthorityState::staged);
  EXPECT_EQ(world.tables.authorities.size(), withdrawn_authorities_max + 1);
}

TEST_F(Rotation, BadRequests) {
  expect_refused(AuthorityStage{new_one, "", at(1)}, Code::malformed, "certificate");
  expect_refused(AuthorityStage{{}, "a certificate", at(1)}, Code::malformed, "fingerprint");
  expect_refused(MemberTrust{NodeId(9), new_one, {}}, Code::not_found, "node 9");
}

TEST_F(Rotation, EveryStepLeavesALine) {
  const auto last = [&] { return world.tables.audit.rbegin()->second; };
  ASSERT_TRUE(world.submit(stage_of(new_one)).has_value());
  EXPECT_EQ(last().what, "authority " + new_one.text() + " is to be trusted beside the others");
  ASSERT_FALSE(world.submit(AuthorityFinalise{new_one, at(2)}).has_value());
  EXPECT_NE(last().what.find("is to be the only one: refused: "), std::string::npos);
  EXPECT_EQ(last().by, at(2));
}

TEST_F(Rotation, ForgottenRowsAreForgotten) {
  ASSERT_TRUE(world.submit(stage_of(new_one)).has_value());
  ASSERT_TRUE(world.tables.absorb(DeleteRange{"", ""}).has_value());
  EXPECT_TRUE(world.tables.authorities.empty());
  EXPECT_TRUE(world.tables.trusts.empty());
  EXPECT_EQ(
      world.tables.absorb(Put{authority_key(old_one), encode(Authority{new_one, AuthorityState::sole, {}})})
          .error()
          .code,
      Code::damaged);
  EXPECT_EQ(world.tables.absorb(Put{member_trust_key(NodeId(1)), encode(MemberTrust{NodeId(2), {}, {}})})
                .error()
                .code,
            Code::damaged);
}

}  // namespace
}  // namespace nodedb::meta
