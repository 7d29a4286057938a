// SPDX-License-Identifier: Apache-2.0
#include "node/local_reads.h"

#include <gtest/gtest.h>

namespace nodedb::node::test {
namespace {

LocalRead read_of(std::uint16_t vshard, Time deadline, Time ask_at = never) {
  LocalRead read;
  read.request.vshard = VShardId(vshard);
  read.deadline = deadline;
  read.ask_at = ask_at;
  return read;
}

TEST(LocalReads, TheFirstThatWantsAttentionIsFound) {
  LocalReads reads;
  EXPECT_EQ(reads.alarm(), never);
  EXPECT_EQ(reads.due(Time{1'000}), std::nullopt);
  reads.add(1, read_of(7, Time{50}));
  reads.add(2, read_of(8, Time{90}, Time{20}));
  EXPECT_EQ(reads.alarm(), Time{20});
  EXPECT_EQ(reads.due(Time{19}), std::nullopt);
  EXPECT_EQ(reads.due(Time{20}), 2u);

  reads.ask_at(2, never);
  EXPECT_EQ(reads.alarm(), Time{50});
  reads.ask_at(2, Time{40});
  EXPECT_EQ(reads.due(Time{60}), 2u);
  EXPECT_EQ(reads.take(2).deadline, Time{90});
  EXPECT_EQ(reads.due(Time{60}), 1u);
  EXPECT_EQ(reads.find(2), nullptr);
  reads.take(1);
  EXPECT_EQ(reads.alarm(), never);
  EXPECT_EQ(reads.size(), 0u);
}

TEST(LocalReads, ThoseOfAGroupAreFound) {
  LocalReads reads;
  reads.add(3, read_of(7, Time{50}));
  reads.add(1, read_of(8, Time{50}));
  reads.add(2, read_of(7, Time{50}));
  EXPECT_EQ(reads.of(group_of(VShardId(7))), (std::vector<std::uint64_t>{2, 3}));
  EXPECT_TRUE(reads.of(group_of(VShardId(9))).empty());
}

}  // namespace
}  // namespace nodedb::node::test
