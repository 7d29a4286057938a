// SPDX-License-Identifier: Apache-2.0
#include "base/queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "base/rng.h"

namespace nodedb {
namespace {

TEST(Queue, does_what_a_deque_does) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Rng rng(seed);
    Queue<std::uint64_t> queue;
    std::deque<std::uint64_t> model;
    const double grows = 0.3 + 0.4 * static_cast<double>(rng.below(100)) / 100;
    for (std::uint64_t step = 0; step < 2'000; ++step) {
      if (model.empty() || rng.chance(grows)) {
        queue.push_back(step);
        model.push_back(step);
      } else if (rng.chance(0.7)) {
        queue.pop_front();
        model.pop_front();
      } else if (rng.chance(0.7)) {
        queue.pop_back();
        model.pop_back();
      } else if (rng.chance(0.7)) {
        const auto at = static_cast<std::ptrdiff_t>(rng.below(model.size()));
        queue.erase(queue.begin() + at);
        model.erase(model.begin() + at);
      } else if (rng.chance(0.5)) {
        queue.push_front(step);
        model.push_front(step);
      } else if (rng.chance(0.1)) {
        queue.clear();
        model.clear();
      }
      ASSERT_EQ(queue.size(), model.size());
      ASSERT_EQ(queue.empty(), model.empty());
      ASSERT_TRUE(std::equal(queue.begin(), queue.end(), model.begin(), model.end())) << "seed " << seed;
      ASSERT_TRUE(std::equal(queue.rbegin(), queue.rend(), model.rbegin(), model.rend()));
      if (model.empty()) continue;
      ASSERT_EQ(queue.front(), model.front());
      ASSERT_EQ(queue.back(), model.back());
      ASSERT_EQ(queue[model.size() / 2], model[model.size() / 2]);
    }
  }
}

TEST(Queue, lets_go_at_once_of_what_is_taken) {
  const auto shared = std::make_shared<int>(1);
  Queue<std::shared_ptr<int>> queue;
  for (int i = 0; i < 5; ++i) queue.push_back(shared);
  queue.pop_front();
  EXPECT_EQ(shared.use_count(), 5);
  queue.pop_back();
  EXPECT_EQ(shared.use_count(), 4);
  queue.clear();
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(Queue, can_be_moved_and_used_again) {
  Queue<int> queue;
  for (int i = 0; i < 5; ++i) queue.push_back(i);
  queue.pop_front();
  Queue<int> other = std::move(queue);
  EXPECT_EQ(other.size(), 4u);
  EXPECT_TRUE(queue.empty());
  queue.push_back(7);
  EXPECT_EQ(queue.front(), 7);
  other = std::move(queue);
  EXPECT_EQ(other.size(), 1u);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace nodedb
