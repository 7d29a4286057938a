// SPDX-License-Identifier: Apache-2.0
// One node's SWIM among puppets.
#include "swim/swim.h"

#include <gtest/gtest.h>

#include <set>

#include "swim/rules.h"
#include "tests/unit/swim/solo.h"

namespace nodedb::swim::test {
namespace {

TEST(Probe, PingsOneMemberAPeriodAndEachOnceARound) {
  Solo solo(5);
  solo.pass(4 * solo.options.period_ns, true);
  EXPECT_EQ(solo.count<Ping>(), 4U);
  std::set<NodeId> pinged;
  for (const Outgoing& one : solo.sent) pinged.insert(one.to);
  EXPECT_EQ(pinged.size(), 4U);
  EXPECT_TRUE(solo.changes.empty());
}

TEST(Probe, AsksHelpersThenSuspectsTheTarget) {
  Solo solo(5);
  const auto ping = solo.next_ping();
  EXPECT_EQ(solo.count<PingRequest>(), 0U);
  solo.pass(solo.options.ack_wait_ns);
  EXPECT_EQ(solo.count<PingRequest>(), 3U);
  const auto request = solo.last<PingRequest>();
  EXPECT_EQ(request->second.target, ping.first);
  EXPECT_NE(request->first, ping.first);
  EXPECT_TRUE(solo.changes.empty());
  solo.pass(solo.options.period_ns - solo.options.ack_wait_ns);
  ASSERT_EQ(solo.changes.size(), 1U);
  EXPECT_EQ(solo.changes[0].is.node, ping.first);
  EXPECT_EQ(solo.changes[0].is.standing, Standing::suspect);
  EXPECT_EQ(solo.changes[0].is.by, NodeId(1));
  EXPECT_EQ(solo.swim.counts().failed, 1U);
}

TEST(Probe, AnAckThroughAHelperCounts) {
  Solo solo(5);
  solo.next_ping();
  solo.pass(solo.options.ack_wait_ns);
  const auto request = solo.last<PingRequest>();
  ASSERT_TRUE(request);
  solo.hear(request->first.value, Ack{request->second.sequence, {}});
  solo.pass(solo.options.period_ns - solo.options.ack_wait_ns);
  EXPECT_TRUE(solo.changes.empty());
}

TEST(Probe, AnAckOfSomebodyWhoWasNotAskedIsNothing) {
  Solo solo(5);
  const auto [target, ping] = solo.next_ping();
  solo.hear(target == NodeId(2) ? 3 : 2, Ack{ping.sequence, {}});
  solo.hear(target.value, Ack{ping.sequence + 1, {}});
  solo.hear(99, Ack{ping.sequence, {}});
  solo.pass(solo.options.period_ns);
  EXPECT_EQ(solo.changes.size(), 1U);
  EXPECT_EQ(solo.swim.counts().ignored, 2U);
}

TEST(Probe, WhoHasJustAnsweredByOtherMeansIsNotPinged) {
  Solo solo(3);
  const std::uint64_t before = solo.swim.counts().vouched;
  for (int n = 0; n < 50; ++n) {
    for (const std::uint32_t peer : {2U, 3U}) solo.swim.vouch(solo.now, NodeId(peer), solo.now);
    solo.pass(200 * ns_per_ms);
  }
  EXPECT_EQ(solo.count<Ping>() + solo.count<PingRequest>(), 0U)
      << "all that is said is the exchange of now and then";
  EXPECT_GE(solo.swim.counts().vouched - before, 9U);
}

TEST(Probe, AnAnswerByOtherMeansWhileItIsUnderWaySuffices) {
  Solo solo(3);
  const NodeId target = solo.next_ping().first;
  solo.swim.vouch(solo.now, target, solo.now);
  solo.pass(solo.options.period_ns);
  EXPECT_TRUE(solo.changes.empty());
}

TEST(Helper, PingsForTheAskerAndPassesTheAckOn) {
  Solo solo(4);
  solo.hear(2, PingRequest{77, NodeId(3), {}});
  const auto ping = solo.last<Ping>(3);
  ASSERT_TRUE(ping);
  solo.hear(4, Ack{ping->second.sequence, {}});  // not the target
  EXPECT_FALSE(solo.last<Ack>());
  solo.hear(3, Ack{ping->second.sequence, {}});
  ASSERT_TRUE(solo.last<Ack>(2));
  EXPECT_EQ(solo.last<Ack>(2)->second.sequence, 77U);
  solo.pass(solo.options.period_ns, true);
  EXPECT_FALSE(solo.last<Nack>());
}

TEST(Helper, SaysSoIfTheTargetDoesNotAnswerBeforeTheAskersPatienceEnds) {
  Solo solo(4);
  solo.hear(2, PingRequest{77, NodeId(3), {}});
  solo.pass(solo.options.ack_wait_ns * 4 / 5 - 1);
  EXPECT_FALSE(solo.last<Nack>());
  solo.pass(1);
  ASSERT_TRUE(solo.last<Nack>(2));
  EXPECT_EQ(solo.last<Nack>(2)->second.sequence, 77U);
  // A late ack is passed on all the same.
  solo.hear(3, Ack{solo.last<Ping>(3)->second.sequence, {}});
  EXPECT_TRUE(solo.last<Ack>(2));
}

TEST(Helper, RefusesErrandsThatMeanNothingAndMoreThanItCanCarry) {
  Solo solo(4);
  solo.hear(2, PingRequest{1, NodeId(1), {}});
  solo.hear(2, PingRequest{1, NodeId(2), {}});
  solo.hear(2, PingRequest{1, NodeId(44), {}});
  EXPECT_TRUE(solo.sent.empty());
  for (std::uint64_t n = 0; n < limits::swim_errands_max + 5; ++n)
    solo.hear(2, PingRequest{n, NodeId(3), {}});
  EXPECT_EQ(solo.count<Ping>(), limits::swim_errands_max);
}

TEST(Health, SilentHelpersAreASignOfOwnIllnessAndNacksAreNot) {
  for (const bool nacks : {true, false}) {
    Solo solo(5);
    solo.next_ping();
    solo.pass(solo.options.ack_wait_ns);
    std::vector<std::pair<std::uint32_t, Nack>> answers;
    for (const Outgoing& one : solo.sent) {
      if (const auto* request = std::get_if<PingRequest>(&one.message))
        answers.emplace_back(one.to.value, Nack{request->sequence});
    }
    ASSERT_EQ(answers.size(), 3U);
    if (nacks) {
      for (const auto& [from, nack] : answers) solo.hear(from, nack);
    }
    solo.pass(solo.options.period_ns - solo.options.ack_wait_ns);
    EXPECT_EQ(solo.swim.ill(), nacks ? 0U : 3U);
    EXPECT_EQ(solo.changes.size(), 1U);
  }
}

TEST(Health, StretchesThePeriodAndEndsWithAnswers) {
  Solo solo(5);
  solo.pass(3 * solo.options.period_ns);
  EXPECT_GT(solo.swim.ill(), 0U);
  solo.sent.clear();
  solo.pass(20 * solo.options.period_ns);  // nobody answers
  EXPECT_EQ(solo.swim.ill(), 8U);
  EXPECT_LE(solo.count<Ping>(), 6U);
}

TEST(Stall, NobodyIsBlamedForWhatWasNotHeardMeanwhile) {
  for (const bool blames : {false, true}) {
    Solo solo(3, {.blames_after_stall = blames});
    solo.told(2, say(3, Standing::suspect, 2));
    solo.pass(1);
    solo.now = solo.now + 60 * ns_per_s;  // it stands still, and longer than any suspicion lasts
    solo.swim.wake(solo.now);
    solo.collect(false);
    EXPECT_EQ(solo.standing(3), blames ? Standing::dead : Standing::suspect);
    EXPECT_EQ(solo.swim.counts().stalls, 1U);
    EXPECT_GT(solo.swim.ill(), 0U);
  }
}

TEST(Sync, GivesAllAndIsAnsweredWithWhatIsKnownBetter) {
  Solo solo(4);
  solo.told(2, say(3, Standing::dead, 2));
  solo.pass(5 * ns_per_s, true);
  solo.sent.clear();
  solo.swim.connected(solo.now, NodeId(2));
  solo.collect(false);
  const auto sync = solo.last<Sync>(2);
  ASSERT_TRUE(sync);
  EXPECT_FALSE(sync->second.answer);
  EXPECT_EQ(sync->second.rumours.size(), 4U);
  EXPECT_EQ(sync->second.rumours.front().node, NodeId(2));

  solo.sent.clear();
  solo.hear(2, Sync{false,
                    {say(1, Standing::alive, 1, 7, 0), say(3, Standing::alive, 3),
                     say(4, Standing::alive, 4, 9), say(2, Standing::alive, 2)}});
  const auto answer = solo.last<Sync>(2);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->second.answer);
  EXPECT_EQ(answer->second.rumours, std::vector<Rumour>{say(3, Standing::dead, 2)});
  EXPECT_EQ(solo.swim.verdict(NodeId(4))->life, (Life{Incarnation(9), 0}));

  solo.sent.clear();
  solo.hear(2, Sync{true, {say(3, Standing::alive, 3)}});
  EXPECT_FALSE(solo.last<Sync>());
}

TEST(Sync, HappensByItselfWithOneThatLivesAndOneThatIsDead) {
  Solo solo(4);
  solo.told(2, say(3, Standing::dead, 2));
  solo.pass(solo.options.sync_ns, true);
  EXPECT_EQ(solo.count<Sync>(), 2U);
  EXPECT_TRUE(solo.last<Sync>(3));
}

TEST(Budget, NoMessageIsLargerThanADatagram) {
  Options options = strict();
  options.datagram_bytes = limits::swim_datagram_bytes_min;
  Solo solo(120, {}, options);
  solo.sent.clear();
  for (std::uint32_t id = 2; id <= 120; ++id) solo.told(2, say(id, Standing::suspect, 3, 0xffffffffff));
  solo.swim.connected(solo.now, NodeId(2));
  solo.pass(10 * ns_per_s, true);
  std::size_t largest = 0;
  for (const Outgoing& one : solo.sent) {
    std::size_t bytes = message_bytes;
    std::visit(
        [&](const auto& message) {
          if constexpr (requires { message.rumours; }) {
            for (const Rumour& rumour : message.rumours) bytes += rumour_bytes(rumour);
          }
        },
        one.message);
    largest = std::max(largest, bytes);
  }
  EXPECT_LE(largest, options.datagram_bytes);
  EXPECT_GT(largest, options.datagram_bytes - 20);
}

TEST(Leave, SaysGoodbyeOftenEnoughAndThenNothing) {
  Solo solo(3);
  solo.swim.leave(solo.now);
  EXPECT_FALSE(solo.swim.gone());
  EXPECT_EQ(solo.standing(1), Standing::left);
  solo.pass(ns_per_s);
  EXPECT_TRUE(solo.swim.gone());
  EXPECT_EQ(solo.count<Gossip>(), 4U);
  EXPECT_EQ(solo.last<Gossip>(2)->second.rumours, std::vector<Rumour>{say(1, Standing::left, 1, 7)});
  EXPECT_TRUE(solo.last<Gossip>(3));
  EXPECT_EQ(solo.swim.deadline(), never);
  solo.sent.clear();
  solo.pass(60 * ns_per_s);
  EXPECT_TRUE(solo.sent.empty());
  // It does not refute its own goodbye, and still answers.
  solo.hear(2, Ping{4, {say(1, Standing::left, 1, 7)}});
  EXPECT_EQ(solo.swim.life(), (Life{Incarnation(7), 0}));
  EXPECT_TRUE(solo.last<Ack>(2));
}

TEST(Leave, AloneThereIsNobodyToTell) {
  Solo solo(1);
  solo.swim.leave(solo.now);
  EXPECT_TRUE(solo.swim.gone());
}

TEST(Leave, WhoLeftIsNotProbedAndNotDead) {
  Solo solo(3);
  solo.told(3, say(3, Standing::left, 3));
  solo.pass(60 * ns_per_s, true);
  EXPECT_EQ(solo.standing(3), Standing::left);
  EXPECT_FALSE(solo.last<Ping>(3));
  solo.told(2, say(3, Standing::alive, 3, 4));
  EXPECT_EQ(solo.standing(3), Standing::alive);
}

TEST(Members, WhoIsNoMemberAnyMoreIsForgotten) {
  Solo solo(4);
  const std::uint32_t target = solo.next_ping().first.value;
  solo.hear(target == 2 ? 3 : 2, PingRequest{1, NodeId(target), {}});
  std::vector<NodeId> rest;
  for (std::uint32_t id = 1; id <= 4; ++id) {
    if (id != target) rest.push_back(NodeId(id));
  }
  solo.swim.set_members(solo.now, rest);
  EXPECT_FALSE(solo.swim.verdict(NodeId(target)));
  solo.sent.clear();
  solo.hear(target, Ping{1, {}});
  EXPECT_TRUE(solo.sent.empty());
  solo.pass(30 * ns_per_s, true);
  EXPECT_EQ(solo.swim.verdicts().size(), 3U);
  EXPECT_FALSE(solo.last<Ping>(target));
}

TEST(Members, VerdictsAreInOrderAndTellSinceWhen) {
  Solo solo(3);
  const Time then = solo.now;
  solo.told(2, say(3, Standing::suspect, 2));
  solo.pass(2 * ns_per_s, true);
  const auto verdicts = solo.swim.verdicts();
  ASSERT_EQ(verdicts.size(), 3U);
  for (std::uint32_t id = 1; id <= 3; ++id) EXPECT_EQ(verdicts[id - 1].node, NodeId(id));
  EXPECT_EQ(verdicts[2], (Verdict{NodeId(3), Standing::suspect, {Incarnation(3), 0}, then, NodeId(2)}));
  EXPECT_EQ(name(verdicts[2].standing), "suspect");
}

// --- planted bugs that a rule above sees at once; tests/unit/sim/pond_test.cc hunts the others ---

TEST(PlantedBug, OneWitnessCountsTwice) {
  for (const bool planted : {false, true}) {
    Solo solo(6, {.one_witness_counts_twice = planted});
    for (int n = 0; n < 4; ++n) solo.told(2, say(3, Standing::suspect, 2));
    solo.pass(6 * ns_per_s, true);
    EXPECT_EQ(solo.standing(3), planted ? Standing::dead : Standing::suspect);
  }
}

TEST(PlantedBug, NeverNacks) {
  for (const bool planted : {false, true}) {
    Solo solo(4, {.never_nacks = planted});
    solo.hear(2, PingRequest{77, NodeId(3), {}});
    solo.pass(solo.options.ack_wait_ns);
    EXPECT_EQ(solo.last<Nack>(2).has_value(), !planted);
  }
}

TEST(PlantedBug, MostSentFirst) {
  for (const bool planted : {false, true}) {
    Options options = strict();
    options.datagram_bytes = limits::swim_datagram_bytes_min;
    Solo solo(60, {.most_sent_first = planted}, options);
    for (std::uint32_t id = 10; id <= 60; ++id) solo.told(2, say(id, Standing::suspect, 2));
    solo.hear(2, Ping{1, {}});
    solo.told(2, say(3, Standing::dead, 2));
    solo.hear(2, Ping{2, {}});
    EXPECT_EQ(speaks_of(solo.last<Ack>(2)->second.rumours, say(3, Standing::dead, 2)), !planted);
  }
}

TEST(PlantedBug, SuspectNotTold) {
  for (const bool planted : {false, true}) {
    Solo solo(3, {.suspect_not_told = planted});
    solo.told(2, say(3, Standing::suspect, 2));
    solo.pass(3 * ns_per_s, true);
    solo.hear(3, Ping{5, {}});
    EXPECT_EQ(solo.last<Ack>(3)->second.rumours.empty(), planted);
  }
}

TEST(Quiet, ALoneNodeHasNoDeadline) {
  Solo solo(1);
  EXPECT_EQ(solo.swim.deadline(), never);
}

}  // namespace
}  // namespace nodedb::swim::test
