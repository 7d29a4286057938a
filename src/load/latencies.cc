// SPDX-License-Identifier: Apache-2.0
#include "load/latencies.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace nodedb::load {

namespace {

/// Every power of two is cut into so many buckets; what is smaller has one for each value.
constexpr int bits = 7;
constexpr std::uint64_t parts = std::uint64_t{1} << bits;

std::size_t bucket_of(std::uint64_t ns) {
  if (ns < parts) return ns;
  const int shift = static_cast<int>(std::bit_width(ns)) - 1 - bits;
  return (static_cast<std::size_t>(shift) + 1) * parts + (ns >> shift) - parts;
}

/// The largest value that belongs there.
std::uint64_t last_of(std::size_t bucket) {
  if (bucket < parts) return bucket;
  const std::size_t shift = bucket / parts - 1;
  return ((bucket % parts + parts + 1) << shift) - 1;
}

}  // namespace

void Latencies::add(std::int64_t ns) {
  const std::size_t bucket = bucket_of(static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0)));
  if (bucket >= counts_.size()) counts_.resize(bucket + 1, 0);
  ++counts_[bucket];
  ++count_;
  max_ns_ = std::max(max_ns_, ns);
}

std::int64_t Latencies::percentile_ns(double part) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen > 0 && seen >= wanted) return std::min(static_cast<std::int64_t>(last_of(bucket)), max_ns_);
  }
  return max_ns_;
}

}  // namespace nodedb::load
