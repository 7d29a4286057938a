// SPDX-License-Identifier: Apache-2.0
// What one group promises and when: durability before every promise, fences, stickiness, check-quorum.
#include <limits>

#include "tests/unit/raft/solo.h"

namespace nodedb::raft::test {
namespace {

// --- promises ---

TEST(Group, AVoteLeavesOnlyWithItsHardState) {
  Solo solo(Solo::fresh(3));
  solo.group.receive(ms(1500), b, VoteRequest{Term(2), {Index(1), Term(1)}}, solo.live);
  const Work work = solo.group.take_work();
  ASSERT_TRUE(work.hard_state.has_value());
  EXPECT_EQ(work.hard_state->vote, b);
  EXPECT_EQ(work.hard_state->term, Term(2));
  EXPECT_TRUE(work.send_now.empty());
  ASSERT_NE(only<VoteReply>(work.send_after), nullptr);
  EXPECT_TRUE(only<VoteReply>(work.send_after)->granted);
}

TEST(Group, OneVoteATerm) {
  Solo solo(Solo::fresh(3));
  const VoteRequest request{Term(2), {Index(1), Term(1)}};
  solo.group.receive(ms(1500), b, request, solo.live);
  (void)solo.settle(ms(1500));
  solo.group.receive(ms(1500), c, request, solo.live);
  EXPECT_FALSE(only<VoteReply>(solo.settle(ms(1500)).send_after)->granted);
  solo.group.receive(ms(1500), b, request, solo.live);  // asked again: the same answer
  EXPECT_TRUE(only<VoteReply>(solo.settle(ms(1500)).send_after)->granted);
}

TEST(Group, AShorterOrOlderLogGetsNoVote) {
  for (const Position last :
       {Position{Index(2), Term(3)}, Position{Index(9), Term(2)}, Position{Index(3), Term(2)}}) {
    Solo solo(Solo::fresh(3, {entry(2, 2), entry(3, 3)}, Term(3)));
    solo.group.receive(ms(1500), b, VoteRequest{Term(4), last}, solo.live);
    EXPECT_FALSE(only<VoteReply>(solo.settle(ms(1500)).send_after)->granted);
    EXPECT_EQ(solo.group.term(), Term(4));
  }
}

TEST(Group, ARepeatedAppendIsNotAcknowledgedBeforeTheFirstIsDurable) {
  Solo solo(Solo::fresh(3));
  const Append append{Term(1), {Index(1), Term(1)}, Index(1), {entry(2, 1)}};
  solo.group.receive(ms(10), b, append, solo.live);
  const Work first = solo.group.take_work();
  ASSERT_EQ(first.append.size(), 1U);
  solo.group.receive(ms(11), b, append, solo.live);
  const Work second = solo.group.take_work();
  EXPECT_FALSE(second.must_persist());
  EXPECT_TRUE(second.send_after.empty());  // held: what it promises is still on its way to the disk
  solo.group.persisted(ms(12), solo.group.last());
  EXPECT_NE(only<AppendReply>(solo.group.take_work().send_after), nullptr);
}

TEST(Group, NothingIsAppliedBeforeItIsDurableHere) {
  Solo solo(Solo::fresh(3));
  solo.group.receive(ms(10), b, Append{Term(1), {Index(1), Term(1)}, Index(2), {entry(2, 1)}}, solo.live);
  EXPECT_TRUE(solo.group.take_work().apply.empty());
  EXPECT_EQ(solo.group.commit(), Index(2));
  solo.group.persisted(ms(12), solo.group.last());
  EXPECT_EQ(solo.group.take_work().apply.size(), 1U);
}

TEST(Group, ALoneVoterLeadsOnceItsVoteIsDurable) {
  Solo solo(Solo::fresh(1));
  EXPECT_EQ(solo.group.deadline(), ms(1000));
  solo.group.wake(ms(1000), solo.live);
  EXPECT_EQ(solo.group.role(), Role::candidate);
  const Work work = solo.group.take_work();
  EXPECT_TRUE(work.hard_state.has_value());
  EXPECT_TRUE(work.send_now.empty() && work.send_after.empty());
  solo.group.persisted(ms(1001), solo.group.last());
  EXPECT_EQ(solo.group.role(), Role::leader);
  (void)solo.settle(ms(1002));
  ASSERT_TRUE(solo.group.propose(ms(1003), {Blob(Bytes("x"))}));
  EXPECT_EQ(solo.settle(ms(1003)).apply.size(), 1U);
  ASSERT_TRUE(solo.group.read_index(ms(1004), 5, solo.live));
  const Work read = solo.settle(ms(1004));
  ASSERT_EQ(read.reads.size(), 1U);
  EXPECT_TRUE(read.reads[0].granted);
  EXPECT_EQ(solo.group.deadline(), never);
}

TEST(Group, TheLeadersOwnLogCountsOnlyOnceDurable) {
  Solo solo(Solo::fresh(3));
  solo.lead(ms(1500));
  solo.acknowledge(ms(1500), b);
  ASSERT_TRUE(solo.group.propose(ms(1500), {Blob(Bytes("x"))}));
  const Work work = solo.group.take_work();
  EXPECT_NE(only<Append>(work.send_now), nullptr);  // the followers' disks run beside ours
  solo.group.receive(ms(1501), b, AppendReply{.term = Term(2), .success = true, .match = Index(3)},
                     solo.live);
  (void)solo.group.take_work();
  EXPECT_EQ(solo.group.commit(), Index(2));  // the noop was durable here, the proposal is not
  solo.group.persisted(ms(1502), Position{Index(3), Term(2)});
  EXPECT_EQ(solo.group.commit(), Index(3));
}

// --- fences and stickiness ---

TEST(Group, NobodyGetsAVoteBeforeTheBootFenceEnds) {
  for (const bool pre : {false, true}) {
    for (const bool transfer : {false, true}) {
      Solo solo(Solo::fresh(3));
      const VoteRequest request{Term(2), {Index(1), Term(1)}, pre, transfer};
      solo.group.receive(ms(999), b, request, solo.live);
      EXPECT_FALSE(only<VoteReply>(solo.settle(ms(999)).send_after)->granted);
      EXPECT_EQ(solo.group.term(), Term(1));
      PlantedBugs bugs;
      bugs.lease_never_fenced = true;
      Solo bad(Solo::fresh(3), {}, bugs);
      bad.group.receive(ms(999), b, request, bad.live);
      const Work work = bad.settle(ms(999));
      EXPECT_TRUE(only<VoteReply>(pre ? work.send_now : work.send_after)->granted);
    }
  }
}

TEST(Group, CampaignWaitsForTheFence) {
  Solo solo(Solo::fresh(3));
  solo.group.campaign(ms(10));
  EXPECT_EQ(solo.group.role(), Role::follower);
  EXPECT_EQ(solo.group.deadline(), ms(1000));
  solo.group.wake(ms(1000), solo.live);
  EXPECT_EQ(solo.group.role(), Role::pre_candidate);
  EXPECT_EQ(solo.group.term(), Term(1));
}

TEST(Group, AHeardLeaderKeepsItsVoters) {
  Solo solo(Solo::fresh(3));
  solo.group.receive(ms(2000), b, Append{Term(2), {Index(1), Term(1)}, Index(1), {}}, solo.live);
  (void)solo.settle(ms(2000));
  const VoteRequest request{Term(9), {Index(9), Term(8)}};
  solo.group.receive(ms(2999), c, request, solo.live);
  EXPECT_FALSE(only<VoteReply>(solo.settle(ms(2999)).send_after)->granted);
  EXPECT_EQ(solo.group.term(), Term(2));
  VoteRequest by_transfer = request;
  by_transfer.transfer = true;
  solo.group.receive(ms(2999), c, by_transfer, solo.live);
  EXPECT_TRUE(only<VoteReply>(solo.settle(ms(2999)).send_after)->granted);
}

TEST(Group, ATimeoutNowThatMayBeOldIsNotObeyed) {
  for (const std::int64_t later : {999, 1000, 5000}) {
    Solo solo(Solo::fresh(3));
    solo.group.receive(ms(2000), b, Append{Term(2), {Index(1), Term(1)}, Index(1), {}}, solo.live);
    (void)solo.settle(ms(2000));
    const TimeoutNow told{Term(2), ms(2000), ns_per_s};
    solo.group.receive(ms(2000), b, told, solo.live);
    EXPECT_EQ(solo.group.role(), Role::follower) << "it never answered a pulse";
    solo.exchange_pulses(ms(2000), b);
    // The node is stopped, and finds the message when it goes on.
    solo.group.receive(ms(2000 + later), b, told, solo.live);
    EXPECT_EQ(solo.group.role(), later < 1000 ? Role::candidate : Role::follower) << later;
    EXPECT_EQ(solo.group.term(), later < 1000 ? Term(3) : Term(2)) << later;
  }
}

/// The leader has long given up waiting, and its pulses, which wait in no queue, say so.
TEST(Group, ATimeoutNowThatPulsesHaveOvertakenIsNotObeyed) {
  for (const std::int64_t valid : {299, 300, 301}) {
    Solo solo(Solo::fresh(3));
    solo.group.receive(ms(2000), b, Append{Term(2), {Index(1), Term(1)}, Index(1), {}}, solo.live);
    (void)solo.settle(ms(2000));
    solo.exchange_pulses(ms(2000), b);
    solo.exchange_pulses(ms(2300), b);
    solo.group.receive(ms(2310), b, TimeoutNow{Term(2), ms(2000), valid * ns_per_ms}, solo.live);
    EXPECT_EQ(solo.group.role(), valid > 300 ? Role::candidate : Role::follower) << valid;
  }
  Solo solo(Solo::fresh(3));
  solo.exchange_pulses(ms(2000), b);
  const auto least = Time{std::numeric_limits<std::int64_t>::min()};
  solo.group.receive(ms(2000), b, TimeoutNow{Term(2), least, 1}, solo.live);
  EXPECT_EQ(solo.group.role(), Role::follower) << "garbage";
}

/// A target that was told to stand too late deposes the leader for nothing. Nobody waits for a timer then:
/// the deposed one asks soon, and who still follows it does not hold that against it.
TEST(Group, WhoIsDeposedByAnOlderLogStandsAgainAtOnce) {
  Solo solo(Solo::fresh(3));
  solo.lead(ms(1500));
  VoteRequest older{solo.group.term() + 1, {Index(1), Term(1)}, false, true};
  solo.group.receive(ms(2000), c, older, solo.live);
  EXPECT_FALSE(only<VoteReply>(solo.settle(ms(2000)).send_after)->granted);
  EXPECT_EQ(solo.group.role(), Role::follower);
  EXPECT_LE(solo.group.deadline(), ms(2300));

  Solo other(Solo::fresh(3));
  other.group.receive(ms(2000), b, Append{Term(2), {Index(1), Term(1)}, Index(1), {}}, other.live);
  (void)other.settle(ms(2000));
  const VoteRequest again{Term(3), {Index(2), Term(2)}, true, false};
  other.group.receive(ms(2001), c, again, other.live);
  EXPECT_FALSE(only<VoteReply>(other.settle(ms(2001)).send_after)->granted) << "its leader was heard";
  other.group.receive(ms(2001), b, again, other.live);
  EXPECT_TRUE(only<VoteReply>(other.settle(ms(2001)).send_now)->granted);
}

TEST(Group, AFollowerDoesNotHeedTheTermOfStrayReplies) {
  Solo solo(Solo::fresh(3));
  solo.group.receive(ms(2000), b, Append{Term(2), {Index(1), Term(1)}, Index(1), {}}, solo.live);
  (void)solo.settle(ms(2000));
  solo.group.receive(ms(2001), c, VoteReply{Term(50), false, false}, solo.live);
  solo.group.receive(ms(2001), c, VoteReply{Term(50), false, true}, solo.live);
  solo.group.receive(ms(2001), c, AppendReply{.term = Term(50)}, solo.live);
  solo.group.receive(ms(2001), c, ReadIndexReply{Term(50), 1, false, Index()}, solo.live);
  EXPECT_EQ(solo.group.term(), Term(2));
  EXPECT_EQ(solo.group.leader(), b);
}

TEST(Group, AWithdrawnClaimStartsAShortTimer) {
  Solo solo(Solo::fresh(3));
  solo.group.claimed(ms(100), b, Claim{id, Term(2), Index(1), true});
  EXPECT_EQ(solo.group.leader(), b);
  EXPECT_EQ(solo.group.deadline(), never);
  solo.group.claimed(ms(200), c, Claim{id, Term(2), Index(1), false});  // not our leader
  EXPECT_EQ(solo.group.leader(), b);
  solo.group.claimed(ms(2000), b, Claim{id, Term(2), Index(), false});
  EXPECT_EQ(solo.group.leader(), NodeId());
  EXPECT_LE(solo.group.deadline(), ms(3000));
}

TEST(Group, AClaimsCommitIsClampedAndOldClaimsAreIgnored) {
  Solo solo(Solo::fresh(3, {entry(2, 1)}));
  solo.group.claimed(ms(100), b, Claim{id, Term(2), Index(99), true});
  EXPECT_EQ(solo.group.commit(), Index(2));
  solo.group.claimed(ms(100), c, Claim{id, Term(1), Index(99), true});
  EXPECT_EQ(solo.group.leader(), b);
}

TEST(Group, ALeaderWithoutAQuorumStepsDown) {
  Solo solo(Solo::fresh(3));
  solo.lead(ms(1500));
  ASSERT_TRUE(solo.group.read_index(ms(1500), 1, solo.live));
  EXPECT_TRUE(solo.settle(ms(1500)).wants_round);
  solo.exchange_pulses(ms(1500), b);
  solo.exchange_pulses(ms(2000), c);
  solo.group.peer_silent(ms(2500), b, solo.live);
  EXPECT_EQ(solo.group.role(), Role::leader);
  solo.group.peer_silent(ms(3000), c, solo.live);
  EXPECT_EQ(solo.group.role(), Role::follower);
  EXPECT_EQ(solo.group.term(), Term(2));
  const Work work = solo.settle(ms(3000));
  ASSERT_EQ(work.reads.size(), 1U);
  EXPECT_FALSE(work.reads[0].granted);
}

TEST(Group, ALeaderThatHearsPeersButIsNotHeardStepsDown) {
  Solo solo(Solo::fresh(3));
  solo.lead(ms(1500));
  solo.exchange_pulses(ms(1500), b);
  solo.exchange_pulses(ms(1500), c);
  solo.live.heard(b, ms(2499));
  solo.live.heard(c, ms(2499));
  solo.group.peer_silent(ms(2500), b, solo.live);
  EXPECT_EQ(solo.group.role(), Role::follower);
}

}  // namespace
}  // namespace nodedb::raft::test
