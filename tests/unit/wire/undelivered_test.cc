// SPDX-License-Identifier: Apache-2.0
#include "wire/undelivered.h"

#include <gtest/gtest.h>

namespace nodedb::wire {
namespace {

Forward request(std::uint64_t number) {
  Forward made;
  made.request = number;
  made.incarnation = Incarnation(7);
  made.group = GroupId(3);
  return made;
}

ForwardReply reply(std::uint64_t number) {
  ForwardReply made;
  made.request = number;
  made.incarnation = Incarnation(8);
  made.group = GroupId(4);
  made.result = Blob(Bytes("value"));
  made.at = Index(9);
  return made;
}

void expect_asks_again(const ForwardReply& told, std::uint64_t number, Incarnation incarnation,
                       GroupId group) {
  EXPECT_EQ(told.request, number);
  EXPECT_EQ(told.incarnation, incarnation);
  EXPECT_EQ(told.group, group);
  ASSERT_FALSE(told.result.has_value());
  EXPECT_EQ(effect(told.result.error().code), Effect::unknown) << "it may have arrived";
  EXPECT_EQ(told.at, Index());
}

TEST(Undelivered, RequestsAreAnsweredHereAndRepliesThere) {
  const Undelivered told = undelivered(ForwardBundle{{request(1), request(2)}, {reply(5)}});
  ASSERT_EQ(told.here.size(), 2U);
  expect_asks_again(told.here[0], 1, Incarnation(7), GroupId(3));
  expect_asks_again(told.here[1], 2, Incarnation(7), GroupId(3));
  ASSERT_EQ(told.there.size(), 1U);
  expect_asks_again(told.there[0], 5, Incarnation(8), GroupId(4));
}

TEST(Undelivered, ALargeReplyIsAnsweredThere) {
  const Undelivered told = undelivered(LargeReply{reply(6)});
  EXPECT_TRUE(told.here.empty());
  ASSERT_EQ(told.there.size(), 1U);
  expect_asks_again(told.there[0], 6, Incarnation(8), GroupId(4));
}

TEST(Undelivered, NobodyWaitsForOtherMessages) {
  for (const PeerMessage& message : {PeerMessage(RaftBundle()), PeerMessage(raft::Pulse())}) {
    const Undelivered told = undelivered(message);
    EXPECT_TRUE(told.here.empty());
    EXPECT_TRUE(told.there.empty());
  }
}

}  // namespace
}  // namespace nodedb::wire
