// SPDX-License-Identifier: Apache-2.0
#pragma once

// Time as an argument. `Time` is a point on the node's monotonic clock (int64 ns, origin arbitrary, never
// falls within one incarnation); `WallTime` is ns since the Unix epoch and may jump either way. Durations
// are plain int64 ns with `_ns` in their names. Nobody in `core` reads a clock.

#include <compare>
#include <cstdint>
#include <limits>

namespace nodedb {

struct Time {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Time&) const = default;
  constexpr Time operator+(std::int64_t d) const { return Time{ns + d}; }
  constexpr Time operator-(std::int64_t d) const { return Time{ns - d}; }
  constexpr std::int64_t operator-(Time other) const { return ns - other.ns; }
};

/// Later than every real instant: "no deadline".
inline constexpr Time never{std::numeric_limits<std::int64_t>::max()};
/// Earlier than every real instant: "has not happened".
inline constexpr Time long_ago{std::numeric_limits<std::int64_t>::min() / 2};

struct WallTime {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const WallTime&) const = default;
};

/// What a node is told about time at each step.
struct Now {
  Time mono;
  WallTime wall;
};

inline constexpr std::int64_t ns_per_us = 1'000;
inline constexpr std::int64_t ns_per_ms = 1'000'000;
inline constexpr std::int64_t ns_per_s = 1'000'000'000;

}  // namespace nodedb
