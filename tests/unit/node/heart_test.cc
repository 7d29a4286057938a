// SPDX-License-Identifier: Apache-2.0
// When pulses go: one to each peer in each interval, and of two nodes one keeps time for both.
#include <gtest/gtest.h>

#include <vector>

#include "node/node.h"
#include "tests/unit/node/founder.h"

namespace nodedb::node {
namespace {

constexpr std::uint8_t others[] = {2, 3};

/// Node 1 of three, connected to both others since 0 ms.
struct Heart {
  Heart() {
    auto made = Node::create(founder_options(), founder_boot(), Rng(1), at_ms(0));
    EXPECT_TRUE(made.has_value());
    node.emplace(std::move(*made));
    for (const std::uint8_t peer : others) {
      node->step(at_ms(0), PeerConnected{uuid(peer), {}});
      node->step(at_ms(0), FromPeer{uuid(peer), wire::Hello{NodeId(peer), Incarnation(1), "h:1", "", false}});
    }
    // The answer to the first pulse of a life.
    for (const std::uint8_t peer : others) heard(0, peer);
  }

  std::vector<Uuid> pulsed(const Turn& turn) const {
    std::vector<Uuid> to;
    for (const wire::Outbound& out : turn.send_now)
      if (std::holds_alternative<raft::Pulse>(out.message)) to.push_back(out.to);
    return to;
  }
  std::vector<Uuid> heard(std::int64_t ms, std::uint8_t peer) {
    raft::Pulse pulse;
    pulse.incarnation = Incarnation(1);
    pulse.sent = Time{ms * ns_per_ms + 1};
    pulse.version = 1;
    return pulsed(node->step(at_ms(ms), FromPeer{uuid(peer), pulse}));
  }
  /// Steps whenever the node wants to, up to and including that time.
  std::vector<std::pair<std::int64_t, Uuid>> until(std::int64_t ms) {
    std::vector<std::pair<std::int64_t, Uuid>> all;
    for (std::int64_t at = last + 1; at <= ms; ++at)
      for (const Uuid& to : pulsed(node->step(at_ms(at), Wake{}))) all.emplace_back(at, to);
    last = ms;
    return all;
  }

  std::optional<Node> node;
  std::int64_t last = 0;
};

using Sent = std::vector<std::pair<std::int64_t, Uuid>>;
using To = std::vector<Uuid>;

/// It keeps time with node 2. Of node 3's pulses it waits a quarter of an interval longer, as they should
/// come first.
TEST(Heart, EachPeerGetsAPulseInEachInterval) {
  Heart it;
  EXPECT_EQ(it.until(550), (Sent{{200, uuid(2)}, {250, uuid(3)}, {400, uuid(2)}, {500, uuid(3)}}));
}

TEST(Heart, APulseGoesWithTheAcknowledgementOfWhoKeepsTime) {
  Heart it;
  for (const std::int64_t at : {200, 400, 600}) {
    for (const auto& [when, to] : it.until(at)) EXPECT_EQ(to, uuid(2)) << when;
    EXPECT_EQ(it.heard(at, 3), To{uuid(3)});
    EXPECT_EQ(it.heard(at + 1, 2), To()) << "the answer to its own";
  }
}

TEST(Heart, APulseSoonDueGoesWithWhatAcknowledgesThePeersOwn) {
  Heart it;
  EXPECT_EQ(it.until(149), Sent());
  EXPECT_EQ(it.heard(150, 2), To{uuid(2)});
  EXPECT_EQ(it.until(399), (Sent{{250, uuid(3)}, {350, uuid(2)}})) << "an interval after the one before";
}

TEST(Heart, APulseThatIsNotSoonDueWaits) {
  Heart it;
  EXPECT_EQ(it.until(49), Sent());
  EXPECT_EQ(it.heard(50, 2), To());
  EXPECT_EQ(it.heard(60, 2), To()) << "nor is one that went a moment ago";
  EXPECT_EQ(it.until(250), (Sent{{200, uuid(2)}, {250, uuid(3)}}));
}

/// Nobody is woken for a peer that nothing can be sent to.
TEST(Heart, APeerWithoutAConnectionWakesNobody) {
  Heart it;
  it.node->step(at_ms(1), PeerDisconnected{uuid(2)});
  it.node->step(at_ms(1), PeerDisconnected{uuid(3)});
  it.last = 1;
  EXPECT_EQ(it.until(450), Sent());
  const Turn turn = it.node->step(at_ms(451), Wake{});
  EXPECT_GT(turn.wake_at, at_ms(451).mono);
  EXPECT_EQ(it.pulsed(it.node->step(at_ms(452), PeerConnected{uuid(2), {}})), To{uuid(2)})
      << "and then at once";
}

}  // namespace
}  // namespace nodedb::node
