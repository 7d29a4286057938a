// SPDX-License-Identifier: Apache-2.0
// What group 0 says of certificates reaches the net thread, and forged claims reach the audit log.
#include "node/trust.h"

#include <gtest/gtest.h>

#include "meta/codec.h"
#include "tests/unit/node/founder.h"

namespace nodedb::node {
namespace {

Digest fingerprint(std::uint8_t byte) {
  Digest made;
  made.bytes.fill(byte);
  return made;
}

/// The first turn of a founder that knows these rows beside the genesis.
Turn first_turn(const std::vector<Put>& rows) {
  Boot boot = founder_boot();
  for (const Put& row : rows) boot.metadata.push_back(row);
  Node node = Node::create(founder_options(), std::move(boot), Rng(1), at_ms(0)).value();
  return node.step(at_ms(1), Wake{});
}

Put staged_row() {
  return {meta::authority_key(fingerprint(7)),
          meta::encode(meta::Authority{fingerprint(7), meta::AuthorityState::staged, "a certificate", {}})};
}

Put trust_row(std::uint32_t node, const Digest& staged) {
  return {meta::member_trust_key(NodeId(node)),
          meta::encode(meta::MemberTrust{NodeId(node), fingerprint(1), staged})};
}

TEST(Trust, MembersComeWithTheFirstTurn) {
  const Turn turn = first_turn({});
  ASSERT_TRUE(turn.trust);
  EXPECT_EQ(turn.trust->members, (std::set<Uuid>{uuid(1), uuid(2), uuid(3)}));
  EXPECT_TRUE(turn.trust->refused.empty());
  EXPECT_TRUE(turn.trust->authorities.empty());
  EXPECT_GT(turn.trust->certificate_lifetime_ns, 0);
  EXPECT_FALSE(turn.trust->current) << "group 0 has not been read in this life";
}

TEST(Trust, ARetiredMemberIsRefusedOnceGroupZeroHasLetItGo) {
  meta::Member gone = genesis().members.at(2);
  gone.state = meta::MemberState::retired;
  const Put row{meta::member_key(NodeId(3)), meta::encode(gone)};
  const Turn still = first_turn({row});
  ASSERT_TRUE(still.trust);
  EXPECT_EQ(still.trust->members, (std::set<Uuid>{uuid(1), uuid(2)}));
  EXPECT_TRUE(still.trust->refused.empty()) << "group 0 still sends it its log, so that it hears of it";

  Boot boot = founder_boot();
  boot.metadata.push_back(row);
  boot.log.groups.at(0).base.config.voters = {NodeId(1), NodeId(2)};
  Node node = Node::create(founder_options(), std::move(boot), Rng(1), at_ms(0)).value();
  const Turn gone_for_ever = node.step(at_ms(1), Wake{});
  ASSERT_TRUE(gone_for_ever.trust);
  EXPECT_EQ(gone_for_ever.trust->refused, std::set<Uuid>{uuid(3)});
}

TEST(Trust, AStagedAuthorityIsTrustedEverywhereOnlyIfEveryMemberSaysSo) {
  const Turn one_lacks =
      first_turn({staged_row(), trust_row(1, fingerprint(7)), trust_row(2, fingerprint(7))});
  ASSERT_TRUE(one_lacks.trust);
  ASSERT_NE(one_lacks.trust->find(meta::AuthorityState::staged), nullptr);
  EXPECT_FALSE(one_lacks.trust->staged_everywhere);
  EXPECT_FALSE(first_turn({staged_row(), trust_row(1, fingerprint(7)), trust_row(2, fingerprint(7)),
                           trust_row(3, fingerprint(8))})
                   .trust->staged_everywhere);
  EXPECT_TRUE(first_turn({staged_row(), trust_row(1, fingerprint(7)), trust_row(2, fingerprint(7)),
                          trust_row(3, fingerprint(7))})
                  .trust->staged_everywhere);
}

meta::Authority authority(std::uint8_t byte, meta::AuthorityState state) {
  return {fingerprint(byte), state, "a certificate", {}};
}

TEST(Trust, WhatIsStagedComesToWhatThereIsAndTheSoleOneReplacesIt) {
  using enum meta::AuthorityState;
  const std::set<Digest> now{fingerprint(1), fingerprint(2)};
  Trust trust;
  EXPECT_EQ(wanted_authorities(trust, now), now) << "no authority was ever exchanged";
  trust.authorities = {authority(3, staged), authority(4, withdrawn)};
  EXPECT_EQ(wanted_authorities(trust, now),
            (std::set{fingerprint(1), fingerprint(2), fingerprint(3), fingerprint(4)}));
  trust.authorities = {authority(3, sole), authority(5, staged)};
  EXPECT_EQ(wanted_authorities(trust, now), (std::set{fingerprint(3), fingerprint(5)}));
}

TEST(Trust, ARenewalByAnotherAuthorityWaitsForEverybody) {
  using enum meta::AuthorityState;
  Trust trust;
  EXPECT_EQ(wanted_issuer(trust, fingerprint(1)), nullptr);
  trust.authorities = {authority(1, sole), authority(2, staged)};
  EXPECT_EQ(wanted_issuer(trust, fingerprint(1)), nullptr) << "somebody would refuse it";
  trust.staged_everywhere = true;
  ASSERT_NE(wanted_issuer(trust, fingerprint(1)), nullptr);
  EXPECT_EQ(wanted_issuer(trust, fingerprint(1))->fingerprint, fingerprint(2));
  EXPECT_EQ(wanted_issuer(trust, fingerprint(2)), nullptr) << "it has been renewed";
  EXPECT_EQ(certificate_in_use(trust, fingerprint(1), {fingerprint(1)}),
            (CertificateInUse{fingerprint(1), {}}));
  EXPECT_EQ(certificate_in_use(trust, fingerprint(1), {fingerprint(1), fingerprint(2)}),
            (CertificateInUse{fingerprint(1), fingerprint(2)}));
}

/// A founder that is group 0's only voter and leads it: what it writes there can be seen.
class Alone {
 public:
  Alone() : node_(make()) {
    for (std::int64_t ms = 1; ms < 20'000 && !leads(); ms += 10) step(ms, Wake{});
  }
  bool leads() const { return node_.group(metadata_group)->role() == raft::Role::leader; }
  void hears(const Uuid& from, wire::PeerMessage message) {
    step(now_ms_ + 1, FromPeer{from, std::move(message)});
    for (int i = 0; i < 5; ++i) step(now_ms_ + 1, Wake{});
  }
  /// How often that text has come into group 0's log.
  std::size_t written(const std::string& text) const {
    std::size_t times = 0;
    for (const std::string& one : entries_) times += one.find(text) != std::string::npos ? 1U : 0U;
    return times;
  }

 private:
  static Node make() {
    Boot boot = founder_boot();
    boot.log.groups.at(0).base.config.voters = {NodeId(1)};
    return Node::create(founder_options(), std::move(boot), Rng(1), at_ms(0)).value();
  }
  void step(std::int64_t ms, Event event) {
    now_ms_ = ms;
    std::vector<Event> next{std::move(event)};
    while (!next.empty()) {
      const Turn turn = node_.step(at_ms(ms), std::exchange(next, {}));
      if (!turn.log) continue;
      for (const GroupLogUpdate& update : turn.log->batch.groups)
        for (const raft::Entry& entry : update.append) entries_.emplace_back(entry.payload.view());
      next.push_back(LogDurable{turn.log->id});
    }
  }

  Node node_;
  std::int64_t now_ms_ = 0;
  std::vector<std::string> entries_;
};

TEST(Forgery, AHelloWithAnothersNumberIsRefusedAndRemembered) {
  Alone alone;
  ASSERT_TRUE(alone.leads());
  alone.hears(uuid(2), wire::Hello{NodeId(2), Incarnation(3), "b:1", ""});
  EXPECT_EQ(alone.written("claims to be"), 0U);
  for (int i = 0; i < 3; ++i) alone.hears(uuid(2), wire::Hello{NodeId(3), Incarnation(3), "b:1", ""});
  EXPECT_EQ(alone.written("refused: node 2 claims to be node 3"), 1U) << "once an hour";
}

TEST(Forgery, AWriteWithAnotherGatewaysStampIsRefusedAndRemembered) {
  Alone alone;
  ASSERT_TRUE(alone.leads());
  wire::Forward forged;
  forged.request = 1;
  forged.incarnation = Incarnation(3);
  forged.group = metadata_group;
  forged.write = true;
  forged.stamp = {NodeId(3), Incarnation(3), 1, 1};
  forged.command = Blob(meta::encode(meta::MetaEntry(meta::AuditNote{"forged", {}})));
  alone.hears(uuid(2), wire::ForwardBundle{{forged}, {}});
  EXPECT_EQ(alone.written("forged"), 0U);
  EXPECT_EQ(alone.written("refused: node 2 forwards a write with the stamp of node 3"), 1U);
  forged.stamp.gateway = NodeId(2);
  alone.hears(uuid(2), wire::ForwardBundle{{forged}, {}});
  EXPECT_EQ(alone.written("forged"), 1U) << "it was the stamp";
}

TEST(DoorNotes, TheSameOfTheSameOnceAnHourAndNotTooManyOfAll) {
  DoorNotes notes;
  EXPECT_TRUE(notes.pass({"a", "x"}, Time{0}));
  EXPECT_FALSE(notes.pass({"a", "x"}, Time{3599 * ns_per_s}));
  EXPECT_TRUE(notes.pass({"a", "y"}, Time{1}));
  EXPECT_TRUE(notes.pass({"a", "x"}, Time{3600 * ns_per_s}));
  std::size_t passed = 1;
  for (std::size_t i = 0; i < 1000; ++i)
    passed += notes.pass({"stranger " + std::to_string(i), "x"}, Time{3601 * ns_per_s}) ? 1U : 0U;
  EXPECT_EQ(passed, DoorNotes::per_hour_max);
}

}  // namespace
}  // namespace nodedb::node
