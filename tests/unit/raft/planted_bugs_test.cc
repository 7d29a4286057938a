// SPDX-License-Identifier: Apache-2.0
// Planted bugs that drawn schedules find, green under the same seed without the bug. The others have
// schedules of their own below, but for commit_old_term, which requests_test.cc shows by figure 8 of the
// paper.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>

#include "tests/unit/raft/chaos.h"

namespace nodedb::raft::test {
namespace {

constexpr std::uint64_t seeds_max = 1000;

/// Whether a run under the seed finds the bug. A CHECK of the group that fails is a finding too, so the run
/// is a child process's.
bool finds(const char* name, std::uint64_t seed, const ChaosPlan& plan, PlantedBugs bugs) {
  std::cout << std::flush;
  const pid_t child = ::fork();
  if (child == 0) {
    const ChaosResult result = run_chaos(seed, plan, bugs);
    if (result.broken) std::cout << name << ": seed " << seed << ": " << *result.broken << std::endl;
    ::_exit(result.broken ? 1 : 0);
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && status != 0;
}

/// The first seed that finds it; 0 if none does.
std::uint64_t hunt(const char* name, const ChaosPlan& plan, PlantedBugs bugs) {
  for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
    if (!finds(name, seed, plan, bugs)) continue;
    const ChaosResult clean = run_chaos(seed, plan);
    EXPECT_EQ(clean.broken, std::nullopt) << name << ", seed " << seed << " without the bug";
    return seed;
  }
  return 0;
}

struct Planted {
  const char* name;
  bool PlantedBugs::*flag;
};

class DrawnBug : public ::testing::TestWithParam<Planted> {};

TEST_P(DrawnBug, IsFound) {
  PlantedBugs bugs;
  bugs.*GetParam().flag = true;
  EXPECT_GT(hunt(GetParam().name, ChaosPlan{}, bugs), 0U) << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(
    Chaos, DrawnBug,
    ::testing::Values(Planted{"vote_not_persisted", &PlantedBugs::vote_not_persisted},
                      Planted{"ack_before_fsync", &PlantedBugs::ack_before_fsync},
                      Planted{"config_not_rolled_back", &PlantedBugs::config_not_rolled_back},
                      Planted{"stale_leader_reads", &PlantedBugs::stale_leader_reads},
                      Planted{"match_by_index_only", &PlantedBugs::match_by_index_only},
                      Planted{"truncate_below_commit", &PlantedBugs::truncate_below_commit}),
    [](const auto& each) { return std::string(each.param.name); });

// --- those that need a schedule of their own ---

/// An isolated follower comes back after a long time.
Term term_after_isolation(bool no_prevote) {
  PlantedBugs bugs;
  bugs.no_prevote = no_prevote;
  World world(3, {1, 2, 3}, voters(3), {}, bugs);
  EXPECT_TRUE(world.elect());
  world.run(ns_per_s);
  const Term before = world.group(world.leader()).term();
  const std::uint32_t away = world.leader() == 1 ? 2 : 1;
  world.isolate(away);
  world.run(10 * ns_per_s);
  world.heal();
  EXPECT_TRUE(world.run(5 * ns_per_s, [&] { return world.settled(); }));
  return Term(world.group(world.leader()).term().value - before.value);
}

TEST(PlantedBug, WithoutPreVoteAnIsolatedFollowerDisruptsTheGroup) {
  EXPECT_EQ(term_after_isolation(false), Term(0));
  EXPECT_GT(term_after_isolation(true), Term(0));
}

/// A leader holds its lease by one follower's promise; that follower restarts and is asked for its vote.
std::optional<std::string> stale_read_after_restart(bool planted) {
  PlantedBugs bugs;
  bugs.lease_never_fenced = planted;
  World world(5, {1, 2, 3}, voters(3), {}, bugs);
  world.climate = {.delay_min_ns = ns_per_ms,
                   .delay_max_ns = ns_per_ms,
                   .persist_max_ns = ns_per_ms,
                   .pulse_ns = 20 * ns_per_ms};
  EXPECT_TRUE(world.elect());
  world.run(3 * ns_per_s);
  const std::uint32_t old = world.leader();
  const std::uint32_t keeper = old == 1 ? 2 : 1;
  const std::uint32_t rival = 6 - old - keeper;
  world.cut(old, rival);
  world.cut(rival, old);
  world.run(4 * ns_per_s, [&] { return world.group(rival).role() == Role::pre_candidate; });
  world.isolate(old);
  world.crash(keeper);
  world.restart(keeper);
  world.group(rival).campaign(world.now());
  world.drain(rival);
  world.run(600 * ns_per_ms, [&] {
    return world.group(rival).role() == Role::leader &&
           world.acknowledged == world.group(rival).last().index &&
           world.group(rival).commit() == world.acknowledged;
  });
  world.read(old);
  EXPECT_GT(world.reads_granted, 0);  // by lease
  return world.broken();
}

TEST(PlantedBug, WithoutABootFenceALeaseReadIsStale) {
  EXPECT_EQ(stale_read_after_restart(false), std::nullopt);
  EXPECT_EQ(stale_read_after_restart(true), "R8: a stale read is granted");
}

/// The target of a transfer leads already while the old leader does not know.
std::optional<std::string> stale_read_after_transfer(bool planted) {
  PlantedBugs bugs;
  bugs.lease_never_fenced = planted;
  World world(5, {1, 2, 3}, voters(3), {}, bugs);
  EXPECT_TRUE(world.elect());
  world.run(3 * ns_per_s);
  const std::uint32_t old = world.leader();
  const std::uint32_t target = old == 1 ? 2 : 1;
  EXPECT_TRUE(world.group(old).transfer(world.now(), NodeId(target)));
  world.drain(old);
  const std::uint32_t third = 6 - old - target;
  world.cut(target, old);
  world.cut(third, old);
  world.run(600 * ns_per_ms, [&] {
    return world.group(target).role() == Role::leader &&
           world.group(target).commit() == world.group(target).last().index;
  });
  EXPECT_EQ(world.group(old).role(), Role::leader);
  world.read(old);
  return world.broken();
}

TEST(PlantedBug, WithoutATransferFenceALeaseReadIsStale) {
  EXPECT_EQ(stale_read_after_transfer(false), std::nullopt);
  EXPECT_EQ(stale_read_after_transfer(true), "R8: a stale read is granted");
}

}  // namespace
}  // namespace nodedb::raft::test
