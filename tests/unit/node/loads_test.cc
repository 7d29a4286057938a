// SPDX-License-Identifier: Apache-2.0
// What vShards cost: how it is measured, what is told of it and when, and that hot vShards are spread.
#include <gtest/gtest.h>

#include <algorithm>

#include "node/load_book.h"
#include "node/load_meter.h"
#include "tests/unit/node/reconcile_world.h"

namespace nodedb::node {
namespace {

using test::ReconcileWorld;
constexpr std::int64_t s = ns_per_s;
constexpr VShardId hot{7};
constexpr VShardId cold{8};

bool leads_all(VShardId) {
  return true;
}

/// A meter that is sampled every 10 s, with writes to `hot` at some rate.
struct Metered {
  void run(int seconds, std::uint64_t writes_per_s, std::uint64_t reads_per_s = 0) {
    for (int i = 0; i < seconds; i += 10) {
      for (std::uint64_t n = 0; n < 10 * writes_per_s; ++n) meter.wrote(hot);
      for (std::uint64_t n = 0; n < 10 * reads_per_s; ++n) meter.read(hot);
      now = now + 10 * s;
      meter.sample(now, leads_all);
    }
  }
  std::vector<wire::VShardLoad> news(bool anew = false) { return meter.take_news(now, anew); }

  LoadMeter meter;
  Time now{s};
};

TEST(LoadMeter, RatesAreTheMeanOfAMinute) {
  Metered one;
  one.run(10, 0);
  one.run(70, 500, 40);
  EXPECT_EQ(one.news(), (std::vector<wire::VShardLoad>{{hot, 0, 500, 40}}));
  one.run(10, 0);
  const auto fading = one.news();
  ASSERT_EQ(fading.size(), 1u);
  EXPECT_NEAR(static_cast<double>(fading.front().writes), 500.0 * 5 / 6, 2);
  one.run(600, 0);
  EXPECT_EQ(one.news(), (std::vector<wire::VShardLoad>{{hot, 0, 0, 0}}));
}

TEST(LoadMeter, NothingIsToldInTheFirstMinute) {
  Metered one;
  one.run(60, 500);
  EXPECT_TRUE(one.news().empty());
  EXPECT_FALSE(one.meter.known(one.now, hot));
  one.run(10, 500);
  EXPECT_EQ(one.meter.known(one.now, hot), (wire::VShardLoad{hot, 0, 500, 0}));
}

TEST(LoadMeter, OnlyWhatHasChangedByMoreThanATenthIsTold) {
  Metered one;
  one.run(80, 1'000);
  EXPECT_EQ(one.news().size(), 1u);
  one.run(600, 1'080);
  EXPECT_TRUE(one.news().empty());
  EXPECT_EQ(one.news(true).size(), 1u) << "a newcomer is told all";
  one.run(600, 1'300);
  EXPECT_EQ(one.news().size(), 1u);
  EXPECT_TRUE(one.news().empty());
}

TEST(LoadMeter, IdleIsSilent) {
  Metered one;
  one.run(100, 1);
  one.meter.sized(cold, LoadMeter::bytes_min - 1);
  EXPECT_TRUE(one.news(true).empty());
}

TEST(LoadMeter, TheHottestComeFirst) {
  Metered one;
  one.run(10, 0);
  for (int i = 0; i < 200; ++i) one.meter.read(cold);
  one.run(10, 50);
  const auto hottest = one.meter.hottest(8);
  ASSERT_EQ(hottest.size(), 2u) << "idle vShards are not there";
  EXPECT_EQ(hottest[0], (wire::VShardLoad{hot, 0, 50, 0}));
  EXPECT_EQ(hottest[1], (wire::VShardLoad{cold, 0, 0, 20}));
  EXPECT_EQ(one.meter.hottest(1), (std::vector<wire::VShardLoad>{{hot, 0, 50, 0}}));
}

TEST(LoadMeter, WhoLosesTheLeadForgets) {
  Metered one;
  one.run(100, 500);
  one.meter.sample(one.now + s, [](VShardId vshard) { return vshard != hot; });
  one.now = one.now + 2 * s;
  one.meter.sample(one.now, leads_all);
  EXPECT_TRUE(one.news(true).empty());
  EXPECT_FALSE(one.meter.known(one.now, hot));
}

TEST(LoadMeter, SizesAreAskedForWhereSomethingWasWritten) {
  Metered one;
  one.run(10, 0);
  EXPECT_EQ(one.meter.take_unsized(1'000).size(), 1'000u) << "none is known";
  EXPECT_EQ(one.meter.take_unsized(1'000).size(), std::size_t{vshard_count} - 1'000);
  EXPECT_TRUE(one.meter.take_unsized(1'000).empty());
  one.run(10, 5);
  EXPECT_EQ(one.meter.take_unsized(1'000), std::vector{hot});
  one.run(60, 0);
  EXPECT_TRUE(one.meter.take_unsized(1'000).empty());
  one.meter.sized(hot, 5'000'000);
  EXPECT_EQ(one.news(), (std::vector<wire::VShardLoad>{{hot, 5'000'000, 0, 0}}));
}

TEST(LoadBook, HalfAPictureIsNone) {
  LoadBook book(Time{100 * s});
  book.note({hot, 10, 20, 30});
  EXPECT_EQ(book.of(Time{159 * s}, hot), meta::ShardLoad());
  EXPECT_FALSE(book.complete(Time{159 * s}));
  EXPECT_TRUE(book.complete(Time{160 * s}));
  EXPECT_EQ(book.of(Time{160 * s}, hot), (meta::ShardLoad{10, 20, 30, 0}));
  EXPECT_EQ(book.of(Time{160 * s}, cold), meta::ShardLoad());
}

/// The first dozen vShards with a replica on node 1 bear ten times as much as the others.
void heat(ReconcileWorld& world) {
  std::size_t hot_ones = 0;
  for (std::uint16_t v = 0; v < 120; ++v) {
    const std::vector<NodeId>& replicas = world.tables().placement[v].replicas;
    const bool on_first = std::ranges::find(replicas, NodeId(1)) != replicas.end();
    world.load[VShardId(v)].writes = on_first && ++hot_ones <= 12 ? 1'000 : 100;
  }
}

double furthest_from_mean(const std::map<NodeId, std::uint64_t>& written) {
  double sum = 0;
  for (const auto& [node, writes] : written) sum += static_cast<double>(writes);
  const double mean = sum / static_cast<double>(written.size());
  double furthest = 0;
  for (const auto& [node, writes] : written)
    furthest = std::max(furthest, std::abs(static_cast<double>(writes) - mean) / mean);
  return furthest;
}

TEST(LoadBalance, HotVShardsAreSpread) {
  ReconcileWorld world(5, 120);
  world.run(70 * s);
  heat(world);
  ASSERT_GT(furthest_from_mean(world.written()), 0.2);
  const auto held = world.held();
  world.moves.clear();
  world.run(240 * s);
  EXPECT_LE(furthest_from_mean(world.written()), 0.10);
  EXPECT_LE(world.moves.size(), 30u) << "the hot ones, and what is exchanged for them";
  for (const auto& [node, count] : world.held())
    EXPECT_NEAR(static_cast<double>(count), static_cast<double>(held.at(node)), 1) << "counts stay even";
}

TEST(LoadBalance, LoadsThatSwayMoveNothing) {
  ReconcileWorld world(5, 120);
  world.run(70 * s);
  heat(world);
  world.run(300 * s);
  world.moves.clear();
  const auto settled = world.load;
  Rng rng(3);
  for (int minute = 0; minute < 30; ++minute) {
    for (const auto& [vshard, load] : settled)
      world.load[vshard].writes = load.writes * (96 + rng.below(9)) / 100;
    world.run(60 * s);
  }
  EXPECT_TRUE(world.moves.empty()) << world.moves.size();
}

TEST(LoadBalance, NothingGoesBackAndForth) {
  ReconcileWorld world(5, 120);
  world.run(70 * s);
  heat(world);
  world.moves.clear();
  world.run(600 * s);
  std::map<VShardId, std::size_t> often;
  for (const auto& move : world.moves) EXPECT_LE(++often[move.vshard], 2u) << move.vshard.value;
  world.moves.clear();
  world.run(600 * s);
  EXPECT_TRUE(world.moves.empty());
}

}  // namespace
}  // namespace nodedb::node
