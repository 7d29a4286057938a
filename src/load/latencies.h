// SPDX-License-Identifier: Apache-2.0
#pragma once

// How long operations took, in memory that does not grow: counts in buckets of which each is wider than its
// value by less than 1 %.

#include <cstdint>
#include <vector>

namespace nodedb::load {

class Latencies {
 public:
  void add(std::int64_t ns);
  std::uint64_t count() const { return count_; }
  std::int64_t max_ns() const { return max_ns_; }
  /// `part` of all, from 0 to 1, took no longer than this; 0 if there are none. Too high by less than 1 %.
  std::int64_t percentile_ns(double part) const;
  void clear() { *this = Latencies(); }

 private:
  std::vector<std::uint64_t> counts_;  ///< up to the highest bucket that is in use
  std::uint64_t count_ = 0;
  std::int64_t max_ns_ = 0;
};

}  // namespace nodedb::load
