// SPDX-License-Identifier: Apache-2.0
// Planted bugs that drawn schedules find, green under the same seed without the bug. The rest (no_prevote,
// commit_old_term, lease_never_fenced) have their own schedules in group_test.cc.
#include <gtest/gtest.h>

#include <iostream>

#include "tests/unit/raft/chaos.h"

namespace nodedb::raft::testing {
namespace {

constexpr std::uint64_t seeds_max = 1000;

/// The first seed that finds it; 0 if none does.
std::uint64_t hunt(const char* name, const ChaosPlan& plan, PlantedBugs bugs, std::string& found) {
  for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
    const ChaosResult result = run_chaos(seed, plan, bugs);
    if (!result.broken) continue;
    found = *result.broken;
    std::cout << name << ": seed " << seed << ": " << found << "\n";
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
  std::string found;
  EXPECT_GT(hunt(GetParam().name, ChaosPlan{}, bugs, found), 0U) << GetParam().name;
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

}  // namespace
}  // namespace nodedb::raft::testing
