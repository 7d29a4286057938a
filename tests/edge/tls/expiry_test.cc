// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/expiry.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace nodedb::tls {
namespace {

TEST(Expiry, ALifeHasItsParts) {
  const Validity life{1200, 2400};
  EXPECT_EQ(freshness(life, 0), Freshness::fresh);
  EXPECT_EQ(freshness(life, 1999), Freshness::fresh);
  EXPECT_EQ(freshness(life, 2000), Freshness::due);
  EXPECT_EQ(freshness(life, 2199), Freshness::due);
  EXPECT_EQ(freshness(life, 2200), Freshness::late);
  EXPECT_EQ(freshness(life, 2399), Freshness::late);
  EXPECT_EQ(freshness(life, 2400), Freshness::expired);
  EXPECT_EQ(name(Freshness::late), "late");
}

TEST(Expiry, RenewalIsSpreadBehindTwoThirds) {
  const Validity life{1200, 2400};
  std::set<std::int64_t> times;
  for (std::uint64_t luck = 0; luck < 1000; ++luck) times.insert(renew_at_s(life, luck));
  EXPECT_EQ(*times.begin(), 2000);
  EXPECT_EQ(*times.rbegin(), 2099);
  EXPECT_EQ(times.size(), 100U);
  for (const auto at : times) EXPECT_EQ(freshness(life, at), Freshness::due);
}

TEST(Expiry, TheShortestAndTheLongestLife) {
  const Validity second{5, 6};
  EXPECT_EQ(renew_at_s(second, 7), 5);
  const Validity ages{0, std::numeric_limits<std::int64_t>::max()};
  EXPECT_GT(renew_at_s(ages, std::numeric_limits<std::uint64_t>::max()), ages.until_s / 2);
  EXPECT_EQ(freshness(ages, 0), Freshness::fresh);
}

}  // namespace
}  // namespace nodedb::tls
