// SPDX-License-Identifier: Apache-2.0
#pragma once

// Spans of time and what is printed of many of them.

#include <chrono>
#include <string>
#include <vector>

namespace nodedb::bench {

using Clock = std::chrono::steady_clock;

struct Span {
  Clock::time_point from;
  Clock::time_point to;

  double seconds() const { return std::chrono::duration<double>(to - from).count(); }
  double ms() const { return 1'000 * seconds(); }
};

/// Below which that part of the figures lies; 0 if there are none. Pre: sorted.
double at(const std::vector<double>& sorted, double part);

/// One line: median, p99 and maximum in ms; nothing if there are no figures.
void print_ms(const char* what, std::vector<double> figures);

}  // namespace nodedb::bench
