// SPDX-License-Identifier: Apache-2.0
#include "edge/quic/pair_policy.h"

#include <gtest/gtest.h>

namespace nodedb::quic {
namespace {

using Keep = PairVerdict::Keep;

TEST(PairPolicy, ANewInstanceReplacesAtOnceUnlessTheOldOneLivesElsewhere) {
  for (int bits = 0; bits < 64; ++bits) {
    const bool alive = (bits & 16) != 0, same_address = (bits & 32) != 0;
    const PairFacts facts{false,           (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0,
                          (bits & 8) != 0, alive,           same_address};
    const Keep kept = alive && !same_address ? Keep::current : Keep::candidate;
    EXPECT_EQ(judge(facts), (PairVerdict{kept, true}));
  }
}

/// Both ends see the two connections in either order; they must keep the same one, and exactly one end
/// closes.
TEST(PairPolicy, BothEndsAgreeWhateverTheOrder) {
  for (const bool small_sees_small_first : {false, true}) {
    for (const bool large_sees_small_first : {false, true}) {
      const auto keeps_small = [](bool we_are_smaller, bool small_first) {
        const PairFacts facts{.same_instance = true,
                              .current_by_smaller = small_first,
                              .candidate_by_smaller = !small_first,
                              .candidate_is_ours = we_are_smaller != small_first,
                              .we_are_smaller = we_are_smaller};
        const auto verdict = judge(facts);
        EXPECT_EQ(verdict.close_other_now, we_are_smaller);
        return (verdict.keep == Keep::candidate) == !small_first;
      };
      EXPECT_TRUE(keeps_small(true, small_sees_small_first));
      EXPECT_TRUE(keeps_small(false, large_sees_small_first));
    }
  }
}

TEST(PairPolicy, ASecondDialFromOneSide) {
  for (const bool by_smaller : {false, true}) {
    EXPECT_EQ(judge({true, by_smaller, by_smaller, true, by_smaller}), (PairVerdict{Keep::current, true}));
    EXPECT_EQ(judge({true, by_smaller, by_smaller, false, !by_smaller}),
              (PairVerdict{Keep::candidate, false}));
  }
}

}  // namespace
}  // namespace nodedb::quic
