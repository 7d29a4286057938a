// SPDX-License-Identifier: Apache-2.0
// A bad network between two honest nodes: crashes that nobody announces, loss, duplicates, reordering,
// silence.
#include <gtest/gtest.h>

#include <deque>

#include "edge/base/clock.h"
#include "edge/quic/udp_socket.h"
#include "tests/edge/quic/world.h"

namespace nodedb::quic {
namespace {

/// Stands between a dialler and `to`: the first sender that is not `to` is taken for the dialler.
class Relay : private UdpSocket::Receiver {
 public:
  explicit Relay(const std::string& to)
      : socket_(*UdpSocket::open(*Address::from_ip("127.0.0.1", 0))), rng_(11) {
    const auto where = split_host_port(to);
    to_ = *Address::from_ip(where->host, where->port);
  }
  std::string address() const { return socket_.local().text(); }
  /// Moves what has arrived; called again and again by the test.
  void turn() {
    while (socket_.receive(*this)) {
    }
    // What was held back goes out behind what came after it.
    for (auto& [address, bytes] : std::exchange(late_, {})) socket_.send(address, bytes, bytes.size());
  }

  /// Sends again, in that order, every datagram that came from the dialler while `record` was set.
  std::size_t replay() {
    for (const auto& bytes : recorded_) socket_.send(to_, bytes, bytes.size());
    return recorded_.size();
  }

  bool record = false;
  bool cut = false;
  double loss = 0;
  double duplicates = 0;
  double reorder = 0;

 private:
  void datagram(const Address& from, std::span<const std::uint8_t> bytes) override {
    const bool backward = from == to_;
    if (!backward) dialler_ = from;
    if (!backward && record) recorded_.emplace_back(bytes.begin(), bytes.end());
    if (cut || rng_.chance(loss)) return;
    const Address& target = backward ? dialler_ : to_;
    if (target.size() == 0) return;
    if (rng_.chance(reorder)) {
      late_.emplace_back(target, std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
      return;
    }
    socket_.send(target, bytes, bytes.size());
    if (rng_.chance(duplicates)) socket_.send(target, bytes, bytes.size());
  }

  UdpSocket socket_;
  Rng rng_;
  Address to_;
  Address dialler_;
  std::vector<std::vector<std::uint8_t>> recorded_;
  std::deque<std::pair<Address, std::vector<std::uint8_t>>> late_;
};

class BadNetwork : public testing::Test {
 protected:
  void SetUp() override { begin_with(20 * ns_per_s); }
  void begin_with(std::int64_t idle_timeout_ns) {
    auto a_options = world.options(1);
    a_options.idle_timeout_ns = idle_timeout_ns;
    a = world.start(a_options);
    b_options = world.options(2);
    b_options.idle_timeout_ns = idle_timeout_ns;
    b = world.start(b_options);
    b_options.listen = (*b)->local_address();
    relay = std::make_unique<Relay>(b_options.listen);
    (*a)->set_peers({{uuid_of(2), relay->address()}});
    ASSERT_TRUE(until([&] { return (*a)->connected(uuid_of(2)) && (*b)->connected(uuid_of(1)); }));
  }
  bool until(const std::function<bool()>& done) {
    return world.until(
        [&] {
          relay->turn();
          world.loop().restart();
          world.loop().poll();
          return done();
        },
        std::chrono::seconds(30));
  }
  World world;
  std::unique_ptr<Peer> a;
  std::unique_ptr<Peer> b;
  TransportOptions b_options;
  std::unique_ptr<Relay> relay;
};

TEST_F(BadNetwork, ACrashIsNoticedByTheFirstPacketToTheNewProcess) {
  relay->cut = true;
  b.reset();  // its goodbye is lost in the cut: as good as kill -9
  relay->turn();
  b = world.start(b_options);
  relay->cut = false;
  const auto begin = edge::monotonic_time().ns;
  ASSERT_TRUE((*a)->send(uuid_of(2), credit(1))) << "it does not know yet";
  ASSERT_TRUE(until([&] { return (*a)->connected(uuid_of(2)) && (*b)->connected(uuid_of(1)); }));
  EXPECT_LT(edge::monotonic_time().ns - begin, 10 * ns_per_s) << "far sooner than the idle timeout";
  EXPECT_EQ(a->events, (std::vector<std::string>{"+" + uuid_of(2).text(), "-" + uuid_of(2).text(),
                                                 "+" + uuid_of(2).text()}));
  EXPECT_GE((*b)->stats().resets_sent, 1U);
  ASSERT_TRUE((*a)->send(uuid_of(2), credit(2)));
  ASSERT_TRUE(until([&] { return !b->received.empty(); }));
}

/// The dialler crashed: its new connection replaces the old one at the acceptor, which had not noticed.
TEST_F(BadNetwork, ACrashedDiallerComesBack) {
  relay->cut = true;
  auto a_options = world.options(1);
  a.reset();
  relay->turn();
  a = world.start(a_options);
  relay->cut = false;
  EXPECT_TRUE((*b)->connected(uuid_of(1))) << "it has not noticed";
  (*a)->set_peers({{uuid_of(2), relay->address()}});
  ASSERT_TRUE(until([&] { return (*a)->connected(uuid_of(2)) && b->events.size() == 3; }));
  EXPECT_EQ(b->events, (std::vector<std::string>{"+" + uuid_of(1).text(), "-" + uuid_of(1).text(),
                                                 "+" + uuid_of(1).text()}));
  EXPECT_TRUE(until([&] { return (*b)->stats().connections == 1; })) << "the old one does not linger";
}

TEST_F(BadNetwork, SilenceIsNoticedByBothAndHeals) {
  begin_with(ns_per_s);
  relay->cut = true;
  ASSERT_TRUE(until([&] { return !(*a)->connected(uuid_of(2)) && !(*b)->connected(uuid_of(1)); }));
  EXPECT_EQ((*a)->stats().queued_bytes, 0U);
  relay->cut = false;
  ASSERT_TRUE(until([&] { return (*a)->connected(uuid_of(2)) && (*b)->connected(uuid_of(1)); }));
}

TEST_F(BadNetwork, LossDuplicatesAndReorderingDoNotHarmTheStreams) {
  relay->loss = 0.05;
  relay->duplicates = 0.02;
  relay->reorder = 0.05;
  constexpr std::uint64_t rounds = 150;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    ASSERT_TRUE((*a)->send(uuid_of(2), chunk(i, 5000)));
    ASSERT_TRUE((*b)->send(uuid_of(1), chunk(i, 3000)));
  }
  ASSERT_TRUE(until(
      [&] { return a->received[uuid_of(2)].size() == rounds && b->received[uuid_of(1)].size() == rounds; }));
  for (std::uint64_t i = 0; i < rounds; ++i) {
    EXPECT_EQ(b->received[uuid_of(1)][i], chunk(i, 5000));
    EXPECT_EQ(a->received[uuid_of(2)][i], chunk(i, 3000));
  }
  EXPECT_EQ(a->events.size(), 1U) << "the connection held";
}

/// Who has listened may send it all again, to the same process or to the next one: nothing comes of it.
TEST_F(BadNetwork, ReplayedDatagramsSayNothing) {
  (*a)->set_peers({});
  a.reset();
  ASSERT_TRUE(until([&] { return (*b)->stats().connections == 0; }));
  relay->record = true;
  a = world.start(1);
  (*a)->set_peers({{uuid_of(2), relay->address()}});
  ASSERT_TRUE(until([&] { return (*a)->connected(uuid_of(2)) && (*b)->connected(uuid_of(1)); }));
  for (std::uint64_t i = 0; i < 50; ++i) ASSERT_TRUE((*a)->send(uuid_of(2), credit(i)));
  ASSERT_TRUE(until([&] { return b->received[uuid_of(1)].size() == 50; }));
  relay->record = false;
  const auto events = b->events;
  const auto before = (*b)->stats().datagrams_received;
  for (int times = 0; times < 3; ++times) {
    const std::uint64_t again = relay->replay();
    ASSERT_GT(again, 3U);
    ASSERT_TRUE(until([&] { return (*b)->stats().datagrams_received >= before + again; }));
  }
  ASSERT_TRUE((*a)->send(uuid_of(2), credit(50)));
  ASSERT_TRUE(until([&] { return b->received[uuid_of(1)].size() >= 51; }));
  EXPECT_EQ(b->received[uuid_of(1)].size(), 51U) << "each message came once";
  EXPECT_EQ(b->events, events) << "and the connection held";

  // The next process has none of the keys: the old handshake leads nowhere.
  a.reset();
  b.reset();
  b = world.start(b_options);
  const auto replayed = relay->replay();
  ASSERT_TRUE(until([&] { return (*b)->stats().datagrams_received >= replayed / 2; }));
  world.run_for(std::chrono::milliseconds(300));
  EXPECT_TRUE(b->events.empty());
  EXPECT_EQ((*b)->stats().peers, 0U);
}

}  // namespace
}  // namespace nodedb::quic
