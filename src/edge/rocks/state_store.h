// SPDX-License-Identifier: Apache-2.0
#pragma once

// node::StateStore over a RocksDB of its own in DIR/state, without a write-ahead log: the Raft log is its
// journal. One column family and one RocksDB batch for a group's rows and its position, so that what a crash
// leaves of a group is what some prefix of its updates made (rule R5). Owned by the apply thread.
//
// Updates are kept back in memory, and a group's go to RocksDB together: a row that changes with each write,
// as sessions do, is written once for many of them, and rows arrive there in their order. A flush of all
// leaves those kept back that have come since the flush before it.
//
// A full disk: a flush answers disk_full once RocksDB cannot write its files; the others too once its memory
// is full. Nothing is lost meanwhile; calls work again once there is room and RocksDB has noticed (it looks
// every few seconds). After disk_failed or damaged nothing more goes to RocksDB.

#include <atomic>
#include <memory>
#include <string>

#include "node/store.h"

namespace rocksdb {
class Env;
}

namespace nodedb::edge {

/// What a store holds, told by it now and then; any thread reads.
struct StateMemory {
  std::atomic<std::size_t> block_cache_bytes = 0;
  std::atomic<std::size_t> memtable_bytes = 0;
  std::atomic<std::size_t> kept_back_bytes = 0;
  std::atomic<std::size_t> staged_bytes = 0;
  std::atomic<std::size_t> row_cache_bytes = 0;
};

/// Of RocksDB, at most.
inline constexpr std::size_t write_buffers_max = 3;

struct StateStoreOptions {
  std::string directory;                      ///< the data directory, DIR; exists
  std::size_t block_cache_bytes = 64u << 20;  ///< memory for data read from files; speed only
  std::size_t write_buffer_bytes =
      32u << 20;  ///< memory, three times at most, for what is not flushed yet; speed only
  /// Kept back in all, and of one group; memory and speed only.
  std::size_t kept_back_bytes = 32u << 20;
  std::size_t kept_back_group_bytes = 512u << 10;
  std::size_t table_bytes_min = 1u << 20;   ///< fewer rows on their way here get no table; speed only
  std::size_t staged_bytes = 32u << 20;     ///< rows on their way here, about (staged_rows.h); speed only
  std::size_t row_cache_bytes = 40u << 20;  ///< small rows that were read (row_cache.h); speed only
  /// For a look at a stopped node's: nothing in the directory changes, what is written stays in memory. Only
  /// to be read and written; the rest answers with an error.
  bool read_only = false;
  StateMemory* memory = nullptr;  ///< null: nobody asks; must outlive the store
  rocksdb::Env* env = nullptr;    ///< for fault tests; must outlive the store
};

/// Errors: damaged, disk_full, disk_failed.
Result<std::unique_ptr<node::StateStore>> open_state_store(const StateStoreOptions& options);

}  // namespace nodedb::edge
