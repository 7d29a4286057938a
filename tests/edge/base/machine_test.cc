// SPDX-License-Identifier: Apache-2.0
#include "edge/base/machine.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace nodedb::edge {
namespace {

TEST(Machine, SaysWhatThisProcessTakes) {
  EXPECT_GT(resident_bytes(), 0u);
  EXPECT_GE(machine_memory_bytes(), resident_bytes());
  EXPECT_GE(cpu_us(), 0);
}

TEST(Machine, ThreadsOfABatchThreadAreBatchThreads) {
  const int before = ::sched_getscheduler(0);
  int itself = -1;
  int started = -1;
  std::thread([&] {
    ASSERT_TRUE(schedule_as_batch());
    itself = ::sched_getscheduler(0);
    std::thread([&] { started = ::sched_getscheduler(0); }).join();
  }).join();
  EXPECT_EQ(itself, SCHED_BATCH);
  EXPECT_EQ(started, SCHED_BATCH);
  EXPECT_EQ(::sched_getscheduler(0), before) << "nobody else's";
}

}  // namespace
}  // namespace nodedb::edge
