// SPDX-License-Identifier: Apache-2.0
// Each planted bug must be found by drawn schedules, and the same schedules must be green without it.
#include <gtest/gtest.h>

#include <iostream>

#include "tests/unit/raft/chaos.h"

namespace nodedb::raft::testing {
namespace {

constexpr std::uint64_t seeds_max = 3000;

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

/// Paper, figure 8, needs five voters, crashes, and old entries that travel without the new leader's first.
ChaosPlan figure_8() {
  ChaosPlan plan;
  plan.nodes = plan.voters = 5;
  plan.changes = plan.transfers = plan.compactions = false;
  plan.options.append_entries_max = 1;
  return plan;
}

class PlantedBug : public ::testing::TestWithParam<Planted> {};

TEST_P(PlantedBug, IsFound) {
  PlantedBugs bugs;
  bugs.*GetParam().flag = true;
  std::string found;
  EXPECT_GT(hunt(GetParam().name, bugs.commit_old_term ? figure_8() : ChaosPlan{}, bugs, found), 0U)
      << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(
    Chaos, PlantedBug,
    ::testing::Values(Planted{"commit_old_term", &PlantedBugs::commit_old_term},
                      Planted{"no_prevote", &PlantedBugs::no_prevote},
                      Planted{"vote_not_persisted", &PlantedBugs::vote_not_persisted},
                      Planted{"ack_before_fsync", &PlantedBugs::ack_before_fsync},
                      Planted{"config_not_rolled_back", &PlantedBugs::config_not_rolled_back},
                      Planted{"stale_leader_reads", &PlantedBugs::stale_leader_reads},
                      Planted{"match_by_index_only", &PlantedBugs::match_by_index_only},
                      Planted{"truncate_below_commit", &PlantedBugs::truncate_below_commit},
                      Planted{"lease_never_fenced", &PlantedBugs::lease_never_fenced}),
    [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace nodedb::raft::testing
