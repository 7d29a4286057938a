// SPDX-License-Identifier: Apache-2.0
#include "node/pending_writes.h"

#include <gtest/gtest.h>

namespace nodedb::node {
namespace {

raft::Position at(std::uint64_t index) {
  return {Index(index), Term(1)};
}

Origin from(std::uint64_t request) {
  return {NodeId(1), Incarnation(1), request};
}

TEST(PendingWrites, EachReachesAStageOnce) {
  PendingWrites writes;
  for (std::uint64_t i = 5; i <= 7; ++i) writes.proposed(at(i), from(i), Time{1});
  writes.committed(Index(6), Time{2});
  writes.persisted(Index(7), Time{3});
  writes.committed(Index(6), Time{4});
  ASSERT_NE(writes.first(), nullptr);
  EXPECT_EQ(writes.first()->at, at(5));
  EXPECT_EQ(writes.first()->origin.request, 5u);
  EXPECT_EQ(writes.first()->stages,
            (ServedStages{.proposed = Time{1}, .persisted = Time{3}, .committed = Time{2}}));
  writes.pop_first();
  writes.committed(Index(7), Time{6});
  EXPECT_EQ(writes.first()->stages.committed, Time{2});
  writes.pop_first();
  EXPECT_EQ(writes.first()->stages.committed, Time{6});
  writes.pop_first();
  EXPECT_EQ(writes.first(), nullptr);
  EXPECT_TRUE(writes.empty());
  writes.proposed(at(8), from(8), Time{7});
  EXPECT_EQ(writes.first()->stages.persisted, not_reached) << "it is another one";
  writes.persisted(Index(8), Time{8});
  EXPECT_EQ(writes.first()->stages.persisted, Time{8});
}

TEST(PendingWrites, OneThatIsTakenFromTheMiddleMovesNoOthersStage) {
  PendingWrites writes;
  for (std::uint64_t i = 1; i <= 4; ++i) writes.proposed(at(i), from(i), Time{1});
  writes.persisted(Index(2), Time{2});
  EXPECT_FALSE(writes.take(raft::Position{Index(2), Term(9)}));
  EXPECT_EQ(writes.take(at(2))->stages.persisted, Time{2});
  EXPECT_EQ(writes.take(at(4))->stages.persisted, not_reached);
  writes.persisted(Index(3), Time{3});
  EXPECT_EQ(writes.take(at(1))->stages.persisted, Time{2});
  EXPECT_EQ(writes.take(at(3))->stages.persisted, Time{3});
  EXPECT_TRUE(writes.empty());
}

}  // namespace
}  // namespace nodedb::node
