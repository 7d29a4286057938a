// SPDX-License-Identifier: Apache-2.0
#pragma once

// Lets through a few log lines a second and counts the rest, for events that strangers can cause.

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace nodedb::quic {

class LogGate {
 public:
  /// How many lines were held back since the last one, if this one may pass.
  std::optional<std::uint64_t> pass(std::int64_t now_ns) {
    if (now_ns - window_ns_ >= ns_per_s) {
      window_ns_ = now_ns;
      left_ = lines_per_s;
    }
    if (left_ == 0) {
      ++held_back_;
      return std::nullopt;
    }
    --left_;
    const auto held = held_back_;
    held_back_ = 0;
    return held;
  }

 private:
  static constexpr int lines_per_s = 10;
  std::int64_t window_ns_ = long_ago.ns;
  int left_ = 0;
  std::uint64_t held_back_ = 0;
};

}  // namespace nodedb::quic
