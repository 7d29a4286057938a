// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>

#include "base/rng.h"

namespace nodedb::resp {
namespace {

using Mode = Order::Mode;

struct Request {
  std::vector<VShardId> vshards;
  Mode mode = Mode::read;
  bool wide = false;
  Order::Claim claim() const { return {.vshards = vshards, .mode = mode, .wide = wide}; }
};

Request narrow(Mode mode, std::initializer_list<int> vshards) {
  Request request{.vshards = {}, .mode = mode, .wide = false};
  for (const int v : vshards) request.vshards.emplace_back(static_cast<std::uint16_t>(v));
  return request;
}
Request wide(Mode mode) {
  return {.vshards = {}, .mode = mode, .wide = true};
}

TEST(Order, LetsTheLikeFlowAndHoldsTheUnlike) {
  Order order;
  std::vector<std::uint64_t> ready;
  const Request write = narrow(Mode::write, {1});
  const Request read = narrow(Mode::read, {1});
  EXPECT_TRUE(order.enter(0, write.claim()));
  EXPECT_TRUE(order.enter(1, write.claim()));
  EXPECT_FALSE(order.enter(2, read.claim()));
  EXPECT_FALSE(order.enter(3, read.claim()));
  EXPECT_FALSE(order.enter(4, write.claim()));  // not past the reads before it
  EXPECT_TRUE(order.enter(5, narrow(Mode::read, {2}).claim()));
  order.leave(write.claim(), ready);
  EXPECT_TRUE(ready.empty());
  order.leave(write.claim(), ready);
  EXPECT_EQ(ready, (std::vector<std::uint64_t>{2, 3}));
  ready.clear();
  order.leave(read.claim(), ready);
  EXPECT_TRUE(ready.empty());
  order.leave(read.claim(), ready);
  EXPECT_EQ(ready, (std::vector<std::uint64_t>{4}));
}

TEST(Order, WideRequestsMindEverybody) {
  Order order;
  std::vector<std::uint64_t> ready;
  EXPECT_TRUE(order.enter(0, narrow(Mode::write, {1}).claim()));
  EXPECT_FALSE(order.enter(1, wide(Mode::read).claim()));
  EXPECT_FALSE(order.enter(2, narrow(Mode::write, {2}).claim()));
  EXPECT_FALSE(order.enter(3, narrow(Mode::read, {3}).claim()));  // FIFO at the door
  order.leave(narrow(Mode::write, {1}).claim(), ready);
  EXPECT_EQ(ready, (std::vector<std::uint64_t>{1}));
  ready.clear();
  order.leave(wide(Mode::read).claim(), ready);
  std::sort(ready.begin(), ready.end());
  EXPECT_EQ(ready, (std::vector<std::uint64_t>{2, 3}));
}

TEST(Order, ExclusiveOverlapsNothing) {
  Order order;
  std::vector<std::uint64_t> ready;
  EXPECT_TRUE(order.enter(0, narrow(Mode::exclusive, {1}).claim()));
  EXPECT_FALSE(order.enter(1, narrow(Mode::exclusive, {1}).claim()));
  EXPECT_FALSE(order.enter(2, narrow(Mode::read, {1}).claim()));
  EXPECT_TRUE(order.enter(3, narrow(Mode::exclusive, {2}).claim()));
  order.leave(narrow(Mode::exclusive, {1}).claim(), ready);
  EXPECT_EQ(ready, (std::vector<std::uint64_t>{1}));
}

bool conflict(const Request& a, const Request& b) {
  if (a.mode == b.mode && a.mode != Mode::exclusive) return false;
  if (a.wide || b.wide) return true;
  return std::any_of(a.vshards.begin(), a.vshards.end(), [&b](VShardId v) {
    return std::find(b.vshards.begin(), b.vshards.end(), v) != b.vshards.end();
  });
}

/// Against the definition: nothing starts before an earlier unfinished request that it conflicts with, and
/// everything starts in the end.
TEST(Order, KeepsItsPromiseForRandomRequests) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Rng rng(seed);
    Order order;
    std::map<std::uint64_t, Request> open;
    std::vector<std::uint64_t> running;
    std::uint64_t next = 0;
    std::size_t started = 0;
    const auto begin = [&](std::uint64_t id) {
      for (const auto& [other, request] : open) {
        if (other < id) {
          ASSERT_FALSE(conflict(request, open[id])) << "seed " << seed;
        }
      }
      running.push_back(id);
      ++started;
    };
    while (next < 60 || !running.empty()) {
      if (next < 60 && (running.empty() || rng.chance(0.6))) {
        Request request{.vshards = {}, .mode = static_cast<Mode>(rng.below(3)), .wide = rng.chance(0.1)};
        for (std::uint16_t v = 0; v < 4; ++v) {
          if (rng.chance(0.4)) request.vshards.emplace_back(v);
        }
        const std::uint64_t id = next++;
        open[id] = request;
        if (order.enter(id, open[id].claim())) begin(id);
      } else {
        const std::size_t at = rng.below(running.size());
        const std::uint64_t id = running[at];
        running.erase(running.begin() + static_cast<std::ptrdiff_t>(at));
        std::vector<std::uint64_t> ready;
        const Request request = open[id];
        open.erase(id);
        order.leave(request.claim(), ready);
        for (const std::uint64_t other : ready) begin(other);
      }
    }
    EXPECT_EQ(started, 60u);
  }
}

}  // namespace
}  // namespace nodedb::resp
