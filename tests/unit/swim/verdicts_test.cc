// SPDX-License-Identifier: Apache-2.0
// What one node believes of whom, and how it answers what is said of itself.
#include <gtest/gtest.h>

#include "tests/unit/swim/solo.h"

namespace nodedb::swim::test {
namespace {

TEST(Verdict, ASuspicionEndsInDeathUnlessItIsRefuted) {
  Solo solo(4);
  solo.told(2, say(3, Standing::suspect, 2));
  solo.told(2, say(4, Standing::suspect, 2));
  EXPECT_EQ(solo.standing(3), Standing::suspect);
  solo.told(4, say(4, Standing::alive, 4, 3, 1));
  EXPECT_EQ(solo.standing(4), Standing::alive);
  // Four members: 5 s to 30 s, and nobody else bears witness (this node's own probes are answered).
  solo.pass(29 * ns_per_s, true);
  EXPECT_EQ(solo.standing(3), Standing::suspect);
  solo.pass(2 * ns_per_s, true);
  EXPECT_EQ(solo.standing(3), Standing::dead);
  EXPECT_EQ(solo.standing(4), Standing::alive);
  EXPECT_EQ(solo.changes.back().is.by, NodeId(1));
}

TEST(Verdict, IndependentWitnessesShortenItAndTheSameOneAgainDoesNot) {
  Solo solo(6);
  solo.told(2, say(3, Standing::suspect, 2));
  for (int n = 0; n < 9; ++n) solo.told(4, say(3, Standing::suspect, 2));
  solo.pass(10 * ns_per_s, true);
  EXPECT_EQ(solo.standing(3), Standing::suspect);
  solo.told(4, say(3, Standing::suspect, 4));
  solo.told(5, say(3, Standing::suspect, 5));
  EXPECT_EQ(solo.standing(3), Standing::suspect);
  solo.told(6, say(3, Standing::suspect, 6));
  solo.pass(0);
  EXPECT_EQ(solo.standing(3), Standing::dead);  // 10 s of the 5 that four witnesses leave are over
}

TEST(Verdict, StaleWordsAreNothing) {
  Solo solo(4);
  solo.told(3, say(3, Standing::alive, 3, 5, 2));
  for (const Standing standing : {Standing::suspect, Standing::dead, Standing::left}) {
    solo.told(2, say(3, standing, 2, 5, 1));
    solo.told(2, say(3, standing, 2, 4, 1000));
    EXPECT_EQ(solo.standing(3), Standing::alive);
  }
  solo.told(2, say(3, Standing::dead, 2, 5, 2));
  solo.told(2, say(3, Standing::suspect, 2, 5, 2));
  solo.told(2, say(3, Standing::alive, 2, 5, 2));
  EXPECT_EQ(solo.standing(3), Standing::dead);
  solo.told(3, say(3, Standing::alive, 3, 6, 0));  // a new boot, whatever the refutations of the last
  EXPECT_EQ(solo.standing(3), Standing::alive);
}

TEST(Verdict, WhatIsSaidOfStrangersOrOfImpossibleLivesIsNothing) {
  Solo solo(3);
  const auto before = solo.swim.verdicts();
  solo.told(2, say(99, Standing::dead, 2));
  solo.told(2, say(3, Standing::alive, 3, 3, 0xffffffff));
  solo.told(2, say(1, Standing::dead, 2, 8, 0));  // this boot is the 7th
  solo.told(99, say(3, Standing::dead, 99));
  EXPECT_EQ(solo.swim.verdicts(), before);
  EXPECT_EQ(solo.swim.counts().ignored, 4U);
  EXPECT_EQ(solo.swim.life(), (Life{Incarnation(7), 0}));
}

TEST(Refutation, RisesAboveWhatWasSaidAndIsSpread) {
  Solo solo(4);
  solo.told(2, say(1, Standing::suspect, 3, 7, 0));
  EXPECT_EQ(solo.swim.life(), (Life{Incarnation(7), 1}));
  EXPECT_EQ(solo.swim.ill(), 1U);
  solo.pass(0);
  ASSERT_TRUE(solo.last<Gossip>());
  EXPECT_TRUE(speaks_of(solo.last<Gossip>()->second.rumours, say(1, Standing::alive, 1, 7, 1)));
  solo.told(2, say(1, Standing::suspect, 3, 7, 0));  // the same again: refuted already
  EXPECT_EQ(solo.swim.life(), (Life{Incarnation(7), 1}));
  solo.told(2, say(1, Standing::dead, 3, 7, 5));
  EXPECT_EQ(solo.swim.life(), (Life{Incarnation(7), 6}));
  solo.told(2, say(1, Standing::dead, 3, 6, 99));  // of an earlier boot: this one refutes by being
  EXPECT_EQ(solo.swim.life(), (Life{Incarnation(7), 6}));
  EXPECT_EQ(solo.standing(1), Standing::alive);
}

TEST(Buddy, ASuspectIsToldWheneverItIsSpokenTo) {
  Solo solo(3);
  solo.told(2, say(3, Standing::suspect, 2));
  solo.pass(3 * ns_per_s, true);  // the news itself has been sent often enough
  solo.sent.clear();
  solo.hear(3, Ping{5, {}});
  ASSERT_TRUE(solo.last<Ack>(3));
  EXPECT_EQ(solo.last<Ack>(3)->second.rumours, std::vector<Rumour>{say(3, Standing::suspect, 2)});
  solo.pass(2 * ns_per_s, true);
  ASSERT_TRUE(solo.last<Ping>(3));
  EXPECT_TRUE(speaks_of(solo.last<Ping>(3)->second.rumours, say(3, Standing::suspect, 2)));
}

TEST(Buddy, TheDeadThatAnswerByOtherMeansAreToldNotTooOften) {
  Solo solo(3);
  solo.told(2, say(3, Standing::dead, 2));
  solo.pass(5 * ns_per_s, true);
  solo.sent.clear();
  for (int n = 0; n < 10; ++n) solo.swim.vouch(solo.now, NodeId(3), solo.now);
  solo.collect(false);
  ASSERT_EQ(solo.sent.size(), 1U);
  EXPECT_TRUE(speaks_of(solo.last<Gossip>(3)->second.rumours, say(3, Standing::dead, 2)));
}

}  // namespace
}  // namespace nodedb::swim::test
