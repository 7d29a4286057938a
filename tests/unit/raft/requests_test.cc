// SPDX-License-Identifier: Apache-2.0
// One group's commit rule, bad messages, requests and caps.
#include "tests/unit/raft/solo.h"

namespace nodedb::raft::test {
namespace {

// --- commit ---

TEST(Group, AnOldTermsEntryIsNotCommittedByCounting) {  // paper, figure 8
  for (const bool planted : {false, true}) {
    PlantedBugs bugs;
    bugs.commit_old_term = planted;
    Options options;
    options.append_entries_max = 1;
    Solo solo(Solo::fresh(3, {entry(2, 2)}, Term(3)), options, bugs);
    solo.lead(ms(1500));
    solo.group.receive(ms(1501), b, AppendReply{.term = Term(4), .success = true, .match = Index(2)},
                       solo.live);
    (void)solo.settle(ms(1501));
    EXPECT_EQ(solo.group.commit(), planted ? Index(2) : Index(1));
    solo.acknowledge(ms(1502), b);
    EXPECT_EQ(solo.group.commit(), Index(3));
  }
}

TEST(Group, AcknowledgementsOfAnyShapeDoNoHarm) {
  Solo solo(Solo::fresh(3));
  solo.lead(ms(1500));
  solo.acknowledge(ms(1500), b);
  const auto reply = [&](const AppendReply& each) {
    solo.group.receive(ms(1501), b, each, solo.live);
    (void)solo.settle(ms(1501));
  };
  reply({.term = Term(2), .success = true, .match = Index(1)});      // older than what is known
  reply({.term = Term(2), .success = true, .match = Index(1'000)});  // more than there is
  reply({.term = Term(2), .success = false, .rejected = Index(1), .conflict = {Index(1), Term(9)}});
  reply({.term = Term(2), .success = false, .rejected = Index(1'000), .conflict = {Index(7), Term()}});
  reply({.term = Term(2), .success = false, .rejected = Index(0), .conflict = {}});
  ASSERT_EQ(solo.group.followers().size(), 2U);
  EXPECT_EQ(solo.group.followers()[0].match, Index(2));
  EXPECT_EQ(solo.group.commit(), Index(2));
  solo.group.receive(ms(1501), NodeId(77), AppendReply{.term = Term(2), .success = true, .match = Index(2)},
                     solo.live);
}

TEST(Group, OverwrittenProposalsAreReportedLost) {
  Solo solo(Solo::fresh(3));
  solo.lead(ms(1500));
  solo.acknowledge(ms(1500), b);
  ASSERT_TRUE(solo.group.propose(ms(1501), {Blob(Bytes("x")), Blob(Bytes("y"))}));
  (void)solo.settle(ms(1501));
  const Append overwrite{Term(5), {Index(2), Term(2)}, Index(2), {entry(3, 5)}};
  solo.group.receive(ms(1502), c, overwrite, solo.live);
  const Work work = solo.settle(ms(1502));
  ASSERT_EQ(work.lost.size(), 2U);
  EXPECT_EQ(work.lost[0].index, Index(3));
  EXPECT_EQ(work.lost[1].index, Index(4));
  EXPECT_EQ(work.lost[0].term, Term(2));
}

// --- bad messages ---

TEST(Group, ImplausibleAppendsAreIgnored) {
  Solo solo(Solo::fresh(3, {entry(2, 1)}));
  Entry config = entry(3, 2);
  config.kind = EntryKind::config;
  const std::vector<Append> bad{
      {Term(2), {Index(2), Term(1)}, Index(9), {entry(4, 2)}},               // a gap
      {Term(2), {Index(2), Term(1)}, Index(9), {entry(3, 3)}},               // a term above its own
      {Term(2), {Index(2), Term(1)}, Index(9), {entry(3, 2), entry(4, 1)}},  // terms fall
      {Term(2), {Index(2), Term(7)}, Index(9), {}},                          // previous above its own
      {Term(2), {Index(2), Term(1)}, Index(9), {config}},                    // no config in it
  };
  for (const Append& each : bad) {
    solo.group.receive(ms(10), b, each, solo.live);
    EXPECT_TRUE(solo.settle(ms(10)).empty());
    EXPECT_EQ(solo.group.last().index, Index(2));
    EXPECT_EQ(solo.group.term(), Term(1));
  }
  solo.group.receive(ms(10), NodeId(), Append{Term(9), {Index(2), Term(1)}, Index(1), {}}, solo.live);
  solo.group.receive(ms(10), a, Append{Term(9), {Index(2), Term(1)}, Index(1), {}}, solo.live);
  EXPECT_EQ(solo.group.term(), Term(1));
}

TEST(Group, AnAppendBelowTheBaseIsClipped) {
  Restored restored{
      HardState{Term(3), NodeId(), Index(10)}, Position{Index(10), Term(3)}, voters(3), {}, Index(10)};
  Solo solo(restored);
  const Append append{Term(3), {Index(8), Term(2)}, Index(11), {entry(9, 2), entry(10, 3), entry(11, 3)}};
  solo.group.receive(ms(10), b, append, solo.live);
  const Work work = solo.settle(ms(10));
  ASSERT_NE(only<AppendReply>(work.send_after), nullptr);
  EXPECT_EQ(only<AppendReply>(work.send_after)->match, Index(11));
  EXPECT_EQ(solo.group.commit(), Index(11));
}

TEST(GroupDeathTest, TruncatingWhatIsCommittedAborts) {
  Solo solo(Solo::fresh(3));
  solo.group.receive(ms(10), b, Append{Term(1), {Index(1), Term(1)}, Index(2), {entry(2, 1)}}, solo.live);
  EXPECT_DEATH(
      solo.group.receive(ms(11), c, Append{Term(2), {Index(1), Term(1)}, Index(2), {entry(2, 2)}}, solo.live),
      "R3");
}

// --- requests and caps ---

TEST(Group, RequestsToAFollowerNameTheirError) {
  Solo solo(Solo::fresh(3));
  EXPECT_EQ(solo.group.propose(ms(1), {Blob(Bytes("x"))}).error(), (Error{Code::not_leader, {}}));
  EXPECT_EQ(solo.group.change_config(ms(1), voters(3)).error().code, Code::not_leader);
  EXPECT_EQ(solo.group.transfer(ms(1), b).error().code, Code::not_leader);
  EXPECT_EQ(solo.group.read_index(ms(1), 1, solo.live).error().code, Code::no_leader);
}

TEST(Group, FullQueuesAnswerBusy) {
  Options options;
  options.uncommitted_bytes_max = 100;
  options.pending_reads_max = 2;
  Solo solo(Solo::fresh(3), options);
  solo.lead(ms(1500));
  EXPECT_EQ(solo.group.propose(ms(1501), {}).error().code, Code::malformed);
  EXPECT_EQ(solo.group.propose(ms(1501), {Blob(Bytes(200, 'x'))}).error().code, Code::busy);
  solo.acknowledge(ms(1501), b);
  EXPECT_TRUE(solo.group.propose(ms(1501), {Blob(Bytes(200, 'x'))}));  // alone it may exceed the cap
  EXPECT_EQ(solo.group.propose(ms(1501), {Blob(Bytes("x"))}).error().code, Code::busy);
  EXPECT_TRUE(solo.group.read_index(ms(1501), 1, solo.live));
  EXPECT_TRUE(solo.group.read_index(ms(1501), 2, solo.live));
  EXPECT_EQ(solo.group.read_index(ms(1501), 3, solo.live).error().code, Code::busy);
}

TEST(Group, WhoWantsARoundGetsOneWhateverTheLease) {
  Solo solo(Solo::fresh(3));
  solo.lead(ms(1500));
  solo.acknowledge(ms(1501), b);
  solo.live.claim(id, solo.group.term());
  solo.exchange_pulses(ms(1550), b);
  ASSERT_TRUE(solo.group.read_index(ms(1600), 1, solo.live));
  EXPECT_EQ(solo.settle(ms(1600)).reads.size(), 1U) << "by the lease";
  ASSERT_TRUE(solo.group.read_index(ms(1600), 2, solo.live, ReadProof::round));
  const Work waits = solo.settle(ms(1600));
  EXPECT_TRUE(waits.reads.empty());
  EXPECT_TRUE(waits.wants_round);
  EXPECT_TRUE(solo.group.confirms(ms(1600), ms(1600), solo.live));
  EXPECT_FALSE(solo.group.confirms(ms(1600), ms(1600), solo.live, ReadProof::round));
  solo.exchange_pulses(ms(1601), b);
  solo.group.support_changed(ms(1602), solo.live);
  const Work granted = solo.settle(ms(1602));
  ASSERT_EQ(granted.reads.size(), 1U);
  EXPECT_EQ(granted.reads[0].context, 2U);
  EXPECT_TRUE(granted.reads[0].granted);
  EXPECT_TRUE(solo.group.confirms(ms(1602), ms(1600), solo.live, ReadProof::round));
}

TEST(Group, AFollowersQuestionExpires) {
  Solo solo(Solo::fresh(3));
  solo.group.claimed(ms(100), b, Claim{id, Term(1), Index(1), true});
  ASSERT_TRUE(solo.group.read_index(ms(200), 42, solo.live));
  EXPECT_NE(only<ReadIndexRequest>(solo.settle(ms(200)).send_now), nullptr);
  EXPECT_EQ(solo.group.deadline(), ms(1200));
  solo.group.wake(ms(1200), solo.live);
  const Work work = solo.settle(ms(1200));
  ASSERT_EQ(work.reads.size(), 1U);
  EXPECT_EQ(work.reads[0].context, 42U);
  EXPECT_FALSE(work.reads[0].granted);
  solo.group.receive(ms(1300), b, ReadIndexReply{Term(1), 42, true, Index(5)}, solo.live);
  EXPECT_TRUE(solo.settle(ms(1300)).reads.empty());  // too late: it was answered
}

TEST(Group, OneConfigChangeAtATime) {
  Solo solo(Solo::fresh(3));
  solo.lead(ms(1500));
  Config with_learner = voters(3);
  with_learner.learners = {NodeId(4)};
  EXPECT_EQ(solo.group.change_config(ms(1500), with_learner).error().code,
            Code::conflict);  // noop uncommitted
  solo.acknowledge(ms(1500), b);
  EXPECT_EQ(solo.group.change_config(ms(1500), voters(5)).error().code, Code::invalid_state);
  ASSERT_TRUE(solo.group.change_config(ms(1500), with_learner));
  EXPECT_EQ(solo.group.config(), with_learner);  // in force once appended
  EXPECT_FALSE(solo.group.config_committed());
  EXPECT_EQ(solo.group.change_config(ms(1500), voters(3)).error().code, Code::conflict);
  (void)solo.settle(ms(1500));
  solo.acknowledge(ms(1501), c);
  EXPECT_TRUE(solo.group.config_committed());
  EXPECT_EQ(solo.group.config_at(Index(2)), voters(3));
  EXPECT_EQ(solo.group.config_at(Index(3)), with_learner);
}

TEST(Group, TransferRefusesWhoCannotLead) {
  Solo solo(Solo::fresh(3));
  solo.lead(ms(1500));
  EXPECT_EQ(solo.group.transfer(ms(1500), NodeId(9)).error().code, Code::not_found);
  EXPECT_TRUE(solo.group.transfer(ms(1500), a));
  EXPECT_EQ(solo.group.transferring_to(), std::nullopt);
  ASSERT_TRUE(solo.group.transfer(ms(1500), b));
  EXPECT_EQ(solo.group.transfer(ms(1500), c).error().code, Code::conflict);
  EXPECT_TRUE(solo.group.transfer(ms(1500), b));
  EXPECT_EQ(solo.group.propose(ms(1500), {Blob(Bytes("x"))}).error().code, Code::stopping);
  solo.group.wake(ms(2500), solo.live);
  EXPECT_EQ(solo.group.transferring_to(), std::nullopt);
  EXPECT_TRUE(solo.group.propose(ms(2500), {Blob(Bytes("x"))}));
}

TEST(Group, ATargetThatCatchesUpTooLateIsNotToldToStand) {
  for (const std::int64_t later : {999, 1000, 1100}) {
    Solo solo(Solo::fresh(3));
    solo.lead(ms(1500));
    ASSERT_TRUE(solo.group.transfer(ms(1500), b));
    (void)solo.settle(ms(1500));
    // Before the node gets to wake the group.
    solo.group.receive(
        ms(1500 + later), b,
        AppendReply{.term = solo.group.term(), .success = true, .match = solo.group.last().index}, solo.live);
    EXPECT_EQ(only<TimeoutNow>(solo.group.take_work().send_now) != nullptr, later < 1000) << later;
  }
}

TEST(Group, ATargetThatMayNotHaveHeardIsToldAgain) {
  Solo solo(Solo::fresh(3));
  solo.lead(ms(1500));
  solo.acknowledge(ms(1500), b);
  ASSERT_TRUE(solo.group.transfer(ms(1500), b));
  EXPECT_NE(only<TimeoutNow>(solo.settle(ms(1500)).send_now), nullptr);
  const Time again = solo.group.deadline();
  ASSERT_LT(again, ms(2000));
  solo.group.wake(again - 1, solo.live);
  EXPECT_EQ(only<TimeoutNow>(solo.settle(again - 1).send_now), nullptr);
  solo.group.wake(again, solo.live);
  EXPECT_NE(only<TimeoutNow>(solo.settle(again).send_now), nullptr);
}

TEST(Group, CompactionKeepsWhatLiveFollowersNeed) {
  Solo solo(Solo::fresh(3));
  solo.lead(ms(1500));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(solo.group.propose(ms(1500), {Blob(Bytes("x"))}));
  (void)solo.settle(ms(1500));
  solo.acknowledge(ms(1500), b);
  solo.group.applied(Index(12));
  solo.group.compact(Index(12), 1'000'000);
  EXPECT_EQ(solo.group.base().index, Index(1));  // c holds nothing yet
  solo.group.compact(Index(12), 100);
  EXPECT_LE(solo.group.log_bytes(), 100U);
  EXPECT_GT(solo.group.base().index, Index(1));
  solo.group.compact(Index(99), 0);  // never above what was applied
  EXPECT_EQ(solo.group.base().index, Index(12));
  EXPECT_TRUE(solo.group.take_work().compact_to.has_value());
}

/// When a leader knocks at a follower that has not been heard for long, if it began to lead at `at`.
std::vector<Time> knocks(Time at) {
  Solo solo(Solo::fresh(3));
  solo.lead(at);
  solo.acknowledge(at, b);
  std::vector<Time> times;
  for (Time now = solo.group.deadline(); now < ms(9'000); now = solo.group.deadline()) {
    solo.live.heard(b, now);
    solo.group.wake(now, solo.live);
    if (only<Append>(solo.settle(now).send_now) != nullptr) times.push_back(now);
  }
  return times;
}

TEST(Group, GroupsKnockAtADeadFollowerAtTheSameInstants) {
  const std::vector<Time> early = knocks(ms(1'610));
  const std::vector<Time> late = knocks(ms(2'370));
  ASSERT_GE(early.size(), 6U);
  ASSERT_GE(late.size(), 6U);
  // The first is when the append of the new term was lost.
  EXPECT_EQ(std::vector(early.end() - 5, early.end()), std::vector(late.end() - 5, late.end()));
  for (auto time = early.begin() + 2; time != early.end(); ++time)
    EXPECT_EQ(*time - *(time - 1), 1'000 * ns_per_ms);
}

}  // namespace
}  // namespace nodedb::raft::test
