// SPDX-License-Identifier: Apache-2.0
// Many seeds of drawn schedules: no rule may break, and after healing the group must go on. Then the planted
// bugs: each must be found.
#include "tests/unit/raft/chaos.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

namespace nodedb::raft::test {
namespace {

std::uint64_t seeds(std::uint64_t usual) {
  const char* wanted = std::getenv("NODEDB_RAFT_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : usual;
}

void expect_green(const ChaosPlan& plan, std::uint64_t count, const char* what) {
  ChaosResult sum;
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const ChaosResult result = run_chaos(seed, plan);
    ASSERT_EQ(result.broken, std::nullopt) << what << ", seed " << seed;
    sum.committed += result.committed;
    sum.reads_granted += result.reads_granted;
    sum.snapshots += result.snapshots;
    sum.crashes += result.crashes;
    sum.lost += result.lost;
    sum.changes += result.changes;
    sum.transfers += result.transfers;
  }
  std::cout << what << ": " << count << " seeds, committed " << sum.committed << ", reads "
            << sum.reads_granted << ", snapshots " << sum.snapshots << ", crashes " << sum.crashes
            << ", lost " << sum.lost << ", config changes " << sum.changes << ", transfers " << sum.transfers
            << "\n";
  // The schedules are worth nothing if they do not reach what they are for.
  EXPECT_GT(sum.committed, 20 * count);
  EXPECT_GT(sum.reads_granted, 0);
  EXPECT_TRUE(!plan.compactions || sum.snapshots > 0);
  EXPECT_TRUE(!plan.cuts || sum.lost > 0);
  EXPECT_TRUE(!plan.changes || sum.changes > 0);
}

TEST(Chaos, Everything) {
  expect_green(ChaosPlan{}, seeds(150), "everything");
}

TEST(Chaos, CrashesOnly) {
  ChaosPlan plan;
  plan.cuts = plan.changes = plan.transfers = plan.lossy = false;
  plan.nodes = 3;
  expect_green(plan, seeds(100), "crashes");
}

TEST(Chaos, WithoutLeases) {
  ChaosPlan plan;
  plan.options.lease_reads = false;
  expect_green(plan, seeds(100), "no leases");
}

TEST(Chaos, TinyCaps) {
  ChaosPlan plan;
  plan.options.append_entries_max = 2;
  plan.options.append_bytes_max = 80;
  plan.options.inflight_appends_max = 2;
  plan.options.inflight_bytes_max = 100;
  plan.options.uncommitted_bytes_max = 400;
  plan.options.pending_reads_max = 2;
  expect_green(plan, seeds(100), "tiny caps");
}

TEST(Chaos, FiveVoters) {
  ChaosPlan plan;
  plan.voters = 5;
  plan.changes = false;
  expect_green(plan, seeds(100), "five voters");
}

}  // namespace
}  // namespace nodedb::raft::test
