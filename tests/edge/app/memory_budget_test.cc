// SPDX-License-Identifier: Apache-2.0
#include "app/memory_budget.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/units.h"

namespace nodedb::app {
namespace {

std::uint64_t sum_of(const MemoryBudget& budget) {
  std::uint64_t sum = 0;
  for (const Share& share : memory_shares()) sum += budget.of(share.consumer);
  return sum;
}

TEST(MemoryBudget, TheSharesFitAndLeaveSomethingAtEverySize) {
  for (std::uint64_t total = MemoryBudget::least_bytes; total < 64'000 * mib; total += 500 * mib) {
    const MemoryBudget budget(total);
    EXPECT_EQ(budget.validate(), std::vector<std::string>{}) << total;
    EXPECT_LE(sum_of(budget), total / 100 * 85) << total;
  }
}

TEST(MemoryBudget, TheLargestLegalRequestAndAnswerFindRoomInTheLeast) {
  const MemoryBudget budget(MemoryBudget::least_bytes);
  for (const Consumer consumer :
       {Consumer::requests, Consumer::inbox, Consumer::half_read, Consumer::answers})
    EXPECT_GT(budget.of(consumer), limits::request_bytes_max) << static_cast<int>(consumer);
  EXPECT_GT(budget.of(Consumer::clients), limits::reply_bytes_max * 5 / 4);
  EXPECT_EQ(budget.of(Consumer::snapshots), 16 * mib) << "chunks that may be on their way";
}

TEST(MemoryBudget, ALargeMachineHasTheCeilings) {
  const MemoryBudget budget(64'000 * mib);
  for (const Share& share : memory_shares())
    EXPECT_EQ(budget.of(share.consumer), share.most_bytes) << share.name;
}

TEST(MemoryBudget, IsAQuarterOfTheMachineAndNeverLessThanTheLeast) {
  EXPECT_EQ(MemoryBudget::of_machine(16'384 * mib), 4'096 * mib);
  EXPECT_EQ(MemoryBudget::of_machine(0), MemoryBudget::least_bytes);
}

TEST(MemoryBudget, AnOperatorsOwnBoundCounts) {
  MemoryBudget budget(1'024 * mib);
  budget.set(Consumer::log, 900 * mib);
  EXPECT_EQ(budget.of(Consumer::log), 900 * mib);
  EXPECT_EQ(budget.validate().size(), 1u);
  budget.set(Consumer::log, ~std::uint64_t{0});
  EXPECT_EQ(budget.validate().size(), 1u);
}

}  // namespace
}  // namespace nodedb::app
