// SPDX-License-Identifier: Apache-2.0
#include "node/pending_reads.h"

#include <gtest/gtest.h>

namespace nodedb::node {
namespace {

TEST(PendingReads, GoByIndexAndThenInTheirOrder) {
  PendingReads reads;
  reads.add(Index(7), 1);
  reads.add(Index(5), 2);
  reads.add(Index(7), 3);
  EXPECT_EQ(reads.take(Index(4)), std::nullopt);
  EXPECT_EQ(reads.take(Index(7)), 2U);
  EXPECT_EQ(reads.take(Index(7)), 1U);
  EXPECT_EQ(reads.take(Index(7)), 3U);
  EXPECT_EQ(reads.take(Index(9)), std::nullopt);
}

TEST(PendingReads, OneThatIsDroppedIsNotTaken) {
  PendingReads reads;
  reads.add(Index(7), 1);
  reads.add(Index(7), 2);
  reads.drop(Index(7), 1);
  reads.drop(Index(6), 2);  // not there
  EXPECT_EQ(reads.take(Index(7)), 2U);
  EXPECT_EQ(reads.take(Index(7)), std::nullopt);
}

}  // namespace
}  // namespace nodedb::node
