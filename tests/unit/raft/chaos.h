// SPDX-License-Identifier: Apache-2.0
#pragma once

// Drawn schedules for the small world: faults, proposals, reads, transfers, config changes, compaction; then
// everything heals and the group must make progress.

#include <cstdint>
#include <optional>
#include <string>

#include "tests/unit/raft/harness.h"

namespace nodedb::raft::test {

struct ChaosPlan {
  int rounds = 150;
  std::int64_t round_max_ns = 200 * ns_per_ms;
  bool crashes = true;
  bool cuts = true;
  bool changes = true;
  bool transfers = true;
  bool compactions = true;
  bool lossy = true;
  std::uint32_t nodes = 5;
  std::uint32_t voters = 3;
  Options options;
};

struct ChaosResult {
  std::optional<std::string> broken;  ///< the first broken rule, or what did not heal
  std::size_t committed = 0;
  int reads_granted = 0;
  int snapshots = 0;
  int crashes = 0;
  std::size_t lost = 0;
  int changes = 0;
  int transfers = 0;
};

ChaosResult run_chaos(std::uint64_t seed, const ChaosPlan& plan, PlantedBugs bugs = {});

}  // namespace nodedb::raft::test
