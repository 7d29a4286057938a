// SPDX-License-Identifier: Apache-2.0
#pragma once

// Clients, driven by one thread and spread evenly over the servers.
//
// Closed loop: each connection keeps its share of operations outstanding; latency counts from the send. Open
// loop: operations begin at a fixed rate whatever the answers do, and latency counts from the instant at
// which an operation was to begin, so that a stall shows in all that it held up.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/cluster/client.h"
#include "bench/cluster/protocol.h"

namespace nodedb::bench {

enum class Operation : std::uint8_t { set, get };

struct LoadOptions {
  std::vector<int> ports;
  Operation operation = Operation::set;
  std::size_t value_bytes = 16;
  std::size_t outstanding = 1;   ///< operations under way, all together (closed loop)
  std::size_t connections = 1;   ///< at most `outstanding` are used
  std::uint16_t vshards = 1024;  ///< that the keys lie in, spread over all; means nothing to other systems
  double rate = 0;               ///< operations per second; 0: closed loop
  /// An open loop that falls behind by more operations than this is no loop any more.
  std::size_t behind_max = 100'000;
  double seconds = 5;
  std::uint64_t keys = 8'192;
  bool each_once = false;  ///< every key once and in order, however long it takes, instead of `seconds`
};

/// The same, but to write every key once, so that reads find it.
LoadOptions filling(LoadOptions options);

/// Nothing if a connection could not be made or was lost; `complaint` says which.
std::optional<LoadResult> run_load(const LoadOptions& options, const MakeProtocol& protocol,
                                   std::string& complaint);
/// As a Redis client.
std::optional<LoadResult> run_load(const LoadOptions& options, std::string& complaint);

}  // namespace nodedb::bench
