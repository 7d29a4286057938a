// SPDX-License-Identifier: Apache-2.0
#pragma once

// One budget for a node's memory, divided among all that input can make grow, in one table
// (memory_budget.cc). Each consumer is told its bound and keeps to it; what it does when it is full stands
// beside its name. A consumer's share has a ceiling beyond which more memory would not help: a large
// machine's nodes are all alike. What the shares leave is for code, threads, groups and the allocator. Pure.
//
// Nothing counts twice: entries on their way to the disk, to followers and to be applied are the log's own,
// shared; a request is first in front of the core, then under way, then in the log.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nodedb::app {

enum class Consumer : std::uint8_t {
  log,          ///< compacted; a leader above it refuses writes: busy
  moves,        ///< log for the target of a move; beyond it the copy begins again
  requests,     ///< clients' requests under way (node/admission.h): busy
  inbox,        ///< in front of the core: clients are told busy, peers wait
  answers,      ///< of reads, on their way to clients: busy
  clients,      ///< requests and unread answers of connections: read no more, then the largest is dropped
  half_read,    ///< requests that have not come in whole: the connection is dropped
  peers,        ///< messages that wait for other nodes: Raft's are dropped, and sent again
  snapshots,    ///< chunks on their way: they wait
  block_cache,  ///< RocksDB's: evicts
  memtables,    ///< RocksDB's rows that are not in files yet: applying waits
  kept_back,    ///< rows that RocksDB does not have yet: written out
  staged,       ///< rows of replicas on their way here: written out
  row_cache,    ///< rows that were read a short while ago: overwritten
};
inline constexpr std::size_t consumer_count = 14;

struct Share {
  Consumer consumer;
  std::string_view name;
  std::uint64_t thousandths = 0;
  std::uint64_t most_bytes = 0;
};
/// By Consumer.
std::span<const Share> memory_shares();

/// By Consumer; bytes.
using MemoryUse = std::array<std::uint64_t, consumer_count>;

class MemoryBudget {
 public:
  /// Below this the largest request that is legal might never find room.
  static constexpr std::uint64_t least_bytes = std::uint64_t{512} << 20;
  /// For a machine (or container) with so much memory: a quarter, so that the page cache has most of the
  /// rest.
  static std::uint64_t of_machine(std::uint64_t memory_bytes);

  explicit MemoryBudget(std::uint64_t total_bytes);

  std::uint64_t total_bytes() const { return total_bytes_; }
  std::uint64_t of(Consumer consumer) const { return bounds_[static_cast<std::size_t>(consumer)]; }
  /// An operator's own bound instead of the share.
  void set(Consumer consumer, std::uint64_t bytes) { bounds_[static_cast<std::size_t>(consumer)] = bytes; }
  /// Every complaint at once; empty if all is well.
  std::vector<std::string> validate() const;

 private:
  std::uint64_t total_bytes_;
  MemoryUse bounds_{};
};

/// "512MiB", or the nearest below it.
std::string mebibytes_text(std::uint64_t bytes);

}  // namespace nodedb::app
