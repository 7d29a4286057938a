// SPDX-License-Identifier: Apache-2.0
// Whole groups in the small world: elections, replication, faults. Each scenario under several seeds.
#include <gtest/gtest.h>

#include "tests/unit/raft/harness.h"

namespace nodedb::raft::test {
namespace {

class Cluster : public ::testing::TestWithParam<int> {
 protected:
  std::uint64_t seed() const { return static_cast<std::uint64_t>(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Seeds, Cluster, ::testing::Range(1, 9));

TEST_P(Cluster, ElectsOneLeaderAndReplicates) {
  World world(seed(), {1, 2, 3}, voters(3));
  ASSERT_TRUE(world.elect(4 * ns_per_s)) << world.broken().value_or("no leader");
  const std::uint32_t leader = world.leader();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(world.propose(leader, "c" + std::to_string(i)));
  EXPECT_TRUE(world.run(2 * ns_per_s, [&] { return world.settled(); }))
      << world.broken().value_or("unsettled");
  for (const std::uint32_t id : world.ids()) {
    EXPECT_EQ(world.applied(id).size(), 101U);
    EXPECT_EQ(world.applied(id), world.applied(leader));
  }
}

TEST_P(Cluster, AQuietFollowerOfALiveLeaderHasNoDeadline) {
  World world(seed(), {1, 2, 3}, voters(3));
  ASSERT_TRUE(world.elect());
  world.run(ns_per_s);
  for (const std::uint32_t id : world.ids()) EXPECT_EQ(world.group(id).deadline(), never) << id;
  const Term term = world.group(1).term();
  world.run(60 * ns_per_s);
  EXPECT_EQ(world.group(1).term(), term);
  EXPECT_EQ(world.broken(), std::nullopt);
}

TEST_P(Cluster, AnotherLeaderTakesOverWithinTwoTimeouts) {
  World world(seed(), {1, 2, 3}, voters(3));
  ASSERT_TRUE(world.elect());
  world.run(ns_per_s);
  const std::uint32_t old = world.leader();
  world.crash(old);
  const Time before = world.now();
  ASSERT_TRUE(world.elect()) << world.broken().value_or("no leader");
  EXPECT_LE(world.now() - before, 3 * ns_per_s);
  EXPECT_NE(world.leader(), old);
  world.restart(old);
  EXPECT_TRUE(world.run(5 * ns_per_s, [&] { return world.settled(); }))
      << world.broken().value_or("unsettled");
}

/// Survivors notice a silence at different times, and whoever asks first is refused by one that has not: from
/// the kill it is one timeout until both have, and one more until the later draw. On top: a pulse on its way,
/// a round of votes each way and what is written.
TEST(Takeover, OfTwoThatNoticeAtDifferentTimesOneLeadsWithinTwoTimeouts) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    World world(seed, {1, 2, 3}, voters(3));
    world.climate.delay_max_ns = 80 * ns_per_ms;
    ASSERT_TRUE(world.elect());
    world.run(ns_per_s + static_cast<std::int64_t>(seed) * ns_per_ms);
    world.crash(world.leader());
    const Time before = world.now();
    ASSERT_TRUE(world.elect()) << world.broken().value_or("no leader");
    EXPECT_LE(world.now() - before, 2 * ns_per_s + 6 * world.climate.delay_max_ns) << "seed " << seed;
  }
}

TEST_P(Cluster, ALeaderThatHearsAllButIsHeardByNobodyStepsDown) {
  World world(seed(), {1, 2, 3}, voters(3));
  ASSERT_TRUE(world.elect());
  world.run(ns_per_s);
  const std::uint32_t leader = world.leader();
  const Term term = world.group(leader).term();
  for (const std::uint32_t from : world.ids()) {
    for (const std::uint32_t to : world.ids()) {
      // The others cannot elect anybody whose term would depose it.
      if (to != leader) world.cut(from, to);
    }
  }
  EXPECT_TRUE(world.run(2 * ns_per_s, [&] { return world.group(leader).role() != Role::leader; }));
  EXPECT_EQ(world.group(leader).term(), term);
  world.heal();
  EXPECT_TRUE(world.elect()) << world.broken().value_or("no leader");
}

}  // namespace
}  // namespace nodedb::raft::test
