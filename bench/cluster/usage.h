// SPDX-License-Identifier: Apache-2.0
#pragma once

// What processes have used so far. Differences of two readings belong to what ran between them.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/support/cluster.h"

namespace nodedb::bench {

struct Usage {
  std::uint64_t user_us = 0;  ///< counted by the kernel in ticks of 10 ms: differences need seconds
  std::uint64_t system_us = 0;
  std::uint64_t syncs = 0;      ///< of Raft logs
  std::uint64_t datagrams = 0;  ///< sent between nodes
  std::uint64_t net_bytes = 0;

  std::uint64_t cpu_us() const { return user_us + system_us; }
  Usage operator-(const Usage& before) const;
  Usage operator+(const Usage& other) const;
};

/// Of one process and its children that have ended, by the kernel's count: no syncs and no datagrams.
Usage usage_of(pid_t pid);
/// What the disk under `path` has written, for whomever, file system included. The kernel's count by process
/// is no use: a sector that is written anew counts as all of the memory around it. Nothing: no such disk.
std::optional<std::uint64_t> disk_bytes_written(const std::string& path);
/// Of each node, by the kernel's count and its own.
std::vector<Usage> usage_of(const e2e::Cluster& cluster);

}  // namespace nodedb::bench
