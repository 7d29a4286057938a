// SPDX-License-Identifier: Apache-2.0
// The majority is lost for good, and one survivor goes on alone: what it asks before it does, and what holds
// whenever it crashes. The script raft_forced.txt shows the whole.
#include "tests/unit/raft/solo.h"

namespace nodedb::raft::test {
namespace {

constexpr Position end{Index(3), Term(2)};

Restored survivor() {
  return Solo::fresh(3, {entry(2, 2), entry(3, 2)}, Term(4));
}

Code code(const Result<Position>& result) {
  return result ? Code::unsupported : result.error().code;
}

TEST(Forced, NothingBeforeTheBootsFenceHasPassed) {
  Solo solo(survivor());
  EXPECT_EQ(code(solo.group.force_config(ms(999), {Term(9), end, {}}, solo.live)), Code::conflict);
  EXPECT_TRUE(solo.group.force_config(ms(1000), {Term(9), end, {}}, solo.live).has_value());
}

TEST(Forced, OnlyWhatWasSeenIsForced) {
  Solo solo(survivor());
  EXPECT_EQ(code(solo.group.force_config(ms(2000), {Term(4), end, {}}, solo.live)), Code::conflict);
  EXPECT_EQ(code(solo.group.force_config(ms(2000), {Term(9), {Index(2), Term(2)}, {}}, solo.live)),
            Code::conflict);
  EXPECT_EQ(code(solo.group.force_config(ms(2000), {Term(9), end, {NodeId(9)}}, solo.live)),
            Code::invalid_state);
  EXPECT_EQ(code(solo.group.force_config(ms(2000), {Term(9), end, {a}}, solo.live)), Code::invalid_state);
  EXPECT_EQ(code(solo.group.force_config(ms(2000), {Term(9), end, {c, b}}, solo.live)), Code::invalid_state);
  EXPECT_FALSE(solo.group.has_work()) << "a refusal leaves no trace";
}

TEST(Forced, NotWhileALeaderIsHeard) {
  Solo solo(survivor());
  solo.group.receive(ms(2000), b, Append{.term = Term(5), .previous = end, .commit = Index(1), .entries = {}},
                     solo.live);
  (void)solo.settle(ms(2000));
  EXPECT_EQ(code(solo.group.force_config(ms(2001), {Term(9), end, {}}, solo.live)), Code::conflict);
}

TEST(Forced, ANewbornHoldsNothingToGoOnFrom) {
  Solo solo(Restored{HardState{Term(1), NodeId(), Index(1)}, {Index(1), Term(1)}, Config{}, {}, Index(1)});
  EXPECT_EQ(code(solo.group.force_config(ms(2000), {Term(9), {Index(1), Term(1)}, {}}, solo.live)),
            Code::invalid_state);
}

TEST(Forced, ConfigAndVoteAreDurableTogetherBeforeItLeads) {
  Solo solo(survivor());
  ASSERT_TRUE(solo.group.force_config(ms(2000), {Term(9), end, {b}}, solo.live).has_value());
  const Work work = solo.group.take_work();
  ASSERT_TRUE(work.hard_state.has_value());
  EXPECT_EQ(work.hard_state->term, Term(9));
  EXPECT_EQ(work.hard_state->vote, a);
  ASSERT_EQ(work.append.size(), 1u);
  EXPECT_EQ(work.append.front().kind, EntryKind::config);
  EXPECT_TRUE(work.send_now.empty() && work.send_after.empty()) << "nobody is asked for a vote";
  EXPECT_NE(solo.group.role(), Role::leader);
  EXPECT_EQ(solo.group.commit(), Index(1));
  solo.group.persisted(ms(2001), solo.group.last());
  EXPECT_EQ(solo.group.role(), Role::leader);
  (void)solo.settle(ms(2002));
  EXPECT_EQ(solo.group.commit(), solo.group.last().index);
  EXPECT_TRUE(solo.group.settled() && solo.group.config_committed());
  EXPECT_EQ(solo.group.config(), (Config{{a}, {}, {b}, {}, false}));
}

TEST(Forced, TheLostVotersVotesAreNoUseToThem) {
  Solo solo(survivor());
  ASSERT_TRUE(solo.group.force_config(ms(2000), {Term(9), end, {}}, solo.live).has_value());
  (void)solo.settle(ms(2000));
  // As late as its term: one that has gone on without us may stand, and is refused by a leader.
  solo.group.receive(ms(2001), c, VoteRequest{.term = Term(9), .last = {Index(30), Term(8)}}, solo.live);
  const Work work = solo.settle(ms(2001));
  const auto* reply = only<VoteReply>(work.send_after);
  ASSERT_NE(reply, nullptr);
  EXPECT_FALSE(reply->granted);
}

}  // namespace
}  // namespace nodedb::raft::test
