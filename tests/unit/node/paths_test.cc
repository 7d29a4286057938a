// SPDX-License-Identifier: Apache-2.0
// Whose path is told, and that it names what the request waited for.
#include "base/request_path.h"

#include <gtest/gtest.h>

#include "meta/codec.h"
#include "meta/rows.h"
#include "tests/unit/node/trio.h"

namespace nodedb::node {
namespace {

using test::Trio;
using Side = RequestPath::Side;

constexpr BytesView traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

ClientRequest traced(ClientRequest request) {
  request.trace = TraceContext::parse(traceparent).value();
  return request;
}

/// The span that took longest.
std::string longest(const RequestPath& path) {
  PathSpan most{"nothing", {}, {}};
  for (const PathSpan& span : spans_of(path))
    if (span.to - span.from > most.to - most.from) most = span;
  return std::string(most.name);
}

/// Every span begins where the path has been before, and ends later or at once.
void expect_in_order(const RequestPath& path) {
  for (const PathSpan& span : spans_of(path)) {
    EXPECT_GE(span.from, path.received) << span.name;
    EXPECT_LE(span.from, span.to) << span.name;
    EXPECT_LE(span.to, path.answered) << span.name;
  }
}

TEST(Paths, OfWhatIsFastAndNotTracedNothingIsTold) {
  Trio trio;
  for (std::size_t i = 0; i < 3; ++i) {
    trio.ask(i, Trio::write(10 + i));
    trio.ask(i, Trio::read(20 + i, ReadLevel::linearizable));
    trio.ask(i, Trio::read(30 + i, ReadLevel::local));
  }
  ClientRequest unsampled = traced(Trio::write(40));
  unsampled.trace.sampled = false;
  trio.ask(trio.leader(), unsampled);
  EXPECT_EQ(trio.replies.size(), 10u);
  EXPECT_TRUE(trio.told.empty());
}

TEST(Paths, ASlowWriteTellsThatItWaitedForAMajority) {
  Trio trio;
  const std::size_t leader = trio.leader();
  for (std::size_t i = 0; i < 3; ++i) trio.disk_stuck[i] = i != leader;
  const Time asked = trio.now();
  trio.ask(leader, Trio::write(1));
  trio.pass(600);
  EXPECT_TRUE(trio.told.empty()) << "it is not answered";
  trio.disk_stuck = {};
  trio.pass(10);
  ASSERT_EQ(trio.told.size(), 1u);
  const auto& [by, path] = trio.told[0];
  EXPECT_EQ(by, leader);
  EXPECT_TRUE(path.slow);
  EXPECT_TRUE(path.write);
  EXPECT_EQ(path.side, Side::asked);
  EXPECT_EQ(path.vshard, Trio::vshard);
  EXPECT_EQ(path.asked, NodeId(static_cast<std::uint32_t>(leader + 1)));
  EXPECT_EQ(path.served_by, path.asked);
  EXPECT_EQ(path.attempts, 1u);
  EXPECT_FALSE(path.error);
  EXPECT_FALSE(path.trace.exists());
  EXPECT_EQ(path.received, asked);
  EXPECT_EQ(path.served.persisted, asked);
  EXPECT_EQ(path.served.committed - asked, 610 * ns_per_ms);
  EXPECT_EQ(longest(path), "commit");
  expect_in_order(path);
}

TEST(Paths, ASlowWriteTellsThatItWaitedForTheLeadersDisk) {
  Trio trio;
  const std::size_t leader = trio.leader();
  trio.disk_stuck[leader] = true;
  trio.ask(leader, Trio::write(1));
  trio.pass(600);
  trio.disk_stuck = {};
  trio.pass(10);
  ASSERT_EQ(trio.told.size(), 1u);
  const RequestPath& path = trio.told[0].second;
  EXPECT_LT(path.served.committed, path.served.persisted) << "the followers are a majority";
  EXPECT_EQ(longest(path), "persist");
  expect_in_order(path);
}

TEST(Paths, ASlowWriteTellsThatItWaitedToBeApplied) {
  Trio trio;
  const std::size_t leader = trio.leader();
  trio.apply_stuck[leader] = true;
  trio.ask(leader, Trio::write(1));
  trio.pass(600);
  trio.apply_stuck = {};
  trio.pass(10);
  ASSERT_EQ(trio.told.size(), 1u);
  EXPECT_EQ(longest(trio.told[0].second), "apply");
}

TEST(Paths, WhatWaitedInFrontOfTheCoreCounts) {
  Trio trio;
  ClientRequest late = Trio::write(1);
  late.arrived = trio.now() - 600 * ns_per_ms;
  trio.ask(trio.leader(), late);
  ASSERT_EQ(trio.told.size(), 1u);
  const RequestPath& path = trio.told[0].second;
  EXPECT_TRUE(path.slow);
  EXPECT_EQ(path.took_ns(), 600 * ns_per_ms);
  EXPECT_EQ(longest(path), "queue");
}

TEST(Paths, ASampledTraceIsToldHoweverFast) {
  Trio trio;
  trio.ask(trio.leader(), traced(Trio::write(1)));
  ASSERT_EQ(trio.told.size(), 1u);
  const RequestPath& path = trio.told[0].second;
  EXPECT_FALSE(path.slow);
  EXPECT_EQ(path.trace.text(), traceparent);
  EXPECT_EQ(path.served.applied, trio.now());
  EXPECT_EQ(spans_of(path).size(), 8u);
}

TEST(Paths, AReadByLeaseIsConfirmedAtOnceAndOneByRoundWhenItsRoundIsDone) {
  Trio trio;
  const std::size_t leader = trio.leader();
  for (std::size_t i = 0; i < 3; ++i) trio.deaf[i] = i != leader;
  trio.pass(10);  // what they have heard was sent before
  const Time asked = trio.now();
  trio.ask(leader, traced(Trio::read(1, ReadLevel::lease)));
  ASSERT_EQ(trio.told.size(), 1u);
  EXPECT_EQ(trio.told[0].second.served.confirmed, asked);
  EXPECT_FALSE(trio.told[0].second.write);

  trio.ask(leader, Trio::read(2, ReadLevel::linearizable));
  trio.pass(600);
  EXPECT_EQ(trio.told.size(), 1u);
  trio.deaf = {};
  trio.pass(10);
  ASSERT_EQ(trio.told.size(), 2u);
  const RequestPath& path = trio.told[1].second;
  EXPECT_TRUE(path.slow);
  EXPECT_EQ(path.served.confirmed - asked, 610 * ns_per_ms);
  EXPECT_EQ(longest(path), "confirm");
  expect_in_order(path);
}

TEST(Paths, AReadOfTheOwnReplicaIsToldByItsNode) {
  Trio trio;
  const std::size_t asked = trio.follower();
  trio.ask(asked, traced(Trio::read(1, ReadLevel::local)));
  ClientRequest unheard_of = traced(Trio::read(2, ReadLevel::session));
  unheard_of.after = Index(1'000'000);
  unheard_of.timeout_ns = 100 * ns_per_ms;
  trio.ask(asked, unheard_of);
  trio.pass(200);
  ASSERT_EQ(trio.told.size(), 2u);
  const auto& [by, path] = trio.told[0];
  EXPECT_EQ(by, asked);
  EXPECT_EQ(path.served_by, path.asked);
  EXPECT_EQ(path.served.confirmed, not_reached);
  EXPECT_EQ(path.served.applied, trio.now() - 200 * ns_per_ms);
  EXPECT_FALSE(path.error);
  EXPECT_EQ(trio.told[1].second.error, Code::timeout);
  EXPECT_EQ(trio.told[1].second.took_ns(), 100 * ns_per_ms);
}

TEST(Paths, WhatIsHandedOnIsToldByBothUnderOneTrace) {
  Trio trio;
  const std::size_t asked = trio.follower();
  trio.ask(asked, traced(Trio::write(1)));
  ASSERT_EQ(trio.told.size(), 2u);
  const auto& [leader, theirs] = trio.told[0];
  const auto& [by, ours] = trio.told[1];
  EXPECT_EQ(leader, trio.leader());
  EXPECT_EQ(theirs.side, Side::leader);
  EXPECT_EQ(theirs.served.applied, theirs.answered);
  EXPECT_EQ(by, asked);
  EXPECT_EQ(ours.side, Side::asked);
  EXPECT_EQ(ours.served, ServedStages{});
  for (const RequestPath* path : {&theirs, &ours}) {
    EXPECT_EQ(path->trace.text(), traceparent);
    EXPECT_EQ(path->asked, NodeId(static_cast<std::uint32_t>(asked + 1)));
    EXPECT_EQ(path->served_by, NodeId(static_cast<std::uint32_t>(trio.leader() + 1)));
    EXPECT_EQ(path->number, ours.number);
    EXPECT_NE(path->number, 0u);
    EXPECT_TRUE(path->write);
    expect_in_order(*path);
  }
}

TEST(Paths, ARefusalIsTheEndOfAPath) {
  Trio trio;
  ClientRequest nonsense = traced(Trio::write(1));
  nonsense.command = Blob("no command");
  trio.ask(trio.leader(), nonsense);
  ClientRequest nowhere = traced(Trio::write(2));
  nowhere.vshard = VShardId(2'000);
  trio.ask(trio.leader(), nowhere);
  ASSERT_EQ(trio.told.size(), 2u);
  EXPECT_EQ(trio.told[0].second.error, Code::incompatible);
  EXPECT_NE(trio.told[0].second.sent, not_reached);
  EXPECT_EQ(trio.told[0].second.served.proposed, not_reached);
  EXPECT_EQ(trio.told[1].second.error, Code::malformed);
  EXPECT_EQ(trio.told[1].second.vshard, VShardId(2'000));
  EXPECT_EQ(trio.told[1].second.sent, not_reached);
}

TEST(Paths, TheLeaderTellsOfWhatNobodyWaitsForAnyMore) {
  Trio trio;
  const std::size_t leader = trio.leader();
  trio.apply_stuck[leader] = true;
  ClientRequest hasty = Trio::write(1);
  hasty.timeout_ns = 550 * ns_per_ms;
  trio.ask(leader, hasty);
  trio.pass(600);
  ASSERT_EQ(trio.told.size(), 1u);
  EXPECT_EQ(trio.told[0].second.error, Code::timeout);
  EXPECT_EQ(longest(trio.told[0].second), "leader");
  trio.apply_stuck = {};
  trio.pass(10);
  ASSERT_EQ(trio.told.size(), 2u);
  EXPECT_EQ(trio.told[1].second.side, Side::leader);
  EXPECT_EQ(trio.told[1].second.number, trio.told[0].second.number);
  EXPECT_EQ(longest(trio.told[1].second), "apply");
}

TEST(Paths, TheSettingSaysWhatIsSlow) {
  for (const auto& [value, told] : {std::pair("0ns", 0u), std::pair("100ms", 1u), std::pair("1s", 0u)}) {
    Trio trio(
        {{meta::setting_key("trace.slow_after"), meta::encode(meta::Setting{"trace.slow_after", value})}});
    const std::size_t leader = trio.leader();
    trio.apply_stuck[leader] = true;
    trio.ask(leader, Trio::write(1));
    trio.pass(100);
    trio.apply_stuck = {};
    trio.pass(10);
    EXPECT_EQ(trio.told.size(), told) << value;
  }
}

}  // namespace
}  // namespace nodedb::node
