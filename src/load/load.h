// SPDX-License-Identifier: Apache-2.0
#pragma once

// Clients, driven by one thread and spread evenly over the servers. A connection that is lost is made again,
// to the next server.
//
// Closed loop: each connection keeps its share of operations outstanding; latency counts from the send. Open
// loop: operations begin at a fixed rate whatever the answers do, and latency counts from the instant at
// which an operation was to begin, so that a stall shows in all that it held up.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "load/latencies.h"
#include "load/protocol.h"
#include "load/server.h"

namespace nodedb::resp {
class TlsTrust;
}

namespace nodedb::load {

struct LoadOptions {
  std::vector<Server> servers;
  resp::TlsTrust* trust = nullptr;  ///< null: no TLS; outlives the load
  Operation operation = Operation::set;
  double reads = 0;  ///< of a load that sets: the share of operations that read instead, 0 to 1
  std::size_t value_bytes = 16;
  std::size_t outstanding = 1;   ///< operations under way, all together (closed loop)
  std::size_t connections = 1;   ///< at most `outstanding` are used
  std::uint16_t vshards = 1024;  ///< that the keys lie in, spread over all; means nothing to other systems
  double rate = 0;               ///< operations per second; 0: closed loop
  /// An open loop that falls behind by more operations than this is no loop any more.
  std::size_t behind_max = 100'000;
  double seconds = 5;
  std::uint64_t keys = 8'192;
  bool each_once = false;        ///< every key once and in order, however long it takes, instead of `seconds`
  double patience_seconds = 30;  ///< of `each_once`: without any answer; then it ends
};

/// The same, but to write every key once, so that reads find it.
LoadOptions filling(LoadOptions options);

struct LoadResult {
  std::uint64_t operations = 0;  ///< that were answered well
  std::uint64_t errors = 0;      ///< that were refused, or whose answer was lost
  double seconds = 0;
  double p50_us = 0;
  double p90_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double max_us = 0;
  /// The errors by code. DISCONNECTED: the connection ended first; UNREACHABLE: there was no connection.
  std::map<std::string, std::uint64_t> codes;
};

/// What has happened since the last look, a second ago or so.
struct LoadProgress {
  double seconds = 0;  ///< since the load began
  double since = 0;    ///< of it, since the last look
  std::uint64_t operations = 0;
  std::uint64_t errors = 0;
  std::int64_t p99_ns = 0;
};

/// Who looks on; each may be empty.
struct LoadWatch {
  std::function<void(const LoadProgress&)> progress{};
  std::function<bool()> ended{};  ///< true: that is enough
};

/// Nothing if not every connection could be made at the start, an open loop has fallen behind, or nobody
/// answers any more; `complaint` says which.
std::optional<LoadResult> run_load(const LoadOptions& options, const MakeProtocol& protocol,
                                   std::string& complaint, const LoadWatch& watch = {});
/// As a Redis client without a password.
std::optional<LoadResult> run_load(const LoadOptions& options, std::string& complaint);

}  // namespace nodedb::load
