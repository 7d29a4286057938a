// SPDX-License-Identifier: Apache-2.0
// Two honest nodes: messages, order, priorities, reconnects, one connection for a pair, back-pressure.
#include <gtest/gtest.h>

#include <asio/steady_timer.hpp>

#include "edge/base/clock.h"
#include "swim/rules.h"
#include "tests/edge/quic/world.h"

namespace nodedb::quic {
namespace {

class Exchange : public testing::Test {
 protected:
  bool together(const Peer& a, const Peer& b) {
    return world.until([&] { return a->connected(b->self().node) && b->connected(a->self().node); });
  }
  World world;
};

/// The first has dialled the second.
class TwoTogether : public Exchange {
 protected:
  void SetUp() override {
    a = world.start(1);
    b = world.start(2);
    (*a)->set_peers({{uuid_of(2), (*b)->local_address()}});
    ASSERT_TRUE(together(*a, *b));
  }
  std::unique_ptr<Peer> a;
  std::unique_ptr<Peer> b;
};

TEST_F(TwoTogether, AllClassesArriveInOrderInBothDirections) {
  EXPECT_EQ(a->dialled.front(), (*b)->local_address());
  EXPECT_EQ(b->dialled.front(), "");
  constexpr std::uint64_t rounds = 200;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    for (auto* peer : {a.get(), b.get()}) {
      const Uuid other = uuid_of(peer == a.get() ? 2 : 1);
      ASSERT_TRUE((*peer)->send(other, credit(i)));
      ASSERT_TRUE((*peer)->send(other, forward(i, i * 10)));
      ASSERT_TRUE((*peer)->send(other, chunk(i, i * 100)));
    }
  }
  ASSERT_TRUE(world.until([&] {
    return a->received[uuid_of(2)].size() == 3 * rounds && b->received[uuid_of(1)].size() == 3 * rounds;
  }));
  for (auto* peer : {a.get(), b.get()}) {
    std::uint64_t credits = 0;
    std::uint64_t forwards = 0;
    std::uint64_t chunks = 0;
    for (const auto& message : peer->received.begin()->second) {
      if (const auto* m = std::get_if<wire::SnapshotCredit>(&message)) {
        EXPECT_EQ(m->next, credits++);
      }
      if (const auto* m = std::get_if<wire::ForwardBundle>(&message)) {
        EXPECT_EQ(m->requests.at(0).request, forwards);
        EXPECT_EQ(m->requests.at(0).command.size(), 10 * forwards++);
      }
      if (const auto* m = std::get_if<wire::SnapshotChunk>(&message)) {
        EXPECT_EQ(*m, std::get<wire::SnapshotChunk>(chunk(chunks, 100 * chunks)));
        ++chunks;
      }
    }
    EXPECT_EQ(chunks, rounds);
  }
  EXPECT_EQ((*a)->stats().connections, 1U);
}

/// The largest word of SWIM's, both ways, beside bulk that fills its windows; on loopback nothing is lost.
TEST_F(TwoTogether, SwimTravelsInDatagrams) {
  swim::Sync word;
  const swim::Rumour rumour{NodeId(70'000), {Incarnation(300), 200}, swim::Standing::dead, NodeId(9)};
  while (swim::message_bytes + (word.rumours.size() + 1) * swim::rumour_bytes(rumour) <=
         limits::swim_datagram_bytes)
    word.rumours.push_back(rumour);
  b->keep = false;
  int words = 0;
  int chunks = 0;
  b->on_received = [&](const Uuid& from, const wire::PeerMessage& message) {
    if (std::holds_alternative<wire::SnapshotChunk>(message)) ++chunks;
    if (!std::holds_alternative<swim::Message>(message)) return;
    ++words;
    (*b)->send(from, message);
  };
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE((*a)->send(uuid_of(2), chunk(static_cast<std::uint64_t>(i), 256 * 1024)));
    ASSERT_TRUE((*a)->send(uuid_of(2), swim::Message(word)));
  }
  ASSERT_TRUE(world.until([&] { return words == 20; }));
  EXPECT_LT(chunks, 20) << "words are sent before what waits on streams";
  ASSERT_TRUE(world.until([&] { return a->received[uuid_of(2)].size() == 20; }));
  EXPECT_EQ(a->received[uuid_of(2)].back(), wire::PeerMessage(swim::Message(word)));
}

/// 50 MB of snapshot in one direction; a ping-pong on the control stream goes on meanwhile.
TEST_F(TwoTogether, BulkDoesNotHoldUpControl) {
  constexpr std::uint64_t chunks = 200;
  constexpr std::size_t chunk_bytes = 256 * 1024;
  a->keep = b->keep = false;
  std::uint64_t sent = 0;
  std::uint64_t arrived = 0;
  std::uint64_t pongs = 0;
  std::int64_t worst_ns = 0;
  std::int64_t asked_ns = edge::monotonic_time().ns;
  b->on_received = [&](const Uuid& from, const wire::PeerMessage& message) {
    if (std::holds_alternative<wire::SnapshotChunk>(message)) ++arrived;
    if (const auto* ping = std::get_if<wire::SnapshotCredit>(&message)) (*b)->send(from, credit(ping->next));
  };
  a->on_received = [&](const Uuid& from, const wire::PeerMessage&) {
    const auto now_ns = edge::monotonic_time().ns;
    worst_ns = std::max(worst_ns, now_ns - asked_ns);
    asked_ns = now_ns;
    ++pongs;
    (*a)->send(from, credit(pongs));
  };
  (*a)->send(uuid_of(2), credit(0));
  ASSERT_TRUE(world.until(
      [&] {
        while (sent < chunks && (sent - arrived) * chunk_bytes < 8 * 1024 * 1024) {
          (*a)->send(uuid_of(2), chunk(sent++, chunk_bytes));
        }
        return arrived == chunks;
      },
      std::chrono::seconds(200)));
  EXPECT_GT(pongs, 20U);
  EXPECT_EQ((*a)->stats().dropped_full, 0U);
  RecordProperty("pongs", std::to_string(pongs));
  RecordProperty("worst_us", std::to_string(worst_ns / 1000));
}

/// Requests, and large replies behind them, wait; what commits writes overtakes them.
TEST_F(TwoTogether, RequestsDoNotHoldUpTheLog) {
  constexpr std::size_t each = 40;
  constexpr std::size_t large_bytes = 256 * 1024;
  b->keep = false;
  std::size_t requests = 0, large = 0, requests_before = each, large_before = each;
  b->on_received = [&](const Uuid&, const wire::PeerMessage& message) {
    if (std::holds_alternative<wire::LargeReply>(message)) ++large;
    if (std::holds_alternative<wire::ForwardBundle>(message) && ++requests == each) large_before = large;
    if (std::holds_alternative<wire::RaftBundle>(message)) requests_before = requests;
  };
  const wire::LargeReply reply{{1, Incarnation(1), GroupId(1), Blob(Bytes(large_bytes, 'v')), {}, {}}};
  for (std::size_t i = 0; i < each; ++i) ASSERT_TRUE((*a)->send(uuid_of(2), reply));
  for (std::size_t i = 0; i < each; ++i) ASSERT_TRUE((*a)->send(uuid_of(2), forward(i, large_bytes)));
  ASSERT_TRUE((*a)->send(uuid_of(2), wire::RaftBundle{{{GroupId(1), raft::TimeoutNow{}}}}));
  ASSERT_TRUE(world.until([&] { return requests == each && large == each; }));
  EXPECT_LT(requests_before, each);
  EXPECT_LT(large_before, each);
}

TEST_F(TwoTogether, ARequestsBytesThatOthersHoldDoNotFillItsQueue) {
  (*a)->limit_send_queues({64 * 1024, 64 * 1024});
  constexpr std::size_t each = 40;
  for (std::size_t i = 0; i < each; ++i) ASSERT_TRUE((*a)->send(uuid_of(2), forward(i, 32 * 1024)));
  std::size_t copied = 0;
  while (copied < each && (*a)->send(uuid_of(2), forward(each + copied, 1'000))) ++copied;
  EXPECT_LT(copied, each) << "what is copied fills it";
  ASSERT_TRUE(world.until([&] { return b->received[uuid_of(1)].size() == each + copied; }))
      << b->received[uuid_of(1)].size() << " of " << each + copied;
}

TEST_F(TwoTogether, ABundleOfSmallRequestsFillsTheQueue) {
  (*a)->limit_send_queues({64 * 1024, 64 * 1024});
  wire::ForwardBundle bundle;
  for (std::uint64_t i = 0; i < 10; ++i) {
    wire::Forward one;
    one.request = i;
    one.command = Blob(Bytes(1'000, 'c'));
    bundle.requests.push_back(std::move(one));
  }
  std::size_t taken = 0;
  while (taken < 40 && (*a)->send(uuid_of(2), bundle)) ++taken;
  EXPECT_LE(taken, 4U) << "of 10 KiB each, in 32 KiB";
}

TEST_F(Exchange, SimultaneousDialsEndWithOneConnection) {
  for (int round = 0; round < 5; ++round) {
    auto a = world.start(1);
    auto b = world.start(2);
    // Seeds have no UUIDs yet, so neither side waits for the other.
    (*a)->set_seeds({(*b)->local_address(), (*a)->local_address()});
    (*b)->set_seeds({(*a)->local_address(), (*b)->local_address()});
    ASSERT_TRUE(together(*a, *b));
    ASSERT_TRUE(world.until([&] {
      return (*a)->stats().connections == 1 && (*b)->stats().connections == 1 &&
             (*a)->connected(uuid_of(2)) && (*b)->connected(uuid_of(1));
    })) << (*a)->stats().connections
        << " " << (*b)->stats().connections;
    ASSERT_TRUE((*a)->send(uuid_of(2), credit(1)));
    ASSERT_TRUE((*b)->send(uuid_of(1), credit(2)));
    ASSERT_TRUE(world.until([&] { return !a->received.empty() && !b->received.empty(); }));
    const auto events = a->events.size();
    world.run_for(std::chrono::milliseconds(300));
    EXPECT_EQ(a->events.size(), events) << "the pair has settled";
    EXPECT_FALSE(world.logged("cannot connect")) << "neither our own address nor a duplicate is a failure";
    EXPECT_FALSE(world.logged("connection refused"));
  }
}

TEST_F(Exchange, APeerThatRestartsIsBackAtOnce) {
  auto a = world.start(1);
  auto b_options = world.options(2);
  auto b = world.start(b_options);
  b_options.listen = (*b)->local_address();
  (*a)->set_peers({{uuid_of(2), b_options.listen}});
  ASSERT_TRUE(together(*a, *b));
  for (int round = 0; round < 3; ++round) {
    b->transport.reset();  // says goodbye
    const auto begin = edge::monotonic_time().ns;
    b = world.start(b_options);
    ASSERT_TRUE(together(*a, *b));
    ASSERT_TRUE((*a)->send(uuid_of(2), credit(7)));
    ASSERT_TRUE(world.until([&] { return !b->received.empty(); }));
    EXPECT_LT(edge::monotonic_time().ns - begin, 10 * ns_per_s) << "not by the idle timeout";
  }
  EXPECT_EQ(a->count("+" + uuid_of(2).text()), 4U);
  EXPECT_EQ(a->count("-" + uuid_of(2).text()), 3U);
}

TEST_F(Exchange, AQuietConnectionIsKeptAlive) {
  auto a_options = world.options(1);
  a_options.idle_timeout_ns = 2 * ns_per_s;
  auto a = world.start(a_options);
  auto b = world.start(2);
  (*a)->set_peers({{uuid_of(2), (*b)->local_address()}});
  ASSERT_TRUE(together(*a, *b));
  world.run_for(std::chrono::milliseconds(3500));
  EXPECT_EQ(a->events.size(), 1U) << "keep-alive holds a quiet connection";
}

/// Who answers within a moment needs no packet for the acknowledgement alone: pulses of an idle cluster, and
/// one request after the other.
TEST_F(TwoTogether, AnAcknowledgementGoesWithTheAnswer) {
  asio::steady_timer moment(world.loop());
  b->on_received = [&](const Uuid& from, const wire::PeerMessage& message) {
    // As by another thread: not in the turn in which it came.
    moment.expires_after(std::chrono::microseconds(100));
    moment.async_wait([&, from, message](std::error_code) { (*b)->send(from, message); });
  };
  constexpr std::uint64_t rounds = 20;
  for (const int pause_ms : {60, 0}) {
    world.run_for(std::chrono::milliseconds(60));
    a->received.clear();
    const std::uint64_t before = (*b)->stats().packets_sent;
    for (std::uint64_t i = 0; i < rounds; ++i) {
      ASSERT_TRUE((*a)->send(uuid_of(2), credit(i)));
      ASSERT_TRUE(world.until([&] { return a->received[uuid_of(2)].size() == i + 1; }));
      world.run_for(std::chrono::milliseconds(pause_ms));
    }
    EXPECT_LT((*b)->stats().packets_sent - before, rounds * 3 / 2)
        << "one each, and now and then another; pauses of " << pause_ms << " ms";
  }
}

/// Where no answer comes, the acknowledgement comes before the sender would send again.
TEST_F(TwoTogether, AMessageWithoutAnAnswerIsAcknowledgedInTime) {
  world.run_for(std::chrono::milliseconds(60));
  const std::uint64_t sent_before = (*a)->stats().packets_sent;
  const std::uint64_t acknowledged_before = (*b)->stats().packets_sent;
  constexpr std::uint64_t rounds = 20;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    ASSERT_TRUE((*a)->send(uuid_of(2), credit(i)));
    world.run_for(std::chrono::milliseconds(60));
  }
  EXPECT_LT((*a)->stats().packets_sent - sent_before, rounds * 3 / 2) << "none twice, but now and then one";
  const std::uint64_t acknowledgements = (*b)->stats().packets_sent - acknowledged_before;
  EXPECT_GE(acknowledgements, rounds);
  EXPECT_LT(acknowledgements, rounds * 3 / 2);
}

/// It comes, it is acknowledged, that comes: what is over leaves no deadline behind.
TEST_F(TwoTogether, AMessageWakesForWhatHappensOnly) {
  world.run_for(std::chrono::milliseconds(60));
  constexpr std::size_t rounds = 20;
  std::size_t wake_ups = 0;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    ASSERT_TRUE((*a)->send(uuid_of(2), credit(i)));
    wake_ups += world.wake_ups_in(std::chrono::milliseconds(60));
  }
  EXPECT_LT(wake_ups, rounds * 3) << "the sending, the message, its acknowledgement, that one's arrival";
}

TEST_F(Exchange, ASlowReaderDoesNotGrowTheSendersMemory) {
  auto a_options = world.options(1);
  a_options.send_queues.bulk_bytes = 2 * 1024 * 1024;
  auto a = world.start(a_options);
  auto b = world.start(2);
  (*a)->set_peers({{uuid_of(2), (*b)->local_address()}});
  ASSERT_TRUE(together(*a, *b));
  (*b)->pause_reading(true);
  b->keep = false;
  std::uint64_t accepted = 0;
  std::uint64_t arrived = 0;
  b->on_received = [&](const Uuid&, const wire::PeerMessage& m) {
    arrived += std::holds_alternative<wire::SnapshotChunk>(m) ? 1U : 0U;
  };
  for (std::uint64_t i = 0; i < 400; ++i) {
    accepted += (*a)->send(uuid_of(2), chunk(i, 64 * 1024)) ? 1U : 0U;
    world.run_for(std::chrono::milliseconds(1));
    ASSERT_LE((accepted - arrived) * 64 * 1024, a_options.send_queues.bulk_bytes + 2U * 1024 * 1024);
  }
  EXPECT_LT(accepted, 200U);
  EXPECT_GT((*a)->stats().dropped_full, 0U);
  EXPECT_LE(arrived * 64 * 1024, 2U * 1024 * 1024) << "no more than the window reached the paused side";
  ASSERT_TRUE((*a)->send(uuid_of(2), credit(1))) << "other classes are not affected";
  (*b)->pause_reading(false);
  EXPECT_TRUE(world.until([&] { return arrived == accepted; }));
  EXPECT_TRUE(world.until([&] { return (*a)->stats().queued_bytes == 0; }));
}

TEST_F(Exchange, TheHighestCommonProtocolVersionIsUsed) {
  auto a_options = world.options(1);
  a_options.versions = {1, 2};
  auto b_options = world.options(2);
  b_options.versions = {1, 3};
  auto c_options = world.options(3);
  c_options.versions = {3, 4};
  auto a = world.start(a_options);
  auto b = world.start(b_options);
  auto c = world.start(c_options);
  (*b)->set_peers({{uuid_of(1), (*a)->local_address()}});
  ASSERT_TRUE(together(*a, *b));
  EXPECT_TRUE(world.logged("protocol=nodedb/2"));
  (*c)->set_peers({{uuid_of(1), (*a)->local_address()}});
  EXPECT_TRUE(world.until([&] { return world.logged("cannot connect"); }));
  EXPECT_FALSE((*c)->connected(uuid_of(1)));
}

TEST_F(Exchange, SendingWithoutAConnectionIsCounted) {
  auto a = world.start(1);
  EXPECT_FALSE((*a)->send(uuid_of(2), credit(1)));
  EXPECT_EQ((*a)->stats().dropped_unconnected, 1U);
  (*a)->close();
  EXPECT_FALSE((*a)->send(uuid_of(2), credit(1)));
}

}  // namespace
}  // namespace nodedb::quic
