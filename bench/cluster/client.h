// SPDX-License-Identifier: Apache-2.0
#pragma once

// What load generators have in common.

#include <cstdint>
#include <vector>

#include "edge/disk/files.h"

namespace nodedb::bench {

struct LoadResult {
  std::uint64_t operations = 0;  ///< that were answered well
  std::uint64_t errors = 0;      ///< that were refused
  double seconds = 0;
  double p50_us = 0;
  double p90_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double max_us = 0;
};

LoadResult summary_of(std::vector<std::int64_t> latencies_ns, std::uint64_t errors, double seconds);

std::int64_t now_ns();

/// To a loopback port; not valid if nobody listens there.
edge::FileHandle connect_to(int port);
/// `epoll` tells `number` when there is something to read.
void watch(const edge::FileHandle& epoll, const edge::FileHandle& socket, std::uint64_t number);

}  // namespace nodedb::bench
