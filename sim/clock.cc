// SPDX-License-Identifier: Apache-2.0
#include "sim/clock.h"

#include <limits>

namespace nodedb::sim {

namespace {

constexpr std::int64_t million = 1'000'000;
// 2026-01-01T00:00:00Z: expiries computed from it look like real ones.
constexpr std::int64_t epoch_ns = 1'767'225'600 * ns_per_s;

/// Splits the multiplication so that hours of ns do not overflow.
std::int64_t scaled(std::int64_t ns, std::int64_t numerator, std::int64_t denominator) {
  return ns / denominator * numerator + ns % denominator * numerator / denominator;
}

}  // namespace

Now Clock::read(std::int64_t true_ns) const {
  return {Time{mono_base_ + scaled(true_ns - true_base_, million + ppm_, million)},
          WallTime{epoch_ns + true_ns + wall_offset_}};
}

std::int64_t Clock::true_instant(Time mono) const {
  if (mono == never) return std::numeric_limits<std::int64_t>::max();
  if (mono.ns <= mono_base_) return true_base_;
  std::int64_t instant = true_base_ + scaled(mono.ns - mono_base_, million, million + ppm_);
  while (read(instant).mono < mono) ++instant;
  return instant;
}

void Clock::set_rate(std::int64_t true_ns, std::int64_t ppm) {
  mono_base_ = read(true_ns).mono.ns;
  true_base_ = true_ns;
  ppm_ = ppm;
}

void Clock::restart(std::int64_t true_ns, std::int64_t origin_ns) {
  true_base_ = true_ns;
  mono_base_ = origin_ns;
}

}  // namespace nodedb::sim
