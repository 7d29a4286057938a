// SPDX-License-Identifier: Apache-2.0
// The exchange of the cluster's authority: what the simulated net thread does, and what its judge sees.
#include <gtest/gtest.h>

#include "meta/codec.h"
#include "meta/rows.h"
#include "node/namespaces.h"
#include "sim/certificates.h"
#include "sim/exchange_judge.h"
#include "sim/exchange_nemesis.h"
#include "tests/unit/sim/evidence.h"

namespace nodedb::sim {
namespace {

using meta::AuthorityState;

const Digest old_one = authority_numbered(0);
const Digest new_one = authority_numbered(1);

Uuid uuid(std::uint8_t number) {
  Uuid made;
  made.bytes[0] = number;
  return made;
}

meta::Authority authority(const Digest& fingerprint, AuthorityState state) {
  return {fingerprint, state, "certificate", {}};
}

class Keeper : public testing::Test {
 protected:
  /// What it wants next, done; nothing: it waits.
  std::optional<CertificateKeeper::Step> step(std::int64_t now_ns = 0) {
    auto next = keeper.next(now_ns);
    if (next && next->write) {
      files = *next->write;
      keeper.use(files);
    }
    return next;
  }
  void admit(std::vector<meta::Authority> authorities, bool staged_everywhere, bool current = true) {
    node::Trust trust;
    trust.members = {uuid(1), uuid(2)};
    trust.authorities = std::move(authorities);
    trust.staged_everywhere = staged_everywhere;
    trust.current = current;
    keeper.admit(trust);
  }

  CertificateFiles files{{old_one}, old_one, {}};
  CertificateKeeper keeper{uuid(1), files, Rng(1)};
};

TEST_F(Keeper, TrustsTheStagedOneAndWaitsForEverybody) {
  admit({authority(new_one, AuthorityState::staged)}, false);
  ASSERT_TRUE(step());
  EXPECT_EQ(files.authorities, (std::set{old_one, new_one}));
  EXPECT_EQ(keeper.news(), (node::CertificateInUse{old_one, new_one}));
  EXPECT_FALSE(keeper.news()) << "it has been told";
  keeper.connected(uuid(2));
  EXPECT_FALSE(step()) << "not every member trusts it";
}

TEST_F(Keeper, AsksAMemberAndTakesOnlyWhatIsWanted) {
  keeper.connected(uuid(2));
  admit({authority(new_one, AuthorityState::staged)}, true);
  ASSERT_TRUE(step());
  const auto asked = step();
  ASSERT_TRUE(asked && asked->send);
  EXPECT_EQ(asked->send->to, uuid(2));
  CertificateFiles theirs{{old_one, new_one}, new_one, old_one};
  CertificateKeeper signer(uuid(2), theirs, Rng(2));
  node::Trust trust;
  trust.members = {uuid(1), uuid(2)};
  trust.authorities = {authority(new_one, AuthorityState::staged)};
  trust.staged_everywhere = true;
  trust.current = true;
  signer.admit(trust);
  signer.next(0);
  EXPECT_FALSE(signer.answer(uuid(1)).certificate) << "its key is the old one's";
  theirs.key = new_one;
  signer.use(theirs);
  signer.next(0);
  EXPECT_FALSE(signer.answer(uuid(9)).certificate) << "no member";
  const auto given = signer.answer(uuid(1));
  ASSERT_TRUE(given.certificate);
  EXPECT_FALSE(keeper.given(uuid(9), given)) << "it was never asked";
  const auto taken = keeper.given(uuid(2), given);
  ASSERT_TRUE(taken && taken->write);
  EXPECT_EQ(taken->write->issuer, new_one);
}

TEST_F(Keeper, GoesByNothingThatIsNotCurrent) {
  files = {{old_one, new_one}, old_one, {}};
  keeper.use(files);
  admit({authority(old_one, AuthorityState::sole)}, false, false);
  EXPECT_FALSE(step()) << "the new one may have been staged meanwhile, and be reported";
  EXPECT_FALSE(keeper.news());
  admit({authority(old_one, AuthorityState::sole)}, false);
  ASSERT_TRUE(step());
  EXPECT_EQ(files.authorities, std::set{old_one});
}

TEST_F(Keeper, DropsTheOldOneOnceThereIsASoleOneAndNeverItsOwn) {
  admit({authority(new_one, AuthorityState::sole)}, false);
  EXPECT_FALSE(step()) << "it could not start again";
  files = {{old_one, new_one}, new_one, {}};
  keeper.use(files);
  ASSERT_TRUE(step());
  EXPECT_EQ(files.authorities, std::set{new_one});
}

class Judge : public testing::Test {
 protected:
  Judge() {
    for (std::uint32_t node = 1; node <= 2; ++node) {
      member(node);
      judge.certified(NodeId(node), {{old_one}, old_one, {}});
    }
    look();
  }
  void put(const Bytes& key, const Bytes& value) { rows[node::machine_rows + key] = value; }
  void member(std::uint32_t node, meta::MemberState state = meta::MemberState::active) {
    meta::Member row;
    row.id = NodeId(node);
    row.uuid = uuid(static_cast<std::uint8_t>(node));
    row.address = "node:1";
    row.state = state;
    put(meta::member_key(row.id), meta::encode(row));
  }
  void report(std::uint32_t node, const Digest& issuer, const Digest& staged = {}) {
    put(meta::member_trust_key(NodeId(node)), meta::encode(meta::MemberTrust{NodeId(node), issuer, staged}));
  }
  void becomes(AuthorityState state) {
    put(meta::authority_key(new_one), meta::encode(authority(new_one, state)));
  }
  const std::string& look() {
    judge.applied(++index, rows);
    return world.said;
  }
  std::string unfinished() {
    return judge.unfinished([](NodeId) { return false; });
  }

  test::Evidence world;
  ExchangeJudge judge{world};
  Rows rows;
  Index index;
};

TEST_F(Judge, MembersThatDoNotLetEachOtherInAreNoCluster) {
  judge.certified(NodeId(1), {{old_one, new_one}, old_one, {}});
  EXPECT_EQ(world.said, "");
  judge.certified(NodeId(1), {{old_one, new_one}, new_one, {}});
  EXPECT_NE(world.said, "");
}

TEST_F(Judge, ANewcomerCountsFromItsFirstReport) {
  becomes(AuthorityState::staged);
  look();
  judge.certified(NodeId(3), {{authority_numbered(7)}, authority_numbered(7), {}});
  member(3);
  EXPECT_EQ(look(), "");
  EXPECT_FALSE(judge.counts(NodeId(3)));
  report(3, authority_numbered(7), new_one);
  EXPECT_NE(look(), "");
}

TEST_F(Judge, WhoIsRetiredMayBeRefused) {
  judge.certified(NodeId(2), {{old_one, new_one}, old_one, {}});
  member(1, meta::MemberState::retired);
  look();
  judge.certified(NodeId(2), {{new_one}, new_one, {}});
  EXPECT_EQ(world.said, "");
}

TEST_F(Judge, NothingIsTheOnlyOneBeforeEverybodyHasIt) {
  becomes(AuthorityState::staged);
  for (const Digest& issuer : {old_one, new_one})
    for (const std::uint32_t node : {1U, 2U}) judge.certified(NodeId(node), {{old_one, new_one}, issuer, {}});
  report(1, new_one, new_one);
  EXPECT_EQ(look(), "");
  becomes(AuthorityState::sole);
  EXPECT_NE(look(), "") << "node 2 has not reported it";
}

TEST_F(Judge, AnExchangeIsFinishedOrHasItsReason) {
  EXPECT_EQ(unfinished(), "");
  becomes(AuthorityState::staged);
  look();
  EXPECT_NE(unfinished(), "") << "nobody trusts it";
  for (const std::uint32_t node : {1U, 2U}) judge.certified(NodeId(node), {{old_one, new_one}, old_one, {}});
  EXPECT_EQ(unfinished(), "") << "nobody has the key";
  judge.certified(NodeId(1), {{old_one, new_one}, old_one, new_one});
  EXPECT_NE(unfinished(), "") << "node 1 could sign";
  EXPECT_EQ(judge.unfinished([](NodeId node) { return node == NodeId(2); }), "") << "it is lost";
  judge.certified(NodeId(2), {{old_one, new_one}, old_one, {}});
  for (const std::uint32_t node : {1U, 2U}) {
    judge.certified(NodeId(node), {{old_one, new_one}, new_one, {}});
    report(node, new_one, new_one);
  }
  becomes(AuthorityState::sole);
  look();
  EXPECT_NE(unfinished(), "") << "the old one is still trusted";
  for (const std::uint32_t node : {1U, 2U}) judge.certified(NodeId(node), {{new_one}, new_one, {}});
  EXPECT_EQ(unfinished(), "");
  EXPECT_EQ(world.said, "");
}

}  // namespace
}  // namespace nodedb::sim
