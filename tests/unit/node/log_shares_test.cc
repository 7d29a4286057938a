// SPDX-License-Identifier: Apache-2.0
#include "node/log_shares.h"

#include <gtest/gtest.h>

#include "base/units.h"

namespace nodedb::node {
namespace {

constexpr std::size_t groups = 1025;

Options options(std::size_t per_node, std::size_t per_group) {
  Options made;
  made.log_bytes_per_node = per_node;
  made.log_bytes_per_group = per_group;
  return made;
}

TEST(LogShares, ASlowFollowerIsGivenAGroupsWholeAllowanceWhileThereIsRoom) {
  const LogShares shares = log_shares(options(256 * mib, 4 * mib), groups, 100 * mib);
  EXPECT_EQ(shares.share, 256 * mib / groups / 2);
  EXPECT_EQ(shares.keep, 4 * mib);
}

TEST(LogShares, AboveHalfOfTheNodesCapItIsGivenTheShare) {
  const LogShares shares = log_shares(options(256 * mib, 4 * mib), groups, 129 * mib);
  EXPECT_EQ(shares.keep, shares.share);
  EXPECT_LE(groups * shares.keep, 128 * mib);
}

TEST(LogShares, AShareIsNotBelowTheFloorAndNeverAboveTheAllowance) {
  EXPECT_EQ(log_shares(options(2'000, 64'000), groups, 0).share, 4'096U);
  EXPECT_EQ(log_shares(options(2'000, 1'000), groups, 0).share, 1'000U);
  EXPECT_EQ(log_shares(options(256 * mib, 4 * mib), 1, 0).share, 4 * mib);
}

}  // namespace
}  // namespace nodedb::node
