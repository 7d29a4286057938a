// SPDX-License-Identifier: Apache-2.0
#include "node/admission.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <vector>

namespace nodedb::node {
namespace {

constexpr std::int64_t target = 500 * ns_per_ms;
constexpr NodeId leader(2);

Admission::Request request(std::uint32_t group, std::size_t bytes = 16) {
  return {GroupId(group), leader, bytes, Time{0}};
}

// --- by bytes ---

TEST(AdmissionBytes, OneVShardGetsHalfOfTheRoomAndTwoAThirdEach) {
  const std::size_t one = 100'000 + Admission::overhead_bytes;
  Admission admission({target, 1'000'000, 60 * one});
  const auto fill = [&](std::uint32_t group) {
    std::size_t taken = 0;
    while (admission.admit(Time{0}, request(group, 100'000))) ++taken;
    return taken;
  };
  EXPECT_EQ(fill(1), 30u);
  EXPECT_EQ(fill(2), 15u);
  for (int i = 0; i < 15; ++i) admission.left(Time{0}, request(1, 100'000), false);
  EXPECT_EQ(fill(2), 8u)
      << "what the first gives back goes to the second, until both have as much as is left";
  EXPECT_EQ(admission.bytes(), (15 + 23) * one);
}

TEST(AdmissionBytes, WhoHasNothingUnderWayFindsRoomBesideAHotVShard) {
  Admission admission({target, 1'000'000, 100 << 20});
  while (admission.admit(Time{0}, request(1, 1 << 20))) {
  }
  EXPECT_TRUE(admission.admit(Time{0}, request(2, 32 << 20)));
}

TEST(AdmissionBytes, ManySmallRequestsCountWithWhatTheyTakeBeside) {
  Admission admission({target, 1'000'000, 1'000 * Admission::overhead_bytes});
  std::size_t taken = 0;
  for (std::uint32_t group = 1; group < 2'000; ++group)
    taken += admission.admit(Time{0}, request(group, 0)) ? 1U : 0U;
  EXPECT_EQ(taken, 1'000u);
  EXPECT_EQ(admission.refused(), 999u);
}

TEST(AdmissionBytes, ARefusalIsBusyAndPromisesNoEffect) {
  Admission admission({target, 1, 1 << 20});
  ASSERT_TRUE(admission.admit(Time{0}, request(1)));
  const auto refused = admission.admit(Time{0}, request(2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::busy);
  EXPECT_EQ(effect(refused.error().code), Effect::no);
  EXPECT_EQ(retry_advice(refused.error().code), Retry::same_place);
}

// --- by time ---

/// A leader that answers in the order in which it was asked, so many in a second, and what came of that.
class Leader {
 public:
  Leader(Admission& admission, double per_second)
      : admission_(admission), each_ns_(static_cast<std::int64_t>(1e9 / per_second)) {}

  struct Count {
    std::size_t answered = 0;
    std::size_t refused = 0;
    std::int64_t longest_ns = 0;
  };

  /// Clients ask as if nobody had to wait: `rates[g]` requests in a second to group g + 1.
  std::vector<Count> run(std::int64_t for_ns, const std::vector<double>& rates) {
    std::vector<Count> counts(rates.size());
    std::vector<double> due(rates.size());
    const Time end = now_ + for_ns;
    for (; now_ < end; now_ = now_ + step_ns) {
      for (std::size_t g = 0; g < rates.size(); ++g) {
        for (due[g] += rates[g] * static_cast<double>(step_ns) / 1e9; due[g] >= 1; due[g] -= 1)
          ask(g, counts);
      }
      answer(counts);
    }
    return counts;
  }
  /// Answers nobody for so long.
  void stall(std::int64_t for_ns, const std::vector<double>& rates) {
    free_at_ = now_ + for_ns;
    run(for_ns, rates);
  }
  std::size_t waiting() const { return line_.size(); }

 private:
  static constexpr std::int64_t step_ns = ns_per_ms;

  void ask(std::size_t g, std::vector<Count>& counts) {
    const Admission::Request one{GroupId(static_cast<std::uint32_t>(g + 1)), leader, 16, now_};
    if (admission_.admit(now_, one))
      line_.push_back(one);
    else
      ++counts[g].refused;
  }
  void answer(std::vector<Count>& counts) {
    while (!line_.empty()) {
      const Time done = std::max(free_at_, line_.front().arrived) + each_ns_;
      if (done > now_) return;
      free_at_ = done;
      Count& count = counts[line_.front().group.value - 1];
      ++count.answered;
      count.longest_ns = std::max(count.longest_ns, now_ - line_.front().arrived);
      admission_.left(now_, line_.front(), true);
      line_.pop_front();
    }
  }

  Admission& admission_;
  std::int64_t each_ns_;
  Time now_{0};
  Time free_at_{0};
  std::deque<Admission::Request> line_;
};

std::vector<double> spread(double rate, std::size_t groups) {
  return std::vector<double>(groups, rate / static_cast<double>(groups));
}

Leader::Count all(const std::vector<Leader::Count>& counts) {
  Leader::Count sum;
  for (const Leader::Count& one : counts) {
    sum.answered += one.answered;
    sum.refused += one.refused;
    sum.longest_ns = std::max(sum.longest_ns, one.longest_ns);
  }
  return sum;
}

TEST(AdmissionTime, RefusesNobodyBelowCapacity) {
  Admission admission({});
  Leader node(admission, 10'000);
  const auto count = all(node.run(10 * ns_per_s, spread(9'500, 100)));
  EXPECT_EQ(count.refused, 0u);
}

TEST(AdmissionTime, FourTimesTheCapacityIsRefusedEarlyAndTheRestAnsweredSoon) {
  Admission admission({});
  Leader node(admission, 10'000);
  const auto first = all(node.run(10 * ns_per_s, spread(40'000, 1'000)));
  EXPECT_LT(first.longest_ns, 4 * ns_per_s) << "before the overload was known";
  const auto later = all(node.run(10 * ns_per_s, spread(40'000, 1'000)));
  EXPECT_GE(later.answered, 99'000u) << "the leader is never idle";
  EXPECT_NEAR(static_cast<double>(later.refused), 300'000, 10'000);
  EXPECT_LT(later.longest_ns, 3 * target);
}

TEST(AdmissionTime, OneVShardAboveItsCapacityIsRefusedAlone) {
  Admission admission({});
  Leader node(admission, 10'000);
  std::vector<double> rates = spread(500, 50);
  rates[0] = 40'000;
  node.run(10 * ns_per_s, rates);
  const auto counts = node.run(10 * ns_per_s, rates);
  for (std::size_t g = 1; g < counts.size(); ++g) EXPECT_EQ(counts[g].refused, 0u) << g;
  EXPECT_GT(counts[0].refused, 250'000u);
  EXPECT_GT(counts[0].answered, 90'000u) << "it has all that the others leave";
  EXPECT_LT(all(counts).longest_ns, 3 * target);
}

TEST(AdmissionTime, AStallThatIsWorkedOffSoonRefusesNobody) {
  Admission admission({});
  Leader node(admission, 10'000);
  node.run(ns_per_s, spread(3'000, 100));
  node.stall(800 * ns_per_ms, spread(3'000, 100));
  const auto after = all(node.run(5 * ns_per_s, spread(3'000, 100)));
  EXPECT_EQ(after.refused, 0u);
  EXPECT_GT(after.longest_ns, target) << "the stall was felt";
}

TEST(AdmissionTime, AfterTheOverloadEverybodyIsTakenAgain) {
  Admission admission({});
  Leader node(admission, 10'000);
  node.run(10 * ns_per_s, spread(40'000, 1'000));
  node.run(5 * ns_per_s, spread(5'000, 1'000));
  const auto after = all(node.run(5 * ns_per_s, spread(9'000, 1'000)));
  EXPECT_EQ(after.refused, 0u);
}

TEST(AdmissionTime, FollowsALeaderThatBecomesFaster) {
  QueueLimit limit(target, 1);
  Time now{0};
  for (int i = 0; i < 400; ++i) limit.admitted();
  for (int i = 0; i < 300; ++i) limit.left(now = now + 10 * ns_per_ms, 2 * target);
  ASSERT_TRUE(limit.overloaded());
  const std::size_t tight = limit.limit();
  EXPECT_NEAR(static_cast<double>(tight), 37, 3) << "100 a second, for half a second, less a quarter";
  for (int i = 0; i < 80; ++i) {
    limit.refused();
    limit.left(now = now + 50 * ns_per_ms, target / 4);
  }
  EXPECT_FALSE(limit.overloaded());
  EXPECT_GT(limit.limit(), 3 * tight);
  while (limit.under_way() > 0) limit.left(now, target / 4);
  EXPECT_EQ(limit.limit(), QueueLimit::unlimited) << "nothing is under way: forgotten";
}

TEST(AdmissionTime, WhatFailedOrHadNoLeaderSaysNothing) {
  const auto refused = [](NodeId node, bool answered) {
    Admission admission({});
    Time now{0};
    for (int i = 0; i < 1'000; ++i) static_cast<void>(admission.admit(now, {GroupId(1), node, 16, now}));
    for (int i = 0; i < 500; ++i)
      admission.left(now = now + 20 * ns_per_ms, {GroupId(1), node, 16, Time{0}}, answered);
    return !admission.admit(now, {GroupId(1), node, 16, now});
  };
  EXPECT_TRUE(refused(leader, true)) << "late answers do";
  EXPECT_FALSE(refused(leader, false)) << "it may have been asked twice";
  EXPECT_FALSE(refused(NodeId(), true)) << "an election is no overload";
}

TEST(AdmissionTime, SoManyWaitForLeadersAndNoMore) {
  Admission admission({});
  std::size_t taken = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i)
    taken += admission.admit(Time{0}, {GroupId(1 + i % 100), NodeId(), 16, Time{0}}) ? 1U : 0U;
  EXPECT_EQ(taken, 4'096u);
  EXPECT_TRUE(admission.admit(Time{0}, request(1))) << "others have one";
}

TEST(AdmissionTime, CanBeSwitchedOff) {
  Admission admission({.queue_time_ns = 0});
  Leader node(admission, 100);
  EXPECT_EQ(all(node.run(20 * ns_per_s, spread(1'000, 10))).refused, 0u);
}

}  // namespace
}  // namespace nodedb::node
