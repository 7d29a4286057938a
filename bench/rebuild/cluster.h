// SPDX-License-Identifier: Apache-2.0
#pragma once

// The real thing: replicas that are rebuilt on another node, while clients write to other vShards.

#include <optional>
#include <string>
#include <vector>

namespace nodedb::bench {

struct ClusterLoad {
  int mib = 1024;   ///< in all vShards that move, in values of 64 KiB
  int vshards = 4;  ///< that share it
  int writers = 8;  ///< one each in vShards that stay
  int seconds = 5;  ///< of their writes before anything moves
};

struct Rebuilt {
  double mib_per_s = 0;
  double cpu_ms_per_mib = 0;  ///< of all nodes, the writers' requests included
  double p99_ms_before = 0;
  double p99_ms_during = 0;
};

/// Twice: from a node of three to a fourth, and back. `limit`: as NODEDB_SNAPSHOT_BYTES_PER_SECOND; empty:
/// the default. Nothing if it failed; stderr says why.
std::optional<std::vector<Rebuilt>> rebuild_in_cluster(const ClusterLoad& load, const std::string& limit);

}  // namespace nodedb::bench
