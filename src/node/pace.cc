// SPDX-License-Identifier: Apache-2.0
#include "node/pace.h"

#include <algorithm>

#include "meta/decide.h"

namespace nodedb::node {

namespace {

constexpr std::int64_t window_ns = 500 * ns_per_ms;  ///< over which the target's progress is measured
constexpr std::int64_t burst_ns = 10 * ns_per_ms;    ///< of the rate that may go through at once
constexpr double log_share = 0.75;     ///< of the log's room; the rest is for what is on its way
constexpr double near_end = 1.0 / 16;  ///< of a snapshot whose size was guessed too small
constexpr double share_step = 0.75;
constexpr double rate_min = 16 * 1024;
/// Whom the driver lets vote is near enough: nobody has to wait for it.
constexpr meta::DecideLimits near;

}  // namespace

/// The room that is left, over the time that is left.
double Pace::snapshot_rate(const Copy& copy, double speed) const {
  const auto total = static_cast<double>(copy.copy_bytes);
  const double left = std::max(total - static_cast<double>(copy.copied_bytes), total * near_end) / speed;
  const double room = log_share * static_cast<double>(log_bytes_max_) - static_cast<double>(copy.lag_bytes);
  return std::max(room / left, rate_min);
}

double Pace::catch_up_rate(const Copy& copy, double entries_per_second) {
  if (copy.lag_entries <= near.lag_entries_max && copy.lag_bytes <= near.lag_bytes_max) {
    share_ = 1;
    return 0;
  }
  const double entry =
      static_cast<double>(copy.lag_bytes) / static_cast<double>(std::max<std::uint64_t>(1, copy.lag_entries));
  share_ *= share_step;
  return std::max(entries_per_second * entry * share_, rate_min);
}

void Pace::look(Time now, const Copy& copy) {
  const bool goes_on = seen_ && seen_->streaming == copy.streaming && seen_->copy_bytes == copy.copy_bytes &&
                       seen_->copied_bytes <= copy.copied_bytes && seen_->match <= copy.match;
  if (goes_on && now - seen_at_ < window_ns) return;
  const double seconds = static_cast<double>(now - seen_at_) / static_cast<double>(ns_per_s);
  if (!goes_on) {
    share_ = 1;
    rate_ = copy.streaming || copy.copy_bytes == 0
                ? 0
                : snapshot_rate(copy, static_cast<double>(copy_speed_max_));
  } else if (copy.streaming) {
    const std::uint64_t taken = copy.match.value - seen_->match.value;
    rate_ = taken == 0 ? 0 : catch_up_rate(copy, static_cast<double>(taken) / seconds);
  } else {
    const std::uint64_t sent = copy.copied_bytes - seen_->copied_bytes;
    rate_ = sent == 0 ? 0 : snapshot_rate(copy, static_cast<double>(sent) / seconds);
  }
  seen_ = copy;
  seen_at_ = now;
}

Time Pace::admit(Time now, std::size_t bytes) {
  const Time latest = now + delay_max_ns_;
  Time at = now;
  if (rate_ > 0) {
    free_at_ = std::max(free_at_, now - burst_ns);
    at = std::clamp(free_at_, now, latest);
    const double seconds = static_cast<double>(bytes) / rate_;
    free_at_ = std::min(free_at_, latest) +
               static_cast<std::int64_t>(std::min(seconds, 1.0) * static_cast<double>(ns_per_s));
  }
  last_ = std::max(last_, at);
  return last_;
}

}  // namespace nodedb::node
