// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/log_store.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
#include "edge/rocks/database.h"
#include "edge/rocks/log_database.h"
#include "edge/rocks/log_reader.h"
#include "wire/log_record.h"

namespace nodedb::edge {

namespace {

/// A range tombstone costs more than a few single ones.
constexpr std::uint64_t single_deletes_max = 16;
/// Range tombstones in memory before they are flushed away.
constexpr std::size_t tombstones_max = 1024;
/// What a batch takes on disk beyond its own bytes: record headers, a new log file, a manifest record.
constexpr std::uint64_t write_overhead_bytes = 64 * 1024;

/// The indexes that a stored group holds: (base, last].
struct Extent {
  Index base;
  Index last;
};
/// What a batch makes of the groups that it touches; nothing for a destroyed one.
using Extents = std::map<GroupId, std::optional<Extent>>;

class Store final : public RocksLogStore {
 public:
  Store(LogStoreOptions options, std::unique_ptr<LogDatabase> database)
      : options_(std::move(options)),
        directory_(options_.directory + "/log"),
        reserve_(options_.directory, options_.reserve),
        database_(std::move(database)),
        notice_(database_->notice()) {}

  Result<void> write(std::span<const node::LogBatch> batches) override;
  Result<node::StoredLog> load() override;
  std::string notice() const override { return notice_; }

 private:
  std::optional<Extent>& extent(Extents& touched, GroupId group);
  void drop(rocksdb::WriteBatch& batch, GroupId group, Index first, Index last);
  void add(rocksdb::WriteBatch& batch, Extents& touched, const node::GroupLogUpdate& update);
  void add_destroy(rocksdb::WriteBatch& batch, Extents& touched, GroupId group);
  Result<void> ready();
  Result<void> refused(const rocksdb::Status& status);
  std::unexpected<Error> stopped(Error error);
  void bound_tombstones();

  LogStoreOptions options_;
  std::string directory_;
  Reserve reserve_;
  std::unique_ptr<LogDatabase> database_;  // null while the disk is full and it waits to be opened again
  std::string notice_;
  std::optional<Error> failed_;  // stays: the process must stop
  bool loaded_ = false;
  std::map<GroupId, Extent> extents_;
  std::uint64_t batches_written_ = 0;
  std::size_t tombstones_ = 0;
};

std::optional<Extent>& Store::extent(Extents& touched, GroupId group) {
  const auto [place, fresh] = touched.try_emplace(group);
  if (fresh) {
    if (const auto known = extents_.find(group); known != extents_.end()) place->second = known->second;
  }
  return place->second;
}

void Store::drop(rocksdb::WriteBatch& batch, GroupId group, Index first, Index last) {
  if (first > last) return;
  if (last.value - first.value < single_deletes_max) {
    for (Index at = first; at <= last; ++at) batch.Delete(database_->entries(), entry_key(group, at));
    return;
  }
  batch.DeleteRange(database_->entries(), entry_key(group, first), entry_key(group, last + 1));
  ++tombstones_;
}

void Store::add_destroy(rocksdb::WriteBatch& batch, Extents& touched, GroupId group) {
  std::optional<Extent>& held = extent(touched, group);
  if (held) drop(batch, group, held->base + 1, held->last);
  batch.Delete(database_->rows(), row_key(RowKind::base, group));
  batch.Delete(database_->rows(), row_key(RowKind::hard, group));
  held = std::nullopt;
}

void Store::add(rocksdb::WriteBatch& batch, Extents& touched, const node::GroupLogUpdate& update) {
  const GroupId group = update.group;
  if (update.destroy) return add_destroy(batch, touched, group);
  std::optional<Extent>& place = extent(touched, group);
  if (!place && update.base) place = Extent{update.base->at.index, update.base->at.index};
  CHECK_MSG(place.has_value(), "a group is created by its base");
  Extent& held = *place;
  if (update.hard) {
    batch.Put(database_->rows(), row_key(RowKind::hard, group), wire::encode_hard_state(group, *update.hard));
  }
  if (update.truncate_from && *update.truncate_from <= held.last) {
    CHECK_MSG(*update.truncate_from > held.base, "what is compacted is committed and never truncated (R3)");
    drop(batch, group, *update.truncate_from, held.last);
    held.last = *update.truncate_from - 1;
  }
  if (update.base) {
    const Index base = update.base->at.index;
    CHECK_MSG(base >= held.base, "a log's base only rises");
    drop(batch, group, held.base + 1, std::min(base, held.last));
    held = Extent{base, std::max(base, held.last)};
    batch.Put(database_->rows(), row_key(RowKind::base, group),
              wire::encode_log_base(group, {update.base->at, update.base->config}));
  }
  for (const raft::Entry& entry : update.append) {
    CHECK_MSG(entry.index == held.last + 1, "a log has no gaps (R2)");
    batch.Put(database_->entries(), entry_key(group, entry.index), wire::encode_entry(group, entry));
    held.last = entry.index;
  }
}

Result<void> Store::write(std::span<const node::LogBatch> batches) {
  if (auto usable = ready(); !usable) return usable;
  const std::size_t tombstones_before = tombstones_;
  rocksdb::WriteBatch batch;
  Extents touched;
  for (const node::LogBatch& part : batches) {
    if (part.identity) batch.Put(database_->rows(), row_key(RowKind::identity), *part.identity);
    for (const node::GroupLogUpdate& update : part.groups) add(batch, touched, update);
  }
  if (batch.Count() == 0) return {};
  batch.Put(database_->rows(), row_key(RowKind::counter), encode_counter(batches_written_ + 1));
  if (auto room = reserve_.room_for(batch.GetDataSize() + write_overhead_bytes); !room) {
    tombstones_ = tombstones_before;
    return room;
  }
  rocksdb::WriteOptions durably;
  durably.sync = true;
  const rocksdb::Status status = database_->db().Write(durably, &batch);
  if (!status.ok()) {
    tombstones_ = tombstones_before;
    return refused(status);
  }
  ++batches_written_;
  for (const auto& [group, held] : touched) {
    if (held) {
      extents_[group] = *held;
    } else {
      extents_.erase(group);
    }
  }
  bound_tombstones();
  return {};
}

/// Open, loaded and not failed.
Result<void> Store::ready() {
  if (failed_) return std::unexpected(*failed_);
  if (!database_) {
    if (auto room = reserve_.room_for(2 * options_.write_buffer_bytes); !room) return room;
    auto opened = LogDatabase::open(options_);
    if (!opened && opened.error().code == Code::disk_full) return std::unexpected(opened.error());
    if (!opened) return stopped(opened.error());
    database_ = std::move(*opened);
    const auto counter = read_counter(*database_, directory_);
    if (!counter) return stopped(counter.error());
    if (*counter != batches_written_) {
      return stopped({Code::disk_failed, directory_ + " holds a write that was refused for lack of room"});
    }
  }
  reserve_.build_ballast();
  if (loaded_) return {};
  const auto all = load();
  if (!all) return std::unexpected(all.error());
  return {};
}

Result<void> Store::refused(const rocksdb::Status& status) {
  Error error = to_error(status, directory_);
  if (error.code != Code::disk_full) return stopped(std::move(error));
  reserve_.drop_ballast();
  database_.reset();
  return std::unexpected(std::move(error));
}

std::unexpected<Error> Store::stopped(Error error) {
  failed_ = std::move(error);
  return std::unexpected(*failed_);
}

void Store::bound_tombstones() {
  if (tombstones_ < tombstones_max) return;
  tombstones_ = 0;
  rocksdb::FlushOptions soon;
  soon.wait = false;
  soon.allow_write_stall = true;
  // Trouble with it shows at the next write.
  database_->db().Flush(soon, database_->entries()).PermitUncheckedError();
}

Result<node::StoredLog> Store::load() {
  if (failed_) return std::unexpected(*failed_);
  if (!database_) return fail(Code::disk_full, directory_ + " waits for room");
  auto log = read_log(*database_, directory_);
  if (!log) return stopped(log.error());
  const auto counter = read_counter(*database_, directory_);
  if (!counter) return stopped(counter.error());
  batches_written_ = *counter;
  extents_.clear();
  for (const node::StoredGroup& group : log->groups) {
    const Index base = group.base.at.index;
    extents_[group.group] = Extent{base, base + group.log.size()};
  }
  loaded_ = true;
  reserve_.build_ballast();
  return log;
}

}  // namespace

Result<std::unique_ptr<RocksLogStore>> open_log_store(const LogStoreOptions& options) {
  auto database = LogDatabase::open(options);
  if (!database) return std::unexpected(database.error());
  return std::make_unique<Store>(options, std::move(*database));
}

}  // namespace nodedb::edge
