// SPDX-License-Identifier: Apache-2.0
#include "node/session.h"

#include <gtest/gtest.h>

#include "wire/writer.h"

namespace nodedb::node {
namespace {

using Verdict = Session::Verdict;

wire::SessionStamp stamp(std::uint64_t life, std::uint64_t sequence, std::uint64_t first) {
  return {NodeId(1), Incarnation(life), sequence, first};
}

TEST(Session, AppliesInOrderAndOnce) {
  Session session;
  EXPECT_EQ(session.admit(stamp(1, 1, 1)), Verdict::apply);
  session.answered(1, "one");
  EXPECT_EQ(session.admit(stamp(1, 1, 1)), Verdict::duplicate);
  ASSERT_NE(session.reply_to(1), nullptr);
  EXPECT_EQ(*session.reply_to(1), "one");
  EXPECT_EQ(session.admit(stamp(1, 3, 1)), Verdict::out_of_order);
  EXPECT_EQ(session.admit(stamp(1, 2, 1)), Verdict::apply);
}

TEST(Session, SkipsWhatTheGatewayGaveUp) {
  Session session;
  EXPECT_EQ(session.admit(stamp(1, 1, 1)), Verdict::apply);
  session.answered(1, "one");
  // 2 and 3 were given up: 4 is next, and 2 must not be applied any more.
  EXPECT_EQ(session.admit(stamp(1, 4, 4)), Verdict::apply);
  session.answered(4, "four");
  EXPECT_EQ(session.admit(stamp(1, 2, 2)), Verdict::duplicate);
  EXPECT_EQ(session.reply_to(2), nullptr);
}

TEST(Session, KeepsAnswersOnlyWhileTheyMayBeAskedFor) {
  Session session;
  for (std::uint64_t n = 1; n <= 100; ++n) {
    ASSERT_EQ(session.admit(stamp(1, n, n)), Verdict::apply);
    session.answered(n, "x");
  }
  EXPECT_EQ(session.reply_to(99), nullptr);
  EXPECT_NE(session.reply_to(100), nullptr);
}

TEST(Session, ANewLifeOfTheGatewayStartsAfreshAndFencesTheOld) {
  Session session;
  EXPECT_EQ(session.admit(stamp(1, 1, 1)), Verdict::apply);
  session.answered(1, "old");
  EXPECT_EQ(session.admit(stamp(2, 1, 1)), Verdict::apply);
  session.answered(1, "new");
  EXPECT_EQ(session.admit(stamp(1, 2, 2)), Verdict::stale);
  EXPECT_EQ(*session.reply_to(1), "new");
}

TEST(Session, SurvivesItsEncoding) {
  Session session;
  session.admit(stamp(7, 1, 1));
  session.answered(1, "one");
  session.admit(stamp(7, 2, 1));
  session.answered(2, "");
  auto again = Session::decode(session.encode());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->encode(), session.encode());
  EXPECT_EQ(again->admit(stamp(7, 2, 1)), Verdict::duplicate);
  EXPECT_EQ(again->admit(stamp(7, 3, 1)), Verdict::apply);
}

TEST(Session, RefusesDamagedRows) {
  Session session;
  session.admit(stamp(7, 1, 1));
  session.answered(1, "one");
  const Bytes row = session.encode();
  for (std::size_t cut = 0; cut < row.size(); ++cut) {
    const auto decoded = Session::decode(BytesView(row).substr(0, cut));
    ASSERT_FALSE(decoded) << cut;
    EXPECT_EQ(decoded.error().code, Code::damaged);
  }
  EXPECT_FALSE(Session::decode(row + "x"));
}

TEST(Session, ARowWhoseAnswersCannotBeIsDamaged) {
  const auto row_with = [](std::initializer_list<std::uint64_t> answered) {
    Bytes row;
    wire::Writer out(row);
    out.varint(1);  // incarnation
    out.i64(0);
    out.u32(0);
    out.varint(2);  // last
    out.varint(answered.size());
    for (const std::uint64_t sequence : answered) {
      out.varint(sequence);
      out.bytes("x");
    }
    return row;
  };
  EXPECT_TRUE(Session::decode(row_with({1, 2})).has_value());
  for (const Bytes& row : {row_with({2, 1}), row_with({1, 3})}) {
    const auto decoded = Session::decode(row);
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error().code, Code::damaged);
  }
}

}  // namespace
}  // namespace nodedb::node
