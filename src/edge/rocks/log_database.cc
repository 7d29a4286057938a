// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/log_database.h"

#include <rocksdb/memtablerep.h>
#include <rocksdb/table.h>

#include <vector>

#include "edge/disk/files.h"
#include "edge/rocks/database.h"
#include "edge/rocks/wal_check.h"

namespace nodedb::edge {

namespace {

// Read once per start only.
constexpr std::size_t block_cache_bytes = 4u << 20;

rocksdb::Options options_for(const LogStoreOptions& wanted) {
  rocksdb::Options options = common_options(wanted.env);
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  // A recycled file's old records would look like whole records behind a torn one.
  options.recycle_log_file_num = 0;
  options.write_buffer_size = wanted.write_buffer_bytes;
  // Nothing is looked up while the log is written: rows are appended in memory and sorted when they go to
  // files.
  options.memtable_factory = std::make_shared<rocksdb::VectorRepFactory>();
  options.allow_concurrent_memtable_write = false;
  options.max_write_buffer_number = 3;
  options.max_total_wal_size = 4 * wanted.write_buffer_bytes;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(block_cache_bytes);
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

Result<std::unique_ptr<LogDatabase>> LogDatabase::open(const LogStoreOptions& wanted) {
  const std::string directory = wanted.directory + "/log";
  if (auto made = make_directory(directory); !made) return std::unexpected(made.error());
  const auto torn = cut_torn_tail(directory);
  if (!torn) return std::unexpected(torn.error());

  const rocksdb::Options options = options_for(wanted);
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {{rocksdb::kDefaultColumnFamilyName, options},
                                                                 {"rows", options}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, directory, families, &handles, &opened);
  if (!status.ok()) return std::unexpected(to_error(status, directory));
  std::unique_ptr<LogDatabase> database(new LogDatabase());
  database->db_.reset(opened);
  database->entries_ = handles[0];
  database->rows_ = handles[1];
  if (*torn) {
    database->notice_ = "cut " + std::to_string((*torn)->bytes) +
                        " bytes of an unfinished write off the end of " + (*torn)->path +
                        ": it was never acknowledged";
  }
  return database;
}

LogDatabase::~LogDatabase() {
  // What closing says is of no account: everything acknowledged is in the log file already.
  if (entries_ != nullptr) db_->DestroyColumnFamilyHandle(entries_).PermitUncheckedError();
  if (rows_ != nullptr) db_->DestroyColumnFamilyHandle(rows_).PermitUncheckedError();
}

}  // namespace nodedb::edge
