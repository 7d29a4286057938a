// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/database.h"

#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <utility>

#include "edge/disk/damage.h"
#include "edge/rocks/state_store.h"

namespace nodedb::edge {

namespace {

constexpr double bloom_bits_per_key = 10;
constexpr int open_files_max = 256;
constexpr int background_jobs = 2;
constexpr std::uint64_t bytes_per_sync = 512 * 1024;

class Silence final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

bool says(const std::string& text, const char* words) {
  return text.find(words) != std::string::npos;
}

}  // namespace

rocksdb::Options database_options(rocksdb::Env* env, std::size_t write_buffer_bytes,
                                  std::shared_ptr<rocksdb::Cache> blocks) {
  rocksdb::Options options;
  if (env != nullptr) options.env = env;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  // Trouble is the caller's to handle: RocksDB must not go on by itself after a failed write.
  options.max_bgerror_resume_count = 0;
  options.info_log = std::make_shared<Silence>();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.max_background_jobs = background_jobs;
  // A table that is written back all at once keeps every other fsync of the disk waiting.
  options.bytes_per_sync = bytes_per_sync;
  options.max_open_files = open_files_max;
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = write_buffer_bytes;
  options.max_write_buffer_number = static_cast<int>(write_buffers_max);
  options.level_compaction_dynamic_level_bytes = true;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(blocks);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(bloom_bits_per_key));
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::WriteOptions unlogged() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return options;
}

Error to_error(const rocksdb::Status& status, const std::string& directory) {
  const std::string text = status.ToString();
  if (status.IsCorruption()) return damage(directory, text);
  // A stopped write carries the background error's words in a status of another kind.
  const bool full = status.IsNoSpace() || says(text, "No space left") || says(text, "Disk quota exceeded");
  const bool sync = says(text, "While fdatasync") || says(text, "While fsync") || says(text, "While sync");
  if (full && !sync) return Error{Code::disk_full, directory + ": " + text};
  return Error{Code::disk_failed, directory + ": " + text};
}

}  // namespace nodedb::edge
