// SPDX-License-Identifier: Apache-2.0
#include "raft/liveness.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace nodedb::raft {
namespace {

constexpr GroupId group{3};
constexpr NodeId me{1};
constexpr NodeId peer{2};

Time ms(std::int64_t n) {
  return Time{n * ns_per_ms};
}

/// Two nodes that exchange pulses by hand: `a` is node 1, `b` node 2.
struct Pair {
  Liveness a{Incarnation(1)};
  Liveness b{Incarnation(1)};

  Pulse from_a(std::int64_t at, bool reply_now = false, std::vector<Refusal> refusals = {}) {
    return a.make_pulse(peer, ms(at), reply_now, std::move(refusals), [](GroupId) { return Index(9); });
  }
  Pulse from_b(std::int64_t at, std::vector<Refusal> refusals = {}) {
    return b.make_pulse(me, ms(at), false, std::move(refusals), [](GroupId) { return Index(9); });
  }
  Liveness::Received to_b(const Pulse& pulse, std::int64_t at) { return b.receive(me, pulse, ms(at)); }
  Liveness::Received to_a(const Pulse& pulse, std::int64_t at) { return a.receive(peer, pulse, ms(at)); }
  void round(std::int64_t at) {
    to_b(from_a(at), at + 1);
    to_a(from_b(at + 1), at + 2);
  }
};

TEST(Liveness, SupportCountsFromTheSendTime) {
  Pair pair;
  pair.a.claim(group, Term(5));
  EXPECT_EQ(pair.a.supported_since(peer, group), long_ago);
  const auto received = pair.to_b(pair.from_a(100), 140);
  ASSERT_EQ(received.claims.size(), 1U);
  EXPECT_EQ(received.claims[0], (Claim{group, Term(5), Index(9), true}));
  EXPECT_TRUE(received.answer_now);
  EXPECT_EQ(pair.b.claimed_term(me, group), Term(5));
  EXPECT_EQ(pair.b.last_heard(me), ms(140));
  EXPECT_TRUE(pair.to_a(pair.from_b(150), 180).echoed);
  EXPECT_EQ(pair.a.supported_since(peer, group), ms(100));
}

TEST(Liveness, ANewClaimOrTermIsSupportedByNobodyYet) {
  Pair pair;
  pair.a.claim(group, Term(5));
  pair.round(100);
  pair.a.claim(group, Term(6));
  EXPECT_EQ(pair.a.supported_since(peer, group), long_ago);
  pair.a.claim(GroupId(4), Term(1));
  // An echo of a pulse that was sent before the claim proves nothing about it.
  pair.to_a(pair.from_b(150), 160);
  EXPECT_EQ(pair.a.supported_since(peer, group), long_ago);
  pair.round(200);
  EXPECT_EQ(pair.a.supported_since(peer, group), ms(200));
  EXPECT_EQ(pair.a.supported_since(peer, GroupId(4)), ms(200));
}

TEST(Liveness, ARefusedClaimIsNotSupported) {
  Pair pair;
  pair.a.claim(group, Term(5));
  pair.to_b(pair.from_a(100), 101);
  const auto received = pair.to_a(pair.from_b(102, {Refusal{group, Term(8)}}), 103);
  ASSERT_EQ(received.refusals.size(), 1U);
  EXPECT_EQ(received.refusals[0].term, Term(8));
  EXPECT_EQ(pair.a.supported_since(peer, group), long_ago);
  pair.round(200);  // it follows again
  EXPECT_EQ(pair.a.supported_since(peer, group), ms(200));
}

TEST(Liveness, OnlyNewsTravelOnceAcknowledged) {
  Pair pair;
  for (std::uint32_t g = 1; g <= 100; ++g) pair.a.claim(GroupId(g), Term(1));
  EXPECT_EQ(pair.from_a(10).claims.size(), 100U);
  EXPECT_EQ(pair.from_a(11).claims.size(), 100U);  // not acknowledged: complete again
  pair.round(20);
  EXPECT_TRUE(pair.from_a(30).claims.empty());
  pair.a.touch(GroupId(7));
  ASSERT_EQ(pair.from_a(40).claims.size(), 1U);
  pair.round(41);
  EXPECT_EQ(pair.a.supported_since(peer, GroupId(7)), ms(41));
  EXPECT_EQ(pair.a.supported_since(peer, GroupId(8)), ms(41));
  pair.a.touch(GroupId(999));  // not claimed: nothing happens
  EXPECT_TRUE(pair.from_a(50).claims.empty());
}

TEST(Liveness, AWithdrawalTravelsAndIsForgotten) {
  Pair pair;
  pair.a.claim(group, Term(5));
  pair.round(10);
  pair.a.disclaim(group, Term(4));  // an earlier term: not ours any more
  EXPECT_TRUE(pair.a.claims(group));
  pair.a.disclaim(group, Term(5));
  EXPECT_FALSE(pair.a.claims(group));
  EXPECT_EQ(pair.a.supported_since(peer, group), long_ago);
  const auto received = pair.to_b(pair.from_a(20), 21);
  ASSERT_EQ(received.claims.size(), 1U);
  EXPECT_FALSE(received.claims[0].leading);
  EXPECT_EQ(pair.b.claimed_term(me, group), std::nullopt);
  pair.to_a(pair.from_b(22), 23);
  EXPECT_TRUE(pair.from_a(30).claims.empty());
}

TEST(Liveness, LostPulsesDelayNewsButLoseNone) {
  Pair pair;
  pair.a.claim(group, Term(5));
  (void)pair.from_a(10);  // lost
  pair.a.claim(GroupId(4), Term(2));
  (void)pair.from_a(20);  // lost
  EXPECT_EQ(pair.to_b(pair.from_a(30), 31).claims.size(), 2U);
  pair.a.disclaim(group, Term(5));
  // The withdrawal is in no complete pulse, yet the receiver learns of it by absence.
  const auto received = pair.to_b(pair.from_a(40), 41);
  EXPECT_TRUE(
      std::ranges::any_of(received.claims, [](const Claim& c) { return c.group == group && !c.leading; }));
  EXPECT_EQ(pair.b.claims_of(me).size(), 1U);
}

TEST(Liveness, RepeatsAndReorderedPulsesAreStale) {
  Pair pair;
  pair.a.claim(group, Term(5));
  const Pulse first = pair.from_a(10);
  pair.a.claim(group, Term(6));
  const Pulse second = pair.from_a(20);
  EXPECT_FALSE(pair.to_b(second, 30).stale);
  EXPECT_TRUE(pair.to_b(first, 40).stale);
  EXPECT_EQ(pair.b.claimed_term(me, group), Term(6));
  EXPECT_EQ(pair.b.last_heard(me), ms(30));
}

TEST(Liveness, AnOldEchoNeitherRaisesNorLowersSupport) {
  Pair pair;
  pair.a.claim(group, Term(5));
  pair.to_b(pair.from_a(10), 11);
  Pulse old_echo = pair.from_b(12);
  pair.to_b(pair.from_a(50), 51);
  pair.to_a(pair.from_b(52), 53);
  old_echo.sent = ms(60);  // as if the echo of the first pulse came late, but in a new pulse
  EXPECT_FALSE(pair.to_a(old_echo, 61).echoed);
  EXPECT_EQ(pair.a.supported_since(peer, group), ms(50));
}

TEST(Liveness, EchoesOfTheFutureOrOfAnotherLifeAreGarbage) {
  Pair pair;
  pair.a.claim(group, Term(5));
  pair.to_b(pair.from_a(10), 11);
  Pulse pulse = pair.from_b(12);
  pulse.echo_sent = ms(1000);
  EXPECT_FALSE(pair.to_a(pulse, 13).echoed);
  pulse.echo_sent = ms(10);
  pulse.echo_version = 77;
  EXPECT_FALSE(pair.to_a(pulse, 13).echoed);
  pulse.echo_version = 1;
  pulse.echo_incarnation = Incarnation(4);
  EXPECT_FALSE(pair.to_a(pulse, 13).echoed);
  EXPECT_EQ(pair.a.supported_since(peer, group), long_ago);
}

TEST(Liveness, ARestartedFollowerSupportsNothingUntilItEchoes) {
  Pair pair;
  pair.a.claim(group, Term(5));
  pair.round(10);
  pair.b = Liveness(Incarnation(2));
  const auto received = pair.to_a(pair.from_b(20), 21);
  EXPECT_TRUE(received.peer_restarted);
  EXPECT_TRUE(received.answer_now);
  EXPECT_EQ(pair.a.supported_since(peer, group), long_ago);
  pair.round(30);
  EXPECT_EQ(pair.a.supported_since(peer, group), ms(30));
}

TEST(Liveness, APulseForAnEarlierLifeIsNotApplied) {
  Pair pair;
  pair.a.claim(group, Term(5));
  pair.round(10);
  pair.a.touch(group);
  pair.b = Liveness(Incarnation(2));
  const auto received = pair.to_b(pair.from_a(20), 21);  // relative to what the old one knew
  EXPECT_TRUE(received.claims.empty());
  EXPECT_TRUE(received.answer_now);
  pair.to_a(pair.from_b(22), 23);
  EXPECT_EQ(pair.a.supported_since(peer, group), long_ago);
  EXPECT_EQ(pair.to_b(pair.from_a(24), 25).claims.size(), 1U);
}

TEST(Liveness, ARestartedLeaderHasNoClaims) {
  Pair pair;
  pair.a.claim(group, Term(5));
  pair.round(10);
  pair.a = Liveness(Incarnation(2));
  const auto received = pair.to_b(pair.from_a(20), 21);
  EXPECT_TRUE(received.peer_restarted);
  EXPECT_EQ(pair.b.claimed_term(me, group), std::nullopt);
  Pulse old = pair.from_a(30);
  old.incarnation = Incarnation(1);
  EXPECT_TRUE(pair.to_b(old, 31).stale);
}

TEST(Liveness, TheHighestClaimIsTheHint) {
  Pair pair;
  EXPECT_EQ(pair.b.claimant(group), std::nullopt);
  pair.a.claim(group, Term(5));
  pair.to_b(pair.from_a(10), 11);
  Liveness third(Incarnation(1));
  third.claim(group, Term(7));
  const Pulse pulse = third.make_pulse(peer, ms(10), false, {}, [](GroupId) { return Index(); });
  pair.b.receive(NodeId(3), pulse, ms(12));
  EXPECT_EQ(pair.b.claimant(group), NodeId(3));
  pair.b.forget(NodeId(3));
  EXPECT_EQ(pair.b.claimant(group), me);
  EXPECT_EQ(pair.b.last_heard(NodeId(3)), long_ago);
}

TEST(Liveness, TwoPulsesOfOneInstantBothCount) {
  Pair pair;
  pair.a.claim(group, Term(5));
  const Pulse first = pair.from_a(10);
  pair.a.claim(GroupId(4), Term(1));
  const Pulse second = pair.from_a(10);
  EXPECT_FALSE(pair.to_b(first, 11).stale);
  EXPECT_FALSE(pair.to_b(second, 11).stale);
  EXPECT_EQ(pair.b.claims_of(me).size(), 2U);
  EXPECT_TRUE(pair.to_b(first, 12).stale);
}

}  // namespace
}  // namespace nodedb::raft
