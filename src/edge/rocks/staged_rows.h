// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows of replicas that are on their way here, until they are installed. Few of them wait in memory and go to
// RocksDB in the batch of their install. Many are written as tables of its format under DIR/state/staged,
// which it takes over as they are: they pass neither its memory nor its compactions
// (docs/decisions/031-a-copy-comes-as-tables.md). Owned by the apply thread.

#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/write_batch.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "edge/rocks/events.h"
#include "edge/rocks/state_meta.h"
#include "wire/rows.h"

namespace nodedb::edge {

class StagedRows {
 public:
  /// A group's rows go to a table once there are `table_bytes_min`: below, a file, its sync and its place
  /// among the open ones do not pay. They are kept in memory until the table is whole, so that a full disk
  /// costs nothing: of all groups together about `bytes_max`.
  StagedRows(rocksdb::DB& db, std::shared_ptr<const Events> events, std::string directory,
             std::size_t table_bytes_min, std::size_t bytes_max);

  /// Removes whatever a life before this one left. Pre: nothing was staged yet. Errors: disk_failed.
  Result<void> clear();

  /// Appends rows (wire/rows.h), which rise from call to call. Errors: malformed; disk_full, after which the
  /// same rows may be given again; disk_failed.
  Result<void> add(Generation to, BytesView rows);
  /// Into RocksDB, or into `batch`, so that its commit completes them. Errors: disk_full (call again, with
  /// another batch), disk_failed.
  Result<void> hand_over(GroupId group, rocksdb::WriteBatch& batch);
  /// Some rows are in RocksDB already, whose batch has not been committed.
  bool handed_over(GroupId group) const;
  /// Nothing is staged any more.
  void forget(GroupId group);

  std::size_t bytes() const { return bytes_; }

 private:
  struct Staged {
    Generation generation;
    wire::RisingKeys keys;
    std::vector<Bytes> kept;  ///< rows that are in no finished table
    std::size_t kept_bytes = 0;
    std::unique_ptr<rocksdb::SstFileWriter> table;  ///< holds all of `kept`; null: none of it
    std::string table_path;
    std::vector<std::string> tables;  ///< finished, keys rising
    bool handed_over = false;         ///< some may be in RocksDB
  };

  Result<void> append(Staged& staged, BytesView rows);
  Result<void> open_table(Staged& staged);
  Result<void> finish_table(Staged& staged);
  std::unexpected<Error> drop_table(Staged& staged, const rocksdb::Status& why);
  Result<void> ingest(const Staged& staged);
  /// Row by row: after a full disk RocksDB takes over no table in this life, but fails an assertion (7.8.3
  /// goes on holding itself for stopped).
  Result<void> copy(const Staged& staged);
  void remove(const std::string& path);

  rocksdb::DB& db_;
  std::shared_ptr<const Events> events_;
  rocksdb::Options options_;
  std::string directory_;
  std::size_t table_bytes_min_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;  ///< of all that is kept
  std::uint64_t tables_made_ = 0;
  std::unordered_map<std::uint32_t, Staged> staged_;  ///< by group
};

}  // namespace nodedb::edge
