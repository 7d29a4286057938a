// SPDX-License-Identifier: Apache-2.0
#include "node/pace.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/units.h"

namespace nodedb::node {
namespace {

constexpr std::int64_t delay_max = 250 * ns_per_ms;
constexpr std::uint64_t log_max = 256 * mib;
constexpr std::size_t write_bytes = 4096;

/// A leader, its clients and the target of a move, in steps of a millisecond. Each client writes again as
/// soon as it has its answer; by itself a write takes a millisecond.
class Model {
 public:
  std::uint64_t snapshot_bytes = 0;
  double copy_speed = 0;    ///< bytes per second
  double intake_speed = 0;  ///< of log, once the target has its snapshot
  bool paced = true;

  explicit Model(std::size_t clients) : idle_(clients) {}

  /// False: the target has not come near by then.
  bool run(int seconds) {
    for (int ms = 0; ms < seconds * 1000; ++ms) {
      now_ = now_ + ns_per_ms;
      copy();
      if (paced && ms % 100 == 0) pace_.look(now_, seen());
      write();
      if (streaming() && lag() <= 64 * write_bytes) return true;
    }
    return false;
  }
  double seconds() const { return static_cast<double>(now_.ns) / static_cast<double>(ns_per_s); }

  std::uint64_t lag_most = 0;
  std::int64_t delay_most = 0;
  std::uint64_t written = 0;
  bool overtaken = false;

 private:
  bool streaming() const { return copied_ >= static_cast<double>(snapshot_bytes); }
  std::uint64_t lag() const { return written - std::min(written, static_cast<std::uint64_t>(taken_)); }
  Pace::Copy seen() const {
    return {streaming(),         static_cast<std::uint64_t>(copied_),
            snapshot_bytes,      Index(static_cast<std::uint64_t>(taken_) / write_bytes + 1),
            lag() / write_bytes, lag()};
  }
  void copy() {
    if (!streaming()) {
      copied_ += copy_speed / 1000;
    } else {
      taken_ = std::min(static_cast<double>(written), taken_ + intake_speed / 1000);
    }
  }
  void write() {
    for (; idle_ > 0; --idle_) {
      const Time at = pace_.admit(now_, write_bytes);
      delay_most = std::max(delay_most, at - now_);
      overtaken = overtaken || (!waiting_.empty() && at < waiting_.back());
      waiting_.push_back(at);
    }
    while (!waiting_.empty() && waiting_.front() <= now_) {
      waiting_.pop_front();
      ++idle_;
      written += write_bytes;
    }
    lag_most = std::max(lag_most, lag());
  }

  Pace pace_{delay_max, log_max, 200 * mib};
  Time now_{};
  std::size_t idle_;
  std::deque<Time> waiting_;
  double copied_ = 0;
  double taken_ = 0;
};

TEST(Pace, ASnapshotIsNotOutrun) {
  for (const bool paced : {false, true}) {
    Model model(16);  // 64 MiB/s
    model.paced = paced;
    model.snapshot_bytes = 1024 * mib;
    model.copy_speed = 50.0 * mib;
    model.intake_speed = 100.0 * mib;
    model.run(60);
    EXPECT_EQ(model.lag_most <= log_max, paced) << model.lag_most / mib << " MiB of log";
    EXPECT_LE(model.delay_most, delay_max);
    EXPECT_FALSE(model.overtaken);
    // As much as the log has room for goes through.
    EXPECT_GT(model.written, log_max / 2);
  }
}

TEST(Pace, ATargetThatTakesInLessThanIsWrittenComesNear) {
  for (const bool paced : {false, true}) {
    Model model(16);
    model.paced = paced;
    model.snapshot_bytes = mib;
    model.copy_speed = 50.0 * mib;
    model.intake_speed = 20.0 * mib;
    EXPECT_EQ(model.run(30), paced);
    EXPECT_LE(model.delay_most, delay_max);
    EXPECT_FALSE(model.overtaken);
  }
}

TEST(Pace, ACopyThatKeepsUpDelaysNobody) {
  Model model(4);  // 16 MiB/s
  model.snapshot_bytes = 100 * mib;
  model.copy_speed = 50.0 * mib;
  model.intake_speed = 100.0 * mib;
  EXPECT_TRUE(model.run(10));
  EXPECT_EQ(model.delay_most, 0);
}

TEST(Pace, NobodyWaitsForATargetThatStandsStill) {
  Pace pace(delay_max, log_max, 200 * mib);
  Pace::Copy copy{false, 10 * mib, 1024 * mib, Index(1), 50'000, 190 * mib};
  Time now{};
  const auto look = [&] { pace.look(now = now + 500 * ns_per_ms, copy); };
  look();
  copy.copied_bytes += mib;
  look();
  EXPECT_GT(pace.bytes_per_second(), 0u);
  look();
  EXPECT_EQ(pace.bytes_per_second(), 0u);
  copy.streaming = true;
  copy.match = Index(100);
  look();
  copy.match = Index(200);
  look();
  EXPECT_GT(pace.bytes_per_second(), 0u);
  look();
  EXPECT_EQ(pace.bytes_per_second(), 0u);
  EXPECT_EQ(pace.admit(now + 2 * ns_per_s, write_bytes), now + 2 * ns_per_s);
}

TEST(Pace, TheDelayIsBoundedHoweverManyWrite) {
  Pace pace(delay_max, log_max, 200 * mib);
  Pace::Copy copy{true, 0, 0, Index(100), 50'000, 190 * mib};
  Time now{};
  pace.look(now, copy);
  copy.match = Index(110);
  pace.look(now = now + 500 * ns_per_ms, copy);
  ASSERT_GT(pace.bytes_per_second(), 0u);
  Time last = now;
  for (int i = 0; i < 10'000; ++i) {
    const Time at = pace.admit(now, write_bytes);
    EXPECT_GE(at, last);
    EXPECT_LE(at - now, delay_max);
    last = at;
    if (i % 100 == 0) now = now + ns_per_ms;
  }
}

}  // namespace
}  // namespace nodedb::node
