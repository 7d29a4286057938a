// SPDX-License-Identifier: Apache-2.0
#pragma once

// The only place where the server reads a clock. `mono` never falls within a process and is what deadlines
// are measured on (it is the clock of std::chrono::steady_clock, so waits may use it); `wall` may jump.

#include <chrono>

#include "base/time.h"

namespace nodedb::edge {

inline Time monotonic_time() {
  using std::chrono::nanoseconds;
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return Time{std::chrono::duration_cast<nanoseconds>(since).count()};
}

inline WallTime wall_time() {
  using std::chrono::nanoseconds;
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return WallTime{std::chrono::duration_cast<nanoseconds>(since).count()};
}

inline Now read_clocks() {
  return Now{.mono = monotonic_time(), .wall = wall_time()};
}

/// The steady_clock's instant for `t`; `never` and its like stay far ahead without overflow.
inline std::chrono::steady_clock::time_point steady_instant(Time t) {
  using Clock = std::chrono::steady_clock;
  return Clock::time_point(std::chrono::duration_cast<Clock::duration>(std::chrono::nanoseconds(t.ns)));
}

}  // namespace nodedb::edge
