// SPDX-License-Identifier: Apache-2.0
#pragma once

// How many requests may be under way so that each is answered within a target time. Says nothing as long as
// requests are answered in time, however many they are: a burst that is worked off soon harms nobody.
//
// After CoDel (Nichols, Jacobson: Controlling Queue Delay, 2012): overload is not a long queue but one that
// stays, that is, every answer of a whole interval was late. Then the limit is what Little's law says (the
// rate of those answers, times the target, less a quarter), measured anew after each late interval. Refused
// requests and no late answer in an interval: the limit rises by a quarter. Nothing under way: it is
// forgotten. Pure; owned by the core thread.
//
//            every answer late for an interval                  nothing under way
//   no limit ─────────────────────────────────▶ limited ─────────────────────────────▶ no limit
//                                                │  ▲ rises while it refuses and none is late
//                                                └──┘ measured anew while all are late

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/time.h"

namespace nodedb::node {

class QueueLimit {
 public:
  /// `target_ns` > 0 is also the interval. `floor`: so many are always let in.
  QueueLimit(std::int64_t target_ns, std::size_t floor) : target_ns_(target_ns), floor_(floor) {}

  /// A request came in and was let in; one was not, because of this limit.
  void admitted() { ++under_way_; }
  void refused() { refused_ = true; }
  /// A request that was let in is over. `took_ns`: since it came; nothing if that says nothing about the
  /// queue (it failed, or waited for an election).
  void left(Time now, std::optional<std::int64_t> took_ns);

  std::size_t under_way() const { return under_way_; }
  bool full() const { return under_way_ >= limit_; }
  /// How many may be under way; `unlimited`.
  std::size_t limit() const { return limit_; }
  /// Every answer of the last interval, and each since, was late.
  bool overloaded() const { return overloaded_; }

  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

 private:
  void late(Time now);
  void in_time(Time now);

  std::int64_t target_ns_;
  std::size_t floor_;
  std::size_t under_way_ = 0;
  std::size_t limit_ = unlimited;
  bool overloaded_ = false;
  bool refused_ = false;            ///< in the interval under way
  std::optional<Time> late_since_;  ///< every answer since then was late
  std::size_t late_ = 0;            ///< those
  Time calm_since_ = long_ago;      ///< no answer since then was late
};

}  // namespace nodedb::node
