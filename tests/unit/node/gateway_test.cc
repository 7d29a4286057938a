// SPDX-License-Identifier: Apache-2.0
#include "node/gateway.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace nodedb::node {
namespace {

constexpr Incarnation life(3);
constexpr GroupId group(5);
constexpr std::int64_t second = ns_per_s;

class GatewayTest : public ::testing::Test {
 protected:
  GatewayTest() : leaders_(16) { gateway_.set_self(NodeId(1)); }

  void submit(std::uint64_t tag, bool write, std::int64_t timeout_ns = 10 * second) {
    gateway_.submit(now_, {tag, group, write, Blob("command"), timeout_ns}, leaders_);
  }
  void answer(const Gateway::Send& to, Result<Blob> result, NodeId hint = NodeId()) {
    gateway_.answered(now_, to.to, {to.forward.request, life, group, std::move(result), hint, Index()},
                      leaders_);
  }
  void lead(NodeId node) {
    leaders_[group.value] = node;
    gateway_.leader_changed(now_, group, leaders_);
  }
  void pass(std::int64_t ns) {
    now_ = now_ + ns;
    gateway_.wake(now_, leaders_);
  }

  Time now_{1'000};
  Gateway gateway_{life, 2 * second, {}};
  Gateway::Leaders leaders_;
};

TEST_F(GatewayTest, WaitsForALeaderThenSendsInOrder) {
  submit(1, true);
  submit(2, true);
  EXPECT_TRUE(gateway_.take_output().sends.empty());
  lead(NodeId(2));
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.sends.size(), 2u);
  EXPECT_EQ(out.sends[0].to, NodeId(2));
  EXPECT_EQ(out.sends[0].forward.stamp, (wire::SessionStamp{NodeId(1), life, 1, 1}));
  EXPECT_EQ(out.sends[1].forward.stamp, (wire::SessionStamp{NodeId(1), life, 2, 1}));
}

TEST_F(GatewayTest, AnswersTheClientOnce) {
  lead(NodeId(2));
  submit(1, true);
  const auto sent = gateway_.take_output().sends;
  answer(sent[0], Blob("ok"));
  answer(sent[0], Blob("again"));
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.replies.size(), 1u);
  EXPECT_EQ(out.replies[0].tag, 1u);
  EXPECT_EQ(*out.replies[0].result, Blob("ok"));
  EXPECT_EQ(gateway_.waiting(), 0u);
  EXPECT_EQ(gateway_.deadline(), never);
}

TEST_F(GatewayTest, HandsOnWhatAReadAsksForAndWhereItsAnswerWasTrue) {
  lead(NodeId(2));
  gateway_.submit(
      now_, {.tag = 1, .group = GroupId(5), .command = Blob("?"), .timeout_ns = second, .by_round = true},
      leaders_);
  const auto sent = gateway_.take_output().sends;
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_TRUE(sent[0].forward.by_round);
  wire::ForwardReply reply{sent[0].forward.request, life, GroupId(5), Blob("!"), NodeId(), Index(77)};
  gateway_.answered(now_, NodeId(2), reply, leaders_);
  EXPECT_EQ(gateway_.take_output().replies.at(0).at, Index(77));
}

TEST_F(GatewayTest, EveryTagOfAClientIsAnswered) {
  lead(NodeId(2));
  submit(0, true);
  answer(gateway_.take_output().sends[0], Blob("ok"));
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.replies.size(), 1u) << "0 is a tag like any other";
  EXPECT_EQ(out.replies[0].tag, 0u);
}

TEST_F(GatewayTest, FollowsAHint) {
  lead(NodeId(2));
  submit(1, false);
  answer(gateway_.take_output().sends[0], fail(Code::not_leader, ""), NodeId(3));
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.sends.size(), 1u);
  EXPECT_EQ(out.sends[0].to, NodeId(3));
}

TEST_F(GatewayTest, ANewLeaderIsAskedWhatTheOldOneHasNotAnswered) {
  lead(NodeId(2));
  submit(1, true);
  submit(2, false);
  gateway_.take_output();
  lead(NodeId());
  EXPECT_TRUE(gateway_.take_output().sends.empty()) << "it may answer yet";
  lead(NodeId(2));
  EXPECT_TRUE(gateway_.take_output().sends.empty()) << "it is being asked already";
  lead(NodeId(3));
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.sends.size(), 2u);
  EXPECT_EQ(out.sends[0].to, NodeId(3));
  EXPECT_EQ(out.sends[0].forward.stamp, (wire::SessionStamp{NodeId(1), life, 1, 1})) << "the same write";
  EXPECT_EQ(out.sends[1].to, NodeId(3));
}

TEST_F(GatewayTest, ARetriedWriteKeepsItsSequence) {
  lead(NodeId(2));
  submit(1, true);
  const auto first = gateway_.take_output().sends[0];
  gateway_.peer_lost(now_, NodeId(2));
  lead(NodeId(3));
  const auto again = gateway_.take_output().sends;
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].forward.stamp, first.forward.stamp);
}

TEST_F(GatewayTest, AnOutOfOrderWriteGoesAgainWhenTheOneBeforeIsDone) {
  lead(NodeId(2));
  submit(1, true);
  submit(2, true);
  const auto sent = gateway_.take_output().sends;
  answer(sent[1], fail(Code::out_of_order, ""));
  EXPECT_TRUE(gateway_.take_output().sends.empty());
  answer(sent[0], Blob("ok"));
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.sends.size(), 1u);
  EXPECT_EQ(out.sends[0].forward.stamp, (wire::SessionStamp{NodeId(1), life, 2, 2}));
}

TEST_F(GatewayTest, AWriteThatMayHaveHappenedEndsAsUnknown) {
  lead(NodeId(2));
  submit(1, true, second);
  pass(second);
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.replies.size(), 1u);
  EXPECT_EQ(out.replies[0].result.error().code, Code::timeout);
  EXPECT_EQ(effect(Code::timeout), Effect::unknown);
}

TEST_F(GatewayTest, AWriteThatWasSurelyRefusedEndsWithoutEffect) {
  lead(NodeId(2));
  submit(1, true, second);
  answer(gateway_.take_output().sends[0], fail(Code::lost, ""));
  leaders_[group.value] = NodeId();
  pass(second);
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.replies.size(), 1u);
  EXPECT_EQ(out.replies[0].result.error().code, Code::no_leader);
  EXPECT_EQ(effect(Code::no_leader), Effect::no);
}

TEST_F(GatewayTest, ARefusalPromisesNothingWhileAnEarlierAttemptIsInDoubt) {
  lead(NodeId(2));
  submit(1, true);
  gateway_.peer_lost(now_, NodeId(2));
  lead(NodeId(3));
  const auto sent = gateway_.take_output().sends;
  answer(sent.back(), fail(Code::disk_full, "full"));
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.replies.size(), 1u);
  EXPECT_EQ(out.replies[0].result.error().code, Code::timeout);
}

TEST_F(GatewayTest, ARepeatedRefusalDoesNotClearALaterAttempt) {
  lead(NodeId(2));
  submit(1, true, second);
  const auto first = gateway_.take_output().sends[0];
  answer(first, fail(Code::lost, ""));
  lead(NodeId(2));
  ASSERT_EQ(gateway_.take_output().sends.size(), 1u);
  answer(first, fail(Code::lost, ""));
  pass(second);
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.replies.size(), 1u);
  EXPECT_EQ(out.replies[0].result.error().code, Code::timeout);
}

TEST_F(GatewayTest, AfterAGivenUpWriteTheNextOnesSaySo) {
  lead(NodeId(2));
  submit(1, true, second);
  pass(second);
  gateway_.take_output();
  submit(2, true);
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.sends.size(), 1u);
  EXPECT_EQ(out.sends[0].forward.stamp, (wire::SessionStamp{NodeId(1), life, 2, 2}));
}

TEST_F(GatewayTest, AnswersToAnEarlierLifeAreDropped) {
  lead(NodeId(2));
  submit(1, true);
  const auto sent = gateway_.take_output().sends[0];
  gateway_.answered(now_, NodeId(2), {sent.forward.request, Incarnation(2), group, Blob("old"), {}, {}},
                    leaders_);
  EXPECT_TRUE(gateway_.take_output().replies.empty());
}

TEST_F(GatewayTest, RefusesMoreThanItMayHold) {
  lead(NodeId(2));
  // One vShard gets half of the room.
  for (std::size_t i = 0; i < limits::requests_max / 2; ++i) submit(i + 1, false);
  ASSERT_TRUE(gateway_.take_output().replies.empty());
  submit(999'999, false);
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.replies.size(), 1u);
  EXPECT_EQ(out.replies[0].tag, 999'999u);
  EXPECT_EQ(out.replies[0].result.error().code, Code::busy);
}

TEST_F(GatewayTest, AReadWhoseAnswerFindsNoRoomIsRefusedAtOnce) {
  lead(NodeId(2));
  submit(1, false);
  answer(gateway_.take_output().sends.at(0), fail(Code::unreachable, "no room"));
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.replies.size(), 1u);
  EXPECT_EQ(out.replies[0].result.error().code, Code::busy);
  EXPECT_EQ(gateway_.waiting(), 0u);
}

TEST_F(GatewayTest, AWriteWhoseAnswerFindsNoRoomAsksForItWhenItIsLate) {
  lead(NodeId(2));
  submit(1, true);
  answer(gateway_.take_output().sends.at(0), fail(Code::unreachable, "no room"));
  pass(second);
  EXPECT_TRUE(gateway_.take_output().sends.empty());
  pass(second);
  pass(second);
  const auto again = gateway_.take_output().sends;
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].forward.stamp.sequence, 1u);
  answer(again[0], fail(Code::too_large, "refused"));
  const auto out = gateway_.take_output();
  ASSERT_EQ(out.replies.size(), 1u);
  EXPECT_EQ(out.replies[0].result.error().code, Code::timeout) << "the first attempt may have been applied";
}

TEST_F(GatewayTest, AsksAgainWhenNoAnswerComes) {
  lead(NodeId(2));
  submit(1, true, 60 * second);
  gateway_.take_output();
  pass(2 * second);
  EXPECT_EQ(gateway_.take_output().sends.size(), 1u);
  pass(2 * second);
  EXPECT_TRUE(gateway_.take_output().sends.empty()) << "the second attempt is given twice the time";
  pass(2 * second);
  EXPECT_EQ(gateway_.take_output().sends.size(), 1u);
}

}  // namespace
}  // namespace nodedb::node
