// SPDX-License-Identifier: Apache-2.0
#include "base/sorted_queue.h"

#include <gtest/gtest.h>

#include <set>

#include "base/rng.h"

namespace nodedb {
namespace {

TEST(SortedQueue, HoldsWhatASetWouldHold) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    SortedQueue<std::uint64_t> queue;
    std::set<std::uint64_t> set;
    std::uint64_t newest = 0;
    for (int i = 0; i < 300; ++i) {
      const std::uint64_t any = rng.below(newest + 2);
      if (rng.chance(0.45)) {
        queue.insert(++newest);
        set.insert(newest);
      } else if (rng.chance(0.2) && !set.contains(any)) {
        queue.insert(any);
        set.insert(any);
        newest = std::max(newest, any);
      } else {
        const std::uint64_t gone = rng.chance(0.5) && !set.empty() ? *set.begin() : any;
        queue.erase(gone);
        set.erase(gone);
      }
      ASSERT_TRUE(std::ranges::equal(queue, set)) << "seed " << seed;
      ASSERT_EQ(queue.empty(), set.empty());
      if (!set.empty()) {
        ASSERT_EQ(queue.front(), *set.begin());
      }
    }
  }
}

}  // namespace
}  // namespace nodedb
