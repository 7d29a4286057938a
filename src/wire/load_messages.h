// SPDX-License-Identifier: Apache-2.0
#pragma once

// What vShards cost, as their leaders measure it: told to the leader of group 0, for the planner. Rarely: the
// receiver keeps what it was told last.

#include <cstdint>
#include <vector>

#include "base/ids.h"

namespace nodedb::wire {

struct VShardLoad {
  VShardId vshard;
  std::uint64_t bytes = 0;   ///< of its rows, about
  std::uint64_t writes = 0;  ///< a second, the mean of about a minute
  std::uint64_t reads = 0;   ///< the same, those that the leader serves
  bool operator==(const VShardLoad&) const = default;
};

/// Those that have changed since they were told last.
struct LoadReport {
  std::vector<VShardLoad> loads;
  bool operator==(const LoadReport&) const = default;
};

}  // namespace nodedb::wire
