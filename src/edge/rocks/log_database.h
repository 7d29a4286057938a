// SPDX-License-Identifier: Apache-2.0
#pragma once

// The log store's RocksDB: opening with all checks, closing, and the two column families. Entries and the
// groups' own rows are apart, so that reading the rows does not wade through what compaction has dropped.

#include <rocksdb/db.h>

#include <memory>
#include <string>

#include "base/error.h"
#include "edge/rocks/log_store.h"

namespace nodedb::edge {

class LogDatabase {
 public:
  /// Cuts a torn tail first. Errors: damaged, disk_full, disk_failed.
  static Result<std::unique_ptr<LogDatabase>> open(const LogStoreOptions& options);
  ~LogDatabase();
  LogDatabase(const LogDatabase&) = delete;
  LogDatabase& operator=(const LogDatabase&) = delete;

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* entries() { return entries_; }
  rocksdb::ColumnFamilyHandle* rows() { return rows_; }
  const std::string& notice() const { return notice_; }

 private:
  LogDatabase() = default;

  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* entries_ = nullptr;  // owned by db_, given back before it closes
  rocksdb::ColumnFamilyHandle* rows_ = nullptr;
  std::string notice_;
};

}  // namespace nodedb::edge
