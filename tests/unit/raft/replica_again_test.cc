// SPDX-License-Identifier: Apache-2.0
// A replica that is removed, destroyed and made anew on the same node is another replica: what the former one
// said and promised must not be taken for its word.
#include "tests/unit/raft/solo.h"

namespace nodedb::raft::test {
namespace {

constexpr NodeId d{4};

/// Node 1 leads {1, 2, 3}; node 4 is added as a learner, is removed, and is added again.
struct Again : Solo {
  Again() : Solo(Solo::fresh(3)) {
    lead(ms(1500));
    acknowledge(ms(1500), b);
    change(ChangeOp::add_learner);
  }

  void change(ChangeOp op) {
    const auto next = change_simple(group.config(), {{op, d}});
    ASSERT_TRUE(next.has_value());
    ASSERT_TRUE(group.change_config(ms(1501), *next).has_value());
    last_work = settle(ms(1501));
    acknowledge(ms(1501), b);
  }
  Index admitted() {
    for (const Envelope& each : last_work.send_now) {
      const auto* append = std::get_if<Append>(&each.message);
      if (each.to == d && append != nullptr) return append->admitted;
    }
    return Index();
  }
  Index match_of_d() {
    for (const Group::Follower& each : group.followers()) {
      if (each.node == d) return each.match;
    }
    return Index();
  }
  Work last_work;
};

TEST(ReplicaAgain, TheFormerReplicasAcknowledgementDoesNotCount) {
  Again again;
  const Index first = again.admitted();
  EXPECT_EQ(first, Index(3));
  const AppendReply late{
      .term = again.group.term(), .success = true, .match = again.group.last().index, .admitted = first};
  again.change(ChangeOp::remove);
  again.change(ChangeOp::add_learner);
  EXPECT_NE(again.admitted(), first);
  again.group.receive(ms(1600), d, late, again.live);
  (void)again.settle(ms(1600));
  EXPECT_EQ(again.match_of_d(), Index());
  AppendReply own = late;
  own.match = Index(2);
  own.admitted = again.admitted();
  again.group.receive(ms(1601), d, own, again.live);
  EXPECT_EQ(again.match_of_d(), Index(2));
}

TEST(ReplicaAgain, AnswersBearTheAppendsMark) {
  Solo solo(Solo::fresh(3));
  solo.group.receive(ms(10), b, Append{Term(1), {Index(1), Term(1)}, Index(1), {entry(2, 1)}, Index(9)},
                     solo.live);
  const Work accepted = solo.settle(ms(10));
  ASSERT_NE(only<AppendReply>(accepted.send_after), nullptr);
  EXPECT_EQ(only<AppendReply>(accepted.send_after)->admitted, Index(9));
  solo.group.receive(ms(11), b, Append{Term(1), {Index(7), Term(1)}, Index(1), {}, Index(9)}, solo.live);
  const Work rejected = solo.settle(ms(11));
  ASSERT_NE(only<AppendReply>(rejected.send_after), nullptr);
  EXPECT_EQ(only<AppendReply>(rejected.send_after)->admitted, Index(9));
}

/// A newborn replica: an empty config, an empty log.
Restored newborn() {
  return Restored{
      HardState{Term(1), NodeId(), Index(1)}, Position{Index(1), Term(1)}, Config{}, {}, Index(1)};
}

TEST(ReplicaAgain, ANewbornNeitherVotesNorStands) {
  Solo solo(newborn());
  solo.group.campaign(ms(1500));
  EXPECT_EQ(solo.group.role(), Role::follower);
  for (const bool pre : {true, false}) {
    solo.group.receive(ms(2000), b, VoteRequest{.term = Term(7), .last = {Index(5), Term(6)}, .pre = pre},
                       solo.live);
    const Work work = solo.settle(ms(2000));
    ASSERT_NE(only<VoteReply>(work.send_after), nullptr);
    EXPECT_FALSE(only<VoteReply>(work.send_after)->granted);
  }
}

/// The fence of a boot is for promises of an earlier life: where there is none a new replica may take over at
/// once, or a move would keep its writes waiting for nothing.
TEST(ReplicaAgain, ANewbornMayTakeOverAtOnceIfNobodyPromisedAnythingBefore) {
  for (const bool former : {false, true}) {
    Restored restored = newborn();
    restored.promised = former ? ms(-100) : long_ago;
    Solo solo(std::move(restored));
    Entry admits = entry(2, 1);
    admits.kind = EntryKind::config;
    admits.payload = Blob(encode(voters(3)));
    solo.group.receive(ms(10), b, Append{Term(1), {Index(1), Term(1)}, Index(2), {admits}, Index(2)},
                       solo.live);
    (void)solo.settle(ms(10));
    solo.exchange_pulses(ms(15), b);
    solo.group.receive(ms(20), b, TimeoutNow{Term(1), ms(20), ns_per_s}, solo.live);
    EXPECT_EQ(solo.group.role(), former ? Role::follower : Role::candidate);
  }
}

TEST(ReplicaAgain, OnceItsLogAdmitsItItVotesEvenAsALearner) {
  Solo solo(newborn());
  Config config = voters(3);
  config.voters = {b, c};
  config.learners = {a};
  Entry admits = entry(2, 1);
  admits.kind = EntryKind::config;
  admits.payload = Blob(encode(config));
  solo.group.receive(ms(10), b, Append{Term(1), {Index(1), Term(1)}, Index(2), {admits}, Index(2)},
                     solo.live);
  (void)solo.settle(ms(10));
  solo.group.receive(ms(3000), c, VoteRequest{.term = Term(2), .last = {Index(2), Term(1)}}, solo.live);
  const Work work = solo.settle(ms(3000));
  ASSERT_NE(only<VoteReply>(work.send_after), nullptr);
  EXPECT_TRUE(only<VoteReply>(work.send_after)->granted);
}

}  // namespace
}  // namespace nodedb::raft::test
