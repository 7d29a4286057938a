// SPDX-License-Identifier: Apache-2.0
// Three nodes on a network that is cut by hand: who leads, and who knows it, while messages pass one way only
// or not for a moment.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "kv/argv.h"
#include "sim/host.h"

namespace nodedb::sim {
namespace {

class Trio : Host::Outside {
 public:
  Trio() {
    climate_.faults.fill(false);
    for (std::size_t node = 0; node < 3; ++node) {
      uuids_[node] = Uuid::v4(rng_);
      addresses_.push_back("node" + std::to_string(node) + ":1");
    }
    const Uuid cluster = Uuid::v4(rng_);
    for (std::size_t node = 0; node < 3; ++node) {
      node::Options options;
      options.uuid = uuids_[node];
      options.cluster = cluster;
      options.address = addresses_[node];
      options.seeds = addresses_;
      options.vshards_placed = 8;
      // Leaderships stay where an election puts them.
      options.rebalance_after_ns = 0;
      hosts_[node] = std::make_unique<Host>(node, options, Host::World{climate_, schedule_, oracle_, *this},
                                            rng_.fork(), Host::Mistakes{});
    }
    oracle_.look_through([this](std::size_t node) { return hosts_[node]->core(); });
    for (const auto& host : hosts_) host->boot();
    for (std::size_t node = 0; node < 3; ++node) {
      for (std::size_t peer = 0; peer < 3; ++peer) {
        if (peer != node) hosts_[node]->happened(node::PeerConnected{uuids_[peer], addresses_[peer]});
      }
    }
    run(ns_per_s);
    hosts_[0]->happened(node::Init{1});
    run(10 * ns_per_s);
  }

  void run(std::int64_t ns) {
    const std::int64_t until = schedule_.now() + ns;
    while (schedule_.run_one(until)) continue;
    EXPECT_FALSE(oracle_.violation()) << oracle_.violation()->what;
  }
  void cut(std::size_t from, std::size_t to) { cut_[from][to] = true; }
  void mend() { cut_ = {}; }
  /// What the node sends and is sent from now on is lost; nobody notices yet.
  void isolate(std::size_t node) {
    for (std::size_t peer = 0; peer < 3; ++peer) cut_[node][peer] = cut_[peer][node] = true;
  }
  /// Its connections end, and stand again a moment later.
  void reconnect(std::size_t node) {
    const auto both = [&](std::size_t peer, auto event_of) {
      hosts_[peer]->happened(event_of(uuids_[node]));
      hosts_[node]->happened(event_of(uuids_[peer]));
    };
    for (std::size_t peer = 0; peer < 3; ++peer)
      if (peer != node) both(peer, [](const Uuid& of) { return node::PeerDisconnected{of}; });
    run(20 * ns_per_ms);
    mend();
    for (std::size_t peer = 0; peer < 3; ++peer)
      if (peer != node) both(peer, [](const Uuid& of) { return node::PeerConnected{of, {}}; });
  }
  /// One write for each vShard that `leader` leads, by clients of `node`. Returns how many.
  std::size_t write(std::size_t node, std::size_t leader) {
    std::size_t writes = 0;
    for (std::uint16_t v = 0; v < 8; ++v) {
      if (hosts_[leader]->core()->group(group_of(VShardId(v)))->role() != raft::Role::leader) continue;
      hosts_[node]->happened(node::ClientRequest{.tag = v,
                                                 .vshard = VShardId(v),
                                                 .write = true,
                                                 .command = Blob(kv::encode(kv::Argv{"SET", "k", "v"}))});
      ++writes;
    }
    return writes;
  }
  std::size_t answered() const { return answered_; }
  /// As the node sees itself.
  std::size_t led_by(std::size_t node) const {
    std::size_t led = 0;
    for (std::uint32_t group = 0; group <= 8; ++group) {
      led += hosts_[node]->core()->group(GroupId(group))->role() == raft::Role::leader ? 1U : 0U;
    }
    return led;
  }
  std::size_t busiest() const {
    std::size_t best = 0;
    for (std::size_t node = 1; node < 3; ++node) {
      if (led_by(node) > led_by(best)) best = node;
    }
    return best;
  }
  void drain(std::size_t node) { hosts_[node]->happened(node::Drain{}); }
  void restart(std::size_t node) {
    hosts_[node]->crash();
    hosts_[node]->boot();
    for (std::size_t peer = 0; peer < 3; ++peer) {
      if (peer == node) continue;
      hosts_[peer]->happened(node::PeerDisconnected{uuids_[node]});
      hosts_[peer]->happened(node::PeerConnected{uuids_[node], {}});
      hosts_[node]->happened(node::PeerConnected{uuids_[peer], {}});
    }
  }
  /// Groups that take no writes because their leadership is on its way.
  std::size_t handing_over(std::size_t node) const {
    std::size_t count = 0;
    for (std::uint32_t group = 0; group <= 8; ++group)
      count += hosts_[node]->core()->group(GroupId(group))->transferring_to() ? 1U : 0U;
    return count;
  }
  /// Pulses that the node sent without having just been sent one by whom they are for.
  std::size_t by_the_clock(std::size_t node) const { return by_the_clock_[node]; }
  std::uint32_t unknown_to(std::size_t node) const { return hosts_[node]->status().groups_without_leader; }
  std::int64_t timeout_ns() const { return node::Options{}.raft.election_timeout_ns; }

 private:
  void send(std::size_t node, wire::Outbound out) override {
    const std::size_t to = static_cast<std::size_t>(std::ranges::find(uuids_, out.to) - uuids_.begin());
    const bool pulse = std::holds_alternative<raft::Pulse>(out.message);
    if (pulse && schedule_.now() - pulsed_at_[to][node] > 10 * ns_per_ms) ++by_the_clock_[node];
    if (cut_[node][to]) return;
    schedule_.after(ns_per_ms, [this, node, to, pulse, message = std::move(out.message)]() mutable {
      if (pulse) pulsed_at_[node][to] = schedule_.now();
      hosts_[to]->happened(node::FromPeer{uuids_[node], std::move(message)});
    });
  }
  void answer(std::size_t, node::ClientReply reply) override { answered_ += reply.result ? 1U : 0U; }
  void answer(std::size_t, node::OperatorReply) override {}
  void peers(std::size_t, const std::vector<node::Peer>&) override {}
  void certified(std::size_t) override {}
  void trace(std::size_t, const std::vector<node::TraceEvent>&) override {}
  void notice(std::size_t, const std::string&) override {}
  void drained(std::size_t) override {}
  void retired(std::size_t) override {}
  void must_stop(std::size_t) override { FAIL(); }
  Fate writing(std::size_t, DurableWrite) override { return Fate::kept; }
  void killed(std::size_t) override { FAIL(); }
  void wrote(std::size_t) override {}

  Rng rng_{7};
  Climate climate_ = draw_climate(1, ns_per_s);
  Schedule schedule_;
  Oracle oracle_{schedule_};
  std::array<Uuid, 3> uuids_;
  std::vector<std::string> addresses_;
  std::array<std::unique_ptr<Host>, 3> hosts_;
  std::array<std::array<bool, 3>, 3> cut_{};
  std::size_t answered_ = 0;
  std::array<std::array<std::int64_t, 3>, 3> pulsed_at_{};  ///< from, to: when the latest one arrived
  std::array<std::size_t, 3> by_the_clock_{};
};

/// Each of three idle nodes keeps time for one pair.
TEST(Touch, KeepingTimeIsSharedOut) {
  Trio trio;
  std::array<std::size_t, 3> before{};
  for (std::size_t node = 0; node < 3; ++node) before[node] = trio.by_the_clock(node);
  trio.run(20 * ns_per_s);
  for (std::size_t node = 0; node < 3; ++node) {
    const std::size_t pulses = trio.by_the_clock(node) - before[node];
    EXPECT_GT(pulses, 80u) << node;
    EXPECT_LT(pulses, 120u) << node;
  }
}

TEST(Touch, ALeaderThatHearsAllButIsHeardByNobodyStepsDown) {
  Trio trio;
  const std::size_t leader = trio.busiest();
  ASSERT_GT(trio.led_by(leader), 0u);
  for (std::size_t from = 0; from < 3; ++from) {
    for (std::size_t to = 0; to < 3; ++to) {
      // Nor can the others elect anybody whose term would depose it.
      if (to != leader) trio.cut(from, to);
    }
  }
  trio.run(2 * trio.timeout_ns());
  EXPECT_EQ(trio.led_by(leader), 0u);
  trio.mend();
  trio.run(10 * ns_per_s);
  for (std::size_t node = 0; node < 3; ++node) EXPECT_EQ(trio.unknown_to(node), 0u) << node;
}

TEST(Touch, AfterAShortSilenceEverybodyKnowsTheLeadersAgain) {
  Trio trio;
  const std::size_t leader = trio.busiest();
  for (std::int64_t extra = -10; extra <= 300; extra += 10) {
    for (std::size_t node = 0; node < 3; ++node) {
      if (node != leader) trio.cut(leader, node);
    }
    trio.run(trio.timeout_ns() + extra * ns_per_ms);
    trio.mend();
    trio.run(5 * ns_per_s);
    for (std::size_t node = 0; node < 3; ++node) EXPECT_EQ(trio.unknown_to(node), 0u) << node << " " << extra;
  }
}

/// Who has just started votes for nobody and stands for nothing for one election timeout, as it may have
/// promised a leader so much: what is handed to it waits for that long, and so do the writes.
TEST(Touch, LeadershipsGoToWhoMayLeadAtOnce) {
  Trio trio;
  const std::size_t leader = trio.busiest(), fresh = (leader + 1) % 3, other = (leader + 2) % 3;
  trio.restart(fresh);
  trio.run(300 * ns_per_ms);
  const std::size_t led = trio.led_by(leader), led_there = trio.led_by(other);
  ASSERT_GT(led, 0u);
  trio.drain(leader);
  trio.run(100 * ns_per_ms);
  EXPECT_EQ(trio.led_by(leader), 0u);
  EXPECT_GE(trio.led_by(other), led_there + led);
}

TEST(Touch, LeadershipsThatNobodyMayTakeYetServeUntilSomebodyMay) {
  Trio trio;
  const std::size_t leader = trio.busiest();
  for (const std::size_t other : {(leader + 1) % 3, (leader + 2) % 3}) {
    trio.restart(other);
    trio.run(300 * ns_per_ms);
  }
  const std::size_t led = trio.led_by(leader);
  ASSERT_GT(led, 0u);
  trio.drain(leader);
  trio.run(100 * ns_per_ms);
  EXPECT_EQ(trio.led_by(leader), led);
  EXPECT_EQ(trio.handing_over(leader), 0u) << "it would refuse writes for nothing";
  trio.run(trio.timeout_ns());
  EXPECT_EQ(trio.led_by(leader), 0u);
}

/// An authority's exchange ends every connection, for a moment. No time-out has a part in going on.
TEST(Touch, RequestsThatAConnectionTookWithItGoAgainWithTheNext) {
  Trio trio;
  const std::size_t leader = trio.busiest();
  trio.isolate(leader);
  const std::size_t writes = trio.write((leader + 1) % 3, leader);
  ASSERT_GT(writes, 0u);
  trio.reconnect(leader);
  trio.run(50 * ns_per_ms);
  EXPECT_EQ(trio.answered(), writes);
}

TEST(Touch, AppendsThatAConnectionTookWithItGoAgainWithTheNext) {
  Trio trio;
  const std::size_t leader = trio.busiest();
  trio.isolate(leader);
  const std::size_t writes = trio.write(leader, leader);
  ASSERT_GT(writes, 0u);
  trio.reconnect(leader);
  trio.run(50 * ns_per_ms);
  EXPECT_EQ(trio.answered(), writes);
}

TEST(Touch, HandOversThatAConnectionTookWithItGoOnWithTheNext) {
  Trio trio;
  const std::size_t leader = trio.busiest();
  const std::size_t led = trio.led_by(leader);
  trio.isolate(leader);
  trio.drain(leader);
  trio.run(5 * ns_per_ms);
  ASSERT_EQ(trio.handing_over(leader), led);
  trio.reconnect(leader);
  trio.run(50 * ns_per_ms);
  EXPECT_EQ(trio.led_by(leader), 0u);
}

}  // namespace
}  // namespace nodedb::sim
