// SPDX-License-Identifier: Apache-2.0
// The pure pieces: addresses, the send queue, the dial plan.
#include <gtest/gtest.h>

#include "edge/quic/address.h"
#include "edge/quic/dial_plan.h"
#include "edge/quic/send_queue.h"
#include "tests/edge/quic/world.h"

namespace nodedb::quic {
namespace {

TEST(Address, Texts) {
  EXPECT_EQ(split_host_port("127.0.0.1:80")->host, "127.0.0.1");
  EXPECT_EQ(split_host_port("[::1]:80")->host, "::1");
  EXPECT_EQ(split_host_port("db.example.org:65535")->port, 65535);
  for (const char* bad :
       {"", ":", ":1", "a", "a:", "a:x", "a:65536", "a:-1", "a:1 ", "::1:80", "[]:1", "[::1:80", "[::1]"}) {
    EXPECT_FALSE(split_host_port(bad)) << bad;
  }
  EXPECT_EQ(Address::from_ip("10.1.2.3", 7)->text(), "10.1.2.3:7");
  EXPECT_EQ(Address::from_ip("2001:db8::1", 7)->text(), "[2001:db8::1]:7");
  EXPECT_FALSE(Address::from_ip("localhost", 7));
  EXPECT_EQ(Address::from_ip("10.1.2.3", 7)->for_family(AF_INET6).text(), "[::ffff:10.1.2.3]:7");
  EXPECT_FALSE(*Address::from_ip("10.1.2.3", 7) == *Address::from_ip("10.1.2.3", 8));
  EXPECT_FALSE(*Address::from_ip("10.1.2.3", 7) == *Address::from_ip("10.1.2.4", 7));
}

/// Everything that is pushed comes out once, in order, from addresses that stay until it is acknowledged.
TEST(SendQueue, RandomPushesSendsAndAcknowledgements) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Rng rng(seed);
    SendQueue queue;
    Bytes pushed;
    Bytes sent;
    std::uint64_t acknowledged = 0;
    std::vector<std::pair<const std::uint8_t*, std::pair<std::size_t, std::size_t>>>
        pieces;  // address, offset, size
    for (int step = 0; step < 120; ++step) {
      const auto what = rng.below(4);
      if (what == 0) {
        Bytes few(rng.below(40), static_cast<char>('a' + rng.below(26)));
        pushed += few;
        queue.append(few);
      } else if (what == 1) {
        Bytes many(rng.below(9000), static_cast<char>('A' + rng.below(26)));
        pushed += many;
        const std::size_t own = queue.own_bytes();
        const bool shared = rng.chance(0.5);
        const std::size_t more = shared ? 0 : many.size();
        shared ? queue.share(Blob(std::move(many))) : queue.push(std::move(many));
        EXPECT_EQ(queue.own_bytes(), own + more);
      } else if (what == 2) {
        std::array<ngtcp2_vec, 4> vectors{};
        const auto piece = queue.next(vectors);
        std::size_t take = piece.bytes == 0 ? 0 : rng.below(piece.bytes + 1);
        queue.sent(take, false);
        for (std::size_t i = 0; i < piece.vectors && take > 0; ++i) {
          const std::size_t part = std::min(take, vectors[i].len);
          pieces.push_back({vectors[i].base, {sent.size(), part}});
          sent.append(reinterpret_cast<const char*>(vectors[i].base), part);
          take -= part;
        }
      } else {
        acknowledged += rng.below(sent.size() - acknowledged + 1);
        queue.acknowledged(acknowledged);
      }
      for (const auto& [address, where] : pieces) {
        if (where.first + where.second <= acknowledged || where.first < acknowledged) continue;
        ASSERT_EQ(BytesView(reinterpret_cast<const char*>(address), where.second),
                  BytesView(sent).substr(where.first, where.second));
      }
      ASSERT_EQ(queue.unsent_bytes(), pushed.size() - sent.size());
      ASSERT_GE(queue.held_bytes(), pushed.size() - acknowledged);
    }
    ASSERT_EQ(sent, pushed.substr(0, sent.size()));
    while (queue.has_unsent()) {
      std::array<ngtcp2_vec, 16> vectors{};
      queue.sent(queue.next(vectors).bytes, false);
    }
    queue.acknowledged(pushed.size());
    ASSERT_EQ(queue.held_bytes(), 0U);
  }
}

TEST(SendQueue, TheEndGoesWithTheLastByte) {
  SendQueue queue;
  queue.append("abc");
  queue.finish();
  std::array<ngtcp2_vec, 4> vectors{};
  EXPECT_TRUE(queue.next(vectors).ends_stream);
  queue.sent(2, false);
  EXPECT_TRUE(queue.has_unsent());
  EXPECT_TRUE(queue.next(vectors).ends_stream);
  queue.sent(1, true);
  EXPECT_FALSE(queue.has_unsent());
}

const DialPlan::Connected nobody = [](const Uuid&) { return false; };

TEST(DialPlan, BacksOffWithJitterAndForgetsItOnceConnected) {
  DialPlan plan(uuid_of(1), {}, 7);
  plan.set_peers({{uuid_of(2), "b:1"}}, 0);
  std::int64_t now = 0;
  std::int64_t last_wait = 0;
  for (int i = 0; i < 12; ++i) {
    now = plan.next_ns(nobody);
    ASSERT_EQ(plan.take_due(now, nobody).size(), 1U);
    ASSERT_TRUE(plan.take_due(now, nobody).empty()) << "one dial at a time";
    EXPECT_EQ(plan.failed("b:1", "no answer", now), i == 0) << "only news is worth a line";
    last_wait = plan.next_ns(nobody) - now;
    EXPECT_GE(last_wait, 25 * ns_per_ms);
    EXPECT_LE(last_wait, 2 * ns_per_s);
  }
  EXPECT_GE(last_wait, 1 * ns_per_s);
  plan.take_due(now + 3 * ns_per_s, nobody);
  plan.opened("b:1", uuid_of(2));
  EXPECT_EQ(plan.next_ns([](const Uuid&) { return true; }), never.ns);
  plan.lost(uuid_of(2), now);
  EXPECT_LE(plan.next_ns(nobody) - now, 50 * ns_per_ms);
}

TEST(DialPlan, TheLargerUuidWaitsAtFirst) {
  DialPlan small(uuid_of(1), {}, 7);
  DialPlan large(uuid_of(2), {}, 7);
  small.set_peers({{uuid_of(2), "b:1"}}, 0);
  large.set_peers({{uuid_of(1), "a:1"}}, 0);
  EXPECT_EQ(small.take_due(0, nobody).size(), 1U);
  EXPECT_TRUE(large.take_due(0, nobody).empty());
  EXPECT_LE(large.next_ns(nobody), 100 * ns_per_ms);
}

TEST(DialPlan, OwnAddressAmongTheSeedsIsDialledOnce) {
  DialPlan plan(uuid_of(1), {}, 7);
  plan.set_seeds({"a:1", "b:1"}, 0);
  plan.set_peers({{uuid_of(1), "a:1"}}, 0);
  ASSERT_EQ(plan.take_due(0, nobody).size(), 2U);
  plan.found_self("a:1");
  plan.failed("b:1", "x", 0);
  for (const auto& due : plan.take_due(10 * ns_per_s, nobody)) EXPECT_EQ(due.address, "b:1");
  plan.set_seeds({}, 0);
  EXPECT_EQ(plan.next_ns(nobody), never.ns);
}

}  // namespace
}  // namespace nodedb::quic
