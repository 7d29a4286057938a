// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <gtest/gtest.h>

#include <map>

#include "sim/bugs.h"

namespace nodedb::sim {
namespace {

Report run(std::uint64_t seed, std::int64_t duration_ns = 15 * ns_per_s, Bugs bugs = {}) {
  World world(draw_climate(seed, duration_ns), bugs, {});
  return world.run();
}

std::string text(const Report& report) {
  return report.violation ? report.violation->rule + ": " + report.violation->what : "green";
}

TEST(Schedule, RunsByInstantThenByOrderOfAsking) {
  Schedule schedule;
  std::string ran;
  schedule.at(20, [&] { ran += 'c'; });
  schedule.at(10, [&] {
    ran += 'a';
    schedule.after(0, [&] { ran += 'b'; });
    schedule.at(5, [&] { ran += '!'; });
  });
  schedule.at(20, [&] { ran += 'd'; });
  while (schedule.run_one(20)) continue;
  EXPECT_EQ(ran, "ab!cd");
  EXPECT_EQ(schedule.now(), 20);
  EXPECT_FALSE(schedule.run_one(50));
  EXPECT_EQ(schedule.now(), 50);
}

TEST(Clock, DriftsWithinItsRateAndNeverFalls) {
  Clock clock(1'000);
  clock.set_rate(0, 45'000);
  EXPECT_EQ(clock.read(ns_per_s).mono.ns, 1'000 + ns_per_s + 45 * ns_per_ms);
  clock.set_rate(ns_per_s, -45'000);
  const Time then = clock.read(ns_per_s).mono;
  EXPECT_EQ(clock.read(2 * ns_per_s).mono - then, ns_per_s - 45 * ns_per_ms);
  for (const std::int64_t ahead : {std::int64_t{1}, std::int64_t{777}, ns_per_ms, 100 * ns_per_s}) {
    const std::int64_t instant = clock.true_instant(then + ahead);
    EXPECT_GE(clock.read(instant).mono, then + ahead);
    EXPECT_LT(clock.read(instant - 2).mono, then + ahead);
  }
}

TEST(Clock, TheWallMayGoBack) {
  Clock clock(0);
  const WallTime before = clock.read(5).wall;
  clock.jump_wall(-3 * ns_per_s);
  EXPECT_LT(clock.read(6).wall, before);
}

TEST(Climate, IsAFunctionOfTheSeed) {
  EXPECT_EQ(describe(draw_climate(5, 1)), describe(draw_climate(5, 1)));
  EXPECT_NE(describe(draw_climate(5, 1)), describe(draw_climate(6, 1)));
}

TEST(Climate, EveryFaultIsDrawnAndLeftOut) {
  std::array<int, fault_count> on{};
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Climate climate = draw_climate(seed, 1);
    for (std::size_t i = 0; i < fault_count; ++i) on[i] += climate.faults[i] ? 1 : 0;
  }
  for (std::size_t i = 0; i < fault_count; ++i) {
    EXPECT_GT(on[i], 20) << name(static_cast<Fault>(i));
    EXPECT_LT(on[i], 180) << name(static_cast<Fault>(i));
  }
}

TEST(World, TheSameSeedIsTheSameRunToTheLastEvent) {
  for (const std::uint64_t seed : {3u, 4u, 11u}) {
    const Report a = run(seed);
    const Report b = run(seed);
    EXPECT_EQ(a.digest, b.digest) << seed;
    EXPECT_EQ(a.actions, b.actions) << seed;
    ASSERT_EQ(a.history.size(), b.history.size());
    for (std::size_t i = 0; i < a.history.size(); ++i)
      EXPECT_EQ(to_json(a.history[i]), to_json(b.history[i]));
  }
  EXPECT_NE(run(3).digest, run(4).digest);
}

TEST(World, ListeningChangesNothing) {
  int lines = 0;
  Listeners listeners;
  listeners.notice = [&](std::int64_t, const std::string&) { ++lines; };
  listeners.trace = [&](NodeId, const node::TraceEvent&) { ++lines; };
  World world(draw_climate(7, 15 * ns_per_s), {}, listeners);
  EXPECT_EQ(world.run().digest, run(7).digest);
  EXPECT_GT(lines, 100);
}

TEST(World, AFewSeedsAreGreenAndDoRealWork) {
  std::uint64_t answers = 0;
  for (std::uint64_t seed = 101; seed <= 110; ++seed) {
    const Report report = run(seed);
    EXPECT_FALSE(report.violation) << "seed " << seed << ": " << text(report);
    answers += report.answers;
  }
  EXPECT_GT(answers, 1'000u);
}

TEST(World, WhatItIsMeantToProvokeHappens) {
  std::map<std::string, std::uint64_t> seen;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    for (const auto& [mark, times] : run(seed, 20 * ns_per_s).marks) seen[mark] += times;
  }
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto fault = static_cast<Fault>(i);
    const bool strikes =
        fault != Fault::loss && fault != Fault::duplicate && fault != Fault::reorder && fault != Fault::stale;
    if (strikes) {
      EXPECT_GT(seen[std::string(name(fault))], 0u) << name(fault);
    }
  }
  for (const char* mark :
       {"log-truncated", "log-compacted", "snapshot-installed", "snapshot-of-several-chunks",
        "leader-elected", "config-committed", "log-disk-was-full", "state-disk-was-full", "fsync-failed",
        "crashed-while-writing", "unknown-outcome", "answer-disk_full", "answer-busy", "cas-swapped",
        "cas-refused"}) {
    EXPECT_GT(seen[mark], 0u) << mark;
  }
}

/// Verdicts are hints: with every one of them wrong all rules hold, and all comes right.
TEST(World, NothingDependsOnVerdicts) {
  std::uint64_t wrong = 0;
  for (std::uint64_t seed = 201; seed <= 208; ++seed) {
    Climate climate = draw_climate(seed, 15 * ns_per_s);
    climate.verdicts_wrong = true;
    const Report report = World(climate, {}, {}).run();
    EXPECT_FALSE(report.violation) << "seed " << seed << ": " << text(report);
    wrong += report.marks.contains("verdicts-were-wrong") ? 1U : 0U;
  }
  EXPECT_GE(wrong, 6U);
}

TEST(World, APlantedBugTurnsItRed) {
  Bugs bugs;
  ASSERT_NE(find_bug("ack-before-fsync"), nullptr);
  find_bug("ack-before-fsync")->plant(bugs);
  bool red = false;
  for (std::uint64_t seed = 1; seed <= 10 && !red; ++seed)
    red = run(seed, 15 * ns_per_s, bugs).violation.has_value();
  EXPECT_TRUE(red);
}

}  // namespace
}  // namespace nodedb::sim
