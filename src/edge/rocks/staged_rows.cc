// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/staged_rows.h"

#include <rocksdb/env.h>
#include <rocksdb/sst_file_reader.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "edge/disk/files.h"
#include "edge/rocks/database.h"

namespace nodedb::edge {

namespace {

constexpr std::size_t table_bytes_max = 64u << 20;
/// What is copied goes to RocksDB in batches of about so much.
constexpr std::size_t copied_at_once_bytes = 256u << 10;

/// Puts each row behind `prefix`; stops at the first that `put` refuses. Pre: the rows parse.
template <class PutRow>
rocksdb::Status put_rows(const Bytes& prefix, BytesView rows, const PutRow& put) {
  wire::RowReader reader(rows);
  Bytes key;
  for (auto row = reader.next(); row && *row; row = reader.next()) {
    key.assign(prefix).append((*row)->key);
    if (auto done = put(key, (*row)->value); !done.ok()) return done;
  }
  return rocksdb::Status::OK();
}

}  // namespace

StagedRows::StagedRows(rocksdb::DB& db, std::shared_ptr<const Events> events, std::string directory,
                       std::size_t table_bytes_min, std::size_t bytes_max)
    : db_(db),
      events_(std::move(events)),
      options_(db.GetOptions()),
      directory_(std::move(directory)),
      table_bytes_min_(table_bytes_min),
      bytes_max_(bytes_max) {}

Result<void> StagedRows::clear() {
  std::error_code failed;
  std::filesystem::remove_all(directory_, failed);
  if (failed) return std::unexpected(system_error("remove", directory_, failed.value()));
  return make_directory(directory_);
}

Result<void> StagedRows::add(Generation to, BytesView rows) {
  Staged& staged = staged_[to.group.value];
  staged.generation = to;
  wire::RisingKeys keys = staged.keys;
  if (auto rising = keys.follow(rows); !rising) return rising;
  const bool share_used_up = staged.kept_bytes >= bytes_max_ / staged_.size();
  if (staged.table && (share_used_up || staged.kept_bytes >= table_bytes_max)) {
    if (auto done = finish_table(staged); !done) return done;
  }
  if (!staged.table && staged.kept_bytes >= table_bytes_min_) {
    if (auto done = open_table(staged); !done) return done;
  }
  if (staged.table) {
    if (auto done = append(staged, rows); !done) return done;
  }
  staged.keys = std::move(keys);
  staged.kept.emplace_back(rows);
  staged.kept_bytes += rows.size();
  bytes_ += rows.size();
  return {};
}

Result<void> StagedRows::append(Staged& staged, BytesView rows) {
  const auto done =
      put_rows(prefix_of(staged.generation), rows,
               [&staged](const Bytes& key, BytesView value) { return staged.table->Put(key, value); });
  if (!done.ok()) return drop_table(staged, done);
  return {};
}

Result<void> StagedRows::open_table(Staged& staged) {
  staged.table = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(options_), options_);
  staged.table_path = directory_ + "/" + std::to_string(++tables_made_) + ".sst";
  if (const auto opened = staged.table->Open(staged.table_path); !opened.ok())
    return drop_table(staged, opened);
  for (const Bytes& rows : staged.kept) {
    if (auto done = append(staged, rows); !done) return done;
  }
  return {};
}

Result<void> StagedRows::finish_table(Staged& staged) {
  if (const auto finished = staged.table->Finish(); !finished.ok()) return drop_table(staged, finished);
  staged.table.reset();
  staged.tables.push_back(std::move(staged.table_path));
  bytes_ -= staged.kept_bytes;
  staged.kept.clear();
  staged.kept_bytes = 0;
  return {};
}

/// Its rows are still kept: there will be another.
std::unexpected<Error> StagedRows::drop_table(Staged& staged, const rocksdb::Status& why) {
  staged.table.reset();
  remove(staged.table_path);
  return std::unexpected(to_error(why, directory_));
}

Result<void> StagedRows::hand_over(GroupId group, rocksdb::WriteBatch& batch) {
  const auto known = staged_.find(group.value);
  if (known == staged_.end()) return {};
  Staged& staged = known->second;
  if (staged.table) {
    if (auto done = finish_table(staged); !done) return done;
  }
  if (!staged.tables.empty()) {
    staged.handed_over = true;
    if (auto taken = events_->has_stopped() ? copy(staged) : ingest(staged); !taken) return taken;
    // Of a table that was moved nothing is left; one is copied where a file cannot have two names, too.
    for (const std::string& path : std::exchange(staged.tables, {})) remove(path);
  }
  for (const Bytes& rows : staged.kept) {
    put_rows(prefix_of(staged.generation), rows, [&batch](const Bytes& key, BytesView value) {
      return batch.Put(key, value);
    }).PermitUncheckedError();
  }
  return {};
}

Result<void> StagedRows::ingest(const Staged& staged) {
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  options.write_global_seqno = false;
  const auto taken = db_.IngestExternalFile(staged.tables, options);
  if (!taken.ok()) return std::unexpected(to_error(taken, directory_));
  return {};
}

Result<void> StagedRows::copy(const Staged& staged) {
  rocksdb::ReadOptions once;
  once.fill_cache = false;
  rocksdb::WriteBatch batch;
  const auto write = [&]() -> rocksdb::Status {
    const auto written = db_.Write(unlogged(), &batch);
    batch.Clear();
    return written;
  };
  for (const std::string& path : staged.tables) {
    rocksdb::SstFileReader reader(options_);
    rocksdb::Status status = reader.Open(path);
    if (!status.ok()) return std::unexpected(to_error(status, directory_));
    const std::unique_ptr<rocksdb::Iterator> at(reader.NewIterator(once));
    for (at->SeekToFirst(); at->Valid() && status.ok(); at->Next()) {
      status = batch.Put(at->key(), at->value());
      if (status.ok() && batch.GetDataSize() >= copied_at_once_bytes) status = write();
    }
    if (status.ok()) status = at->status();
    if (status.ok()) status = write();
    if (!status.ok()) return std::unexpected(to_error(status, directory_));
  }
  return {};
}

bool StagedRows::handed_over(GroupId group) const {
  const auto known = staged_.find(group.value);
  return known != staged_.end() && known->second.handed_over;
}

void StagedRows::forget(GroupId group) {
  const auto known = staged_.find(group.value);
  if (known == staged_.end()) return;
  Staged& staged = known->second;
  if (std::exchange(staged.table, nullptr)) remove(staged.table_path);
  for (const std::string& path : staged.tables) remove(path);
  bytes_ -= staged.kept_bytes;
  staged_.erase(known);
}

/// What is not removed takes room until the next start.
void StagedRows::remove(const std::string& path) {
  options_.env->DeleteFile(path).PermitUncheckedError();
}

}  // namespace nodedb::edge
