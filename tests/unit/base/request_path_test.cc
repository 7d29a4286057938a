// SPDX-License-Identifier: Apache-2.0
#include "base/request_path.h"

#include <gtest/gtest.h>

#include <string>

namespace nodedb {
namespace {

/// "name from-to …", in milliseconds.
std::string told(const RequestPath& path) {
  std::string out;
  for (const PathSpan& span : spans_of(path)) {
    if (!out.empty()) out += ' ';
    out += std::string(span.name) + " " + std::to_string(span.from.ns / ns_per_ms) + "-" +
           std::to_string(span.to.ns / ns_per_ms);
  }
  return out;
}

Time ms(std::int64_t at) {
  return Time{at * ns_per_ms};
}

RequestPath asked(bool write) {
  RequestPath path;
  path.write = write;
  path.received = ms(1);
  path.taken = ms(2);
  path.sent = ms(3);
  path.answered = ms(90);
  return path;
}

TEST(RequestPath, AWritesSpansFollowEachOtherButForDiskAndMajority) {
  RequestPath path = asked(true);
  path.served = {
      .proposed = ms(4), .persisted = ms(30), .committed = ms(20), .handed = ms(31), .applied = ms(40)};
  EXPECT_EQ(told(path),
            "queue 1-2 route 2-3 pace 3-4 persist 4-30 commit 4-20 turn 30-31 apply 31-40 answer 40-90");
  EXPECT_EQ(path.took_ns(), 89 * ns_per_ms);
}

TEST(RequestPath, WhatARequestDidNotGetThroughEndsWithIt) {
  RequestPath path = asked(true);
  path.served = {.proposed = ms(4), .persisted = ms(5)};
  EXPECT_EQ(told(path), "queue 1-2 route 2-3 pace 3-4 persist 4-5 commit 4-90");
  path.served = {.proposed = ms(4), .persisted = ms(5), .committed = ms(6), .handed = ms(7)};
  EXPECT_EQ(told(path), "queue 1-2 route 2-3 pace 3-4 persist 4-5 commit 4-6 turn 6-7 apply 7-90");
}

TEST(RequestPath, OfARequestThatWasHandedOnTheRestIsTheLeaders) {
  RequestPath path = asked(true);
  EXPECT_EQ(told(path), "queue 1-2 route 2-3 leader 3-90");
  path.sent = not_reached;
  EXPECT_EQ(told(path), "queue 1-2 route 2-90") << "it never found a leader";

  path = asked(true);
  path.side = RequestPath::Side::leader;
  path.served = {.proposed = ms(4)};
  EXPECT_EQ(told(path), "pace 1-4 persist 4-90 commit 4-90");
  path.served = {};
  EXPECT_EQ(told(path), "pace 1-90");
}

TEST(RequestPath, AReadIsConfirmedAndWaitsForWhatItMustSee) {
  RequestPath path = asked(false);
  path.served = {.confirmed = ms(20), .handed = ms(30), .applied = ms(40)};
  EXPECT_EQ(told(path), "queue 1-2 route 2-3 confirm 3-20 turn 20-30 apply 30-40 answer 40-90");
  path.served = {.handed = ms(30), .applied = ms(40)};
  EXPECT_EQ(told(path), "queue 1-2 route 2-3 turn 3-30 apply 30-40 answer 40-90") << "nothing to confirm";

  path.side = RequestPath::Side::leader;
  path.served = {};
  EXPECT_EQ(told(path), "confirm 1-90");
}

}  // namespace
}  // namespace nodedb
