// SPDX-License-Identifier: Apache-2.0
// Real nodes over a bad network: datagrams between them are lost, repeated, changed and overtake each other,
// and now and then a node is cut off. No acknowledged write is lost, every read is linearizable.
#include <gtest/gtest.h>

#include <algorithm>

#include "history/linearizability.h"
#include "load/check_crowd.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/relay.h"

namespace nodedb::e2e {
namespace {

constexpr std::size_t nodes = 3;
constexpr std::uint64_t clients = 8;
constexpr std::uint64_t rounds = 6;
constexpr std::uint64_t seed = 1;
constexpr Weather storm{.lost = 3, .repeated = 2, .changed = 2, .delay_ms_max = 10};

/// Puts each node behind a way through a relay that has the node's address; the nodes move elsewhere.
std::vector<Relay::Way> move_behind(Cluster& cluster) {
  std::vector<Relay::Way> ways;
  for (std::size_t i = 0; i < nodes; ++i) {
    cluster.kill(i);
    std::vector<std::string>& line = cluster.nodes()[i].start;
    const auto listen = std::ranges::find(line, "--listen") + 1;
    const std::string known_as = *listen;
    *listen = "127.0.0.1:" + std::to_string(free_port());
    ways.push_back(
        {static_cast<std::uint16_t>(port_of(known_as)), static_cast<std::uint16_t>(port_of(*listen))});
    line.insert(line.end(), {"--advertise", known_as});
  }
  return ways;
}

TEST(BadNetwork, NothingThatWasAcknowledgedIsLostAndReadsAreLinearizable) {
  const TemporaryDirectory directory("nodedb-bad-network");
  std::string complaint;
  auto cluster = Cluster::start(directory.path(), nodes, complaint);
  ASSERT_TRUE(cluster) << complaint;
  Relay relay(move_behind(*cluster), seed);
  for (std::size_t i = 0; i < nodes; ++i) cluster->restart(i);
  ASSERT_TRUE(cluster->wait_healthy(60));

  Rng rng(seed);
  load::CheckStage stage;
  stage.access.servers = load::loopback(cluster->redis_ports());
  stage.name = "storm";
  relay.set(storm);
  history::History history;
  {
    load::CheckCrowd crowd(stage, rng, clients);
    for (stage.round = 0; stage.round < rounds; ++stage.round) {
      const std::uint64_t before = stage.acknowledged;
      sleep_ms(500);
      const std::size_t victim = rng.below(nodes);
      relay.cut(victim, true);
      sleep_ms(static_cast<int>(300 + rng.below(2'500)));
      relay.cut(victim, false);
      EXPECT_TRUE(eventually(60, [&] { return stage.acknowledged >= before + 50; }))
          << "no progress in round " << stage.round;
    }
    crowd.stop();
    history = crowd.take_history();
  }
  const Relay::Counts counts = relay.counts();
  relay.set({});
  EXPECT_TRUE(cluster->wait_healthy(60));
  load::CheckClient reader(stage, rng.fork());
  for (const std::string& key : load::keys_until(stage, rounds)) EXPECT_TRUE(reader.read_finally(key)) << key;
  for (history::Operation& operation : reader.take_history()) history.push_back(std::move(operation));

  const history::Judgement judgement = history::check_linearizable(history);
  EXPECT_EQ(judgement.kind, history::Judgement::Kind::linearizable) << judgement.key;
  for (std::size_t i = 0; i < nodes; ++i) EXPECT_FALSE(cluster->end(i, 0, 0)) << "node " << i + 1 << " ended";
  // It was a storm.
  EXPECT_GT(counts.passed, 1'000u);
  EXPECT_GT(counts.lost, 50u);
  EXPECT_GT(counts.repeated, 10u);
  EXPECT_GT(counts.changed, 10u);
}

}  // namespace
}  // namespace nodedb::e2e
