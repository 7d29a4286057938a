// SPDX-License-Identifier: Apache-2.0
// SWIM's arithmetic and small parts, each alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "swim/health.h"
#include "swim/round.h"
#include "swim/rules.h"
#include "swim/rumours.h"
#include "swim/suspicion.h"
#include "tests/unit/swim/solo.h"

namespace nodedb::swim::test {
namespace {

constexpr Standing standings[] = {Standing::alive, Standing::suspect, Standing::dead, Standing::left};

Life life(std::uint64_t boot, std::uint32_t refutation) {
  return {Incarnation(boot), refutation};
}

TEST(Supersedes, IsATotalOrderByLifeThenStanding) {
  const Life lives[] = {life(1, 0), life(1, 1), life(2, 0), life(2, 9), life(3, 0)};
  std::vector<std::pair<Life, Standing>> words;
  for (const Life& one : lives) {
    for (const Standing standing : standings) words.emplace_back(one, standing);
  }
  for (std::size_t a = 0; a < words.size(); ++a) {
    for (std::size_t b = 0; b < words.size(); ++b) {
      EXPECT_EQ(supersedes(words[a].first, words[a].second, words[b].first, words[b].second), a > b);
    }
  }
}

TEST(Sends, GrowWithTheLogarithm) {
  EXPECT_EQ(sends(4, 0), 4U);
  EXPECT_EQ(sends(4, 1), 4U);
  EXPECT_EQ(sends(4, 9), 4U);
  EXPECT_EQ(sends(4, 10), 8U);
  EXPECT_EQ(sends(4, 99), 8U);
  EXPECT_EQ(sends(3, 100), 9U);
}

TEST(SuspicionTime, GoesFromLongestToShortestByTheLogarithmOfWitnesses) {
  const SuspicionBounds bounds = suspicion_bounds({}, 100);
  EXPECT_EQ(bounds, (SuspicionBounds{10 * ns_per_s, 60 * ns_per_s, 3}));
  EXPECT_EQ(suspicion_ns(bounds, 0), 60 * ns_per_s);
  // 60 - 50 * log 2 / log 4 and 60 - 50 * log 3 / log 4
  EXPECT_EQ(suspicion_ns(bounds, 1), 35 * ns_per_s);
  EXPECT_NEAR(static_cast<double>(suspicion_ns(bounds, 2)), 20.376e9, 0.001e9);
  EXPECT_EQ(suspicion_ns(bounds, 3), 10 * ns_per_s);
  EXPECT_EQ(suspicion_ns(bounds, 9), 10 * ns_per_s);
}

TEST(SuspicionTime, WantsNoMoreWitnessesThanThereCanBe) {
  EXPECT_EQ(suspicion_bounds({}, 3), (SuspicionBounds{5 * ns_per_s, 30 * ns_per_s, 1}));
  EXPECT_EQ(suspicion_bounds({}, 2), (SuspicionBounds{5 * ns_per_s, 30 * ns_per_s, 0}));
  EXPECT_EQ(suspicion_bounds({}, 0).witnesses, 0U);
  EXPECT_EQ(suspicion_ns(suspicion_bounds({}, 2), 0), 5 * ns_per_s);
}

TEST(Suspicion, CountsEachWitnessOnceAndNoneTooMany) {
  const SuspicionBounds bounds = suspicion_bounds({}, 10);
  Suspicion suspicion(NodeId(1), Time{0}, bounds);
  EXPECT_EQ(suspicion.deadline(), Time{30 * ns_per_s});
  EXPECT_FALSE(suspicion.confirm(NodeId(1)));
  EXPECT_TRUE(suspicion.confirm(NodeId(2)));
  EXPECT_FALSE(suspicion.confirm(NodeId(2)));
  EXPECT_TRUE(suspicion.confirm(NodeId(3)));
  EXPECT_TRUE(suspicion.confirm(NodeId(4)));
  EXPECT_EQ(suspicion.deadline(), Time{5 * ns_per_s});
  EXPECT_FALSE(suspicion.confirm(NodeId(5)));
  suspicion.postpone(7);
  EXPECT_EQ(suspicion.deadline(), Time{5 * ns_per_s + 7});
}

TEST(Health, StretchesUpToItsWorst) {
  Health health(8);
  health.better();
  EXPECT_EQ(health.stretched(100), 100);
  health.worse(3);
  EXPECT_EQ(health.stretched(100), 400);
  health.worse(0xffffffff);
  EXPECT_EQ(health.ill(), 8U);
  health.better();
  EXPECT_EQ(health.stretched(100), 800);
}

TEST(Round, VisitsEverybodyOnceInEach) {
  Rng rng(1);
  Round round;
  for (std::uint32_t id = 1; id <= 10; ++id) round.add(NodeId(id), rng);
  const auto all = [](NodeId) { return true; };
  std::vector<NodeId> first;
  for (int n = 0; n < 10; ++n) first.push_back(round.next(rng, all));
  EXPECT_EQ(std::set<NodeId>(first.begin(), first.end()).size(), 10U);
  std::vector<NodeId> second;
  for (int n = 0; n < 10; ++n) second.push_back(round.next(rng, all));
  EXPECT_EQ(std::set<NodeId>(second.begin(), second.end()).size(), 10U);
  EXPECT_NE(first, second);
}

TEST(Round, KeepsItsPlaceWhenMembersComeAndGo) {
  Rng rng(1);
  Round round;
  for (std::uint32_t id = 1; id <= 6; ++id) round.add(NodeId(id), rng);
  const auto all = [](NodeId) { return true; };
  std::set<NodeId> seen;
  for (int n = 0; n < 3; ++n) seen.insert(round.next(rng, all));
  round.remove(*seen.begin());
  round.add(NodeId(7), rng);
  for (int n = 0; n < 4; ++n) EXPECT_TRUE(seen.insert(round.next(rng, all)).second);
  EXPECT_EQ(seen.size(), 7U);
  EXPECT_EQ(round.next(rng, [](NodeId) { return false; }), NodeId());
}

TEST(Rumours, SentLeastFirstThenNewestAndForgottenWhenSentEnough) {
  Rumours rumours(false);
  rumours.add(say(2, Standing::dead, 9));
  rumours.add(say(3, Standing::dead, 9));
  const auto take = [&](std::size_t bytes) {
    std::vector<Rumour> out;
    rumours.take(out, bytes, 2);
    std::vector<std::uint32_t> nodes;
    for (const Rumour& one : out) nodes.push_back(one.node.value);
    return nodes;
  };
  const std::size_t one = rumour_bytes(say(2, Standing::dead, 9));
  EXPECT_EQ(take(one), std::vector<std::uint32_t>{3});
  EXPECT_EQ(take(one + one - 1), std::vector<std::uint32_t>{2});
  rumours.add(say(4, Standing::alive, 4));
  EXPECT_EQ(take(2 * one), (std::vector<std::uint32_t>{4, 3}));  // 3 has been sent twice now
  EXPECT_EQ(take(10 * one), (std::vector<std::uint32_t>{4, 2}));
  EXPECT_TRUE(rumours.empty());
  EXPECT_EQ(take(10 * one), std::vector<std::uint32_t>{});
}

TEST(Rumours, ANewWordReplacesTheOldAndBeginsAnew) {
  Rumours rumours(false);
  rumours.add(say(2, Standing::suspect, 9));
  std::vector<Rumour> out;
  rumours.take(out, 100, 2);
  rumours.add(say(2, Standing::dead, 9));
  EXPECT_EQ(rumours.size(), 1U);
  for (int n = 0; n < 2; ++n) {
    out.clear();
    rumours.take(out, 100, 2);
    EXPECT_EQ(out, std::vector<Rumour>{say(2, Standing::dead, 9)});
  }
  EXPECT_TRUE(rumours.empty());
}

TEST(Rumours, SkipWhatTheMessageSpeaksOfAlready) {
  Rumours rumours(false);
  rumours.add(say(2, Standing::suspect, 9));
  std::vector<Rumour> out{say(2, Standing::dead, 1)};
  rumours.take(out, 100, 1);
  EXPECT_EQ(out.size(), 1U);
  EXPECT_FALSE(rumours.empty());
}

TEST(Options, ProfilesAreValidAndEveryComplaintIsMade) {
  for (const Profile profile : {Profile::local, Profile::lan, Profile::wan}) {
    EXPECT_TRUE(Options::of(profile).validate().empty());
  }
  Options bad;
  bad.ack_wait_ns = 0;
  bad.period_ns = 0;
  bad.gossip_ns = 0;
  bad.gossip_fanout = 0;
  bad.sync_ns = -1;
  bad.suspicion_factor = std::nan("");
  bad.suspicion_stretch = 0.5;
  bad.datagram_bytes = 1 << 20;
  EXPECT_EQ(bad.validate().size(), 8U);
}

}  // namespace
}  // namespace nodedb::swim::test
