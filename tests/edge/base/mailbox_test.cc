// SPDX-License-Identifier: Apache-2.0
#include "edge/base/mailbox.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>

namespace nodedb::edge {
namespace {

TEST(Mailbox, keeps_order_and_is_drained_whole) {
  Mailbox<int> box(8);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(box.try_push(int{i}), Pushed::ok);
  EXPECT_EQ(box.take_all(long_ago), (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_TRUE(box.take_all(long_ago).empty());
}

TEST(Mailbox, says_that_it_is_full_and_leaves_the_value) {
  Mailbox<std::unique_ptr<int>> box(1);
  EXPECT_EQ(box.try_push(std::make_unique<int>(1)), Pushed::ok);
  auto second = std::make_unique<int>(2);
  EXPECT_EQ(box.try_push(std::move(second)), Pushed::full);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(*second, 2);
  EXPECT_EQ(box.take_all(long_ago).size(), 1u);
  EXPECT_EQ(box.try_push(std::move(second)), Pushed::ok);
}

TEST(Mailbox, a_passed_deadline_gives_nothing) {
  Mailbox<int> box(1);
  EXPECT_TRUE(box.take_all(monotonic_time()).empty());
  EXPECT_TRUE(box.take_all(monotonic_time() + ns_per_ms).empty());
}

TEST(Mailbox, a_closed_one_can_still_be_emptied) {
  Mailbox<int> box(4);
  EXPECT_EQ(box.try_push(7), Pushed::ok);
  box.close();
  EXPECT_EQ(box.try_push(8), Pushed::closed);
  EXPECT_FALSE(box.push(9));
  EXPECT_FALSE(box.finished());
  EXPECT_EQ(box.take_all(never), std::vector<int>{7});
  EXPECT_TRUE(box.finished());
  EXPECT_TRUE(box.take_all(never).empty());
}

TEST(Mailbox, wakes_once_for_a_run_of_values) {
  int wakes = 0;
  Mailbox<int> box(4, [&wakes] { ++wakes; });
  EXPECT_EQ(box.try_push(1), Pushed::ok);
  EXPECT_EQ(box.try_push(2), Pushed::ok);
  EXPECT_EQ(wakes, 1);
  box.take_all(long_ago);
  EXPECT_TRUE(box.push(3));
  EXPECT_EQ(wakes, 2);
  box.close();
  EXPECT_EQ(wakes, 3);
}

TEST(Mailbox, close_frees_a_sender_that_waits_for_room) {
  Mailbox<int> box(1);
  EXPECT_TRUE(box.push(1));
  std::atomic<bool> accepted{true};
  std::thread sender([&] { accepted = box.push(2); });
  box.close();
  sender.join();
  EXPECT_FALSE(accepted);
}

TEST(Mailbox, loses_nothing_among_many_senders) {
  constexpr int senders = 4;
  constexpr int each = 5'000;
  Mailbox<std::pair<int, int>> box(16);
  std::vector<std::thread> threads;
  for (int s = 0; s < senders; ++s) {
    threads.emplace_back([&box, s] {
      for (int i = 0; i < each; ++i) EXPECT_TRUE(box.push({s, i}));
    });
  }
  std::array<int, senders> next{};
  int total = 0;
  while (total < senders * each) {
    const auto values = box.take_all(never);
    ASSERT_LE(values.size(), 16u);
    for (const auto& [sender, number] : values) {
      EXPECT_EQ(number, next[static_cast<std::size_t>(sender)]++);
      ++total;
    }
  }
  for (auto& thread : threads) thread.join();
}

TEST(Clock, is_the_steady_clock_and_rises) {
  const Time before = monotonic_time();
  EXPECT_LE(before, monotonic_time());
  EXPECT_LE(steady_instant(before), std::chrono::steady_clock::now());
  EXPECT_GT(wall_time().ns, 0);
}

}  // namespace
}  // namespace nodedb::edge
