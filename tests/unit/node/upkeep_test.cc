// SPDX-License-Identifier: Apache-2.0
// Leaderships go to the replica that the placement prefers, in quiet times.
#include <gtest/gtest.h>

#include "tests/unit/node/trio.h"

namespace nodedb::node {
namespace {

using test::Trio;

TEST(Upkeep, WhileWritesTakeLongNoLeadershipGoesHome) {
  Trio trio;
  trio.pass(8'000);
  const std::size_t home = trio.leader();
  const std::size_t away = (home + 1) % 3;
  trio.hand_over(home, away);
  trio.pass(100);
  ASSERT_EQ(trio.leader(), away);
  for (std::uint64_t tag = 1; tag <= 30; ++tag) {
    trio.apply_stuck[away] = true;
    trio.ask(away, Trio::write(tag));
    trio.pass(300);
    trio.apply_stuck = {};
    trio.pass(10);
    ASSERT_EQ(trio.leader(), away);
  }
  EXPECT_EQ(trio.replies.size(), 30u);
  trio.pass(8'000);
  EXPECT_EQ(trio.leader(), home);
}

}  // namespace
}  // namespace nodedb::node
