// SPDX-License-Identifier: Apache-2.0
#include "edge/log/log_store.h"

#include <sys/random.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "edge/disk/files.h"
#include "edge/log/cleaner.h"
#include "edge/log/log_index.h"
#include "edge/log/record.h"
#include "edge/log/replay.h"
#include "edge/log/segment_ring.h"

namespace nodedb::edge {

namespace {

/// Of the oldest segment, with each write while it is in the way: so much, or a multiple of what was written
/// last, so that it goes before as much again has come.
constexpr std::uint64_t clean_bytes_min = 256u << 10;
constexpr std::uint64_t clean_factor = 4;
/// A buffer that one large write has left is not kept.
constexpr std::size_t buffer_bytes_kept = 4u << 20;

std::uint64_t random_nonce() {
  std::uint64_t nonce = 0;
  CHECK(::getrandom(&nonce, sizeof(nonce), 0) == static_cast<ssize_t>(sizeof(nonce)));
  return nonce;
}

class Store final : public SegmentLogStore {
 public:
  Store(LogStoreOptions options, std::unique_ptr<SegmentFiles> files, SegmentRing ring, ReadLog& opened)
      : options_(std::move(options)),
        files_(std::move(files)),
        reserve_(options_.directory, options_.free_bytes_min),
        ring_(std::move(ring)),
        index_(std::move(opened.outcome.index)),
        sequence_(opened.end.sequence),
        read_(std::move(opened.outcome.log)) {
    if (opened.end.unfinished) {
      notice_ = "an unfinished write at the end of " + ring_.active().name +
                " is left out: it was never acknowledged";
    }
  }

  Result<void> write(std::span<const node::LogBatch> batches) override;
  Result<node::StoredLog> load() override;
  std::string notice() const override { return notice_; }

 private:
  std::uint64_t encode(std::span<const node::LogBatch> batches);
  Result<LogRecord> stragglers();
  void encode_restated(const LogRecord& record);
  Result<void> put_down();
  void account(const LogRecord& restated, std::span<const node::LogBatch> batches, RecordPlace place);
  void account_restated(const LogRecord& restated, RecordPlace place);
  Result<void> refused(Error error);

  LogStoreOptions options_;
  std::unique_ptr<SegmentFiles> files_;
  Reserve reserve_;
  SegmentRing ring_;
  LogIndex index_;
  std::optional<Cleaner> cleaner_;
  std::uint64_t sequence_;        ///< the next record's
  std::uint64_t last_bytes_ = 0;  ///< of the latest batches; what was restated with them does not count
  Bytes buffer_;
  std::optional<node::StoredLog>
      read_;                     ///< what was found on opening, until `load` takes it or a write changes it
  std::optional<Error> failed_;  ///< stays: the process must stop
  std::string notice_;
};

Result<void> Store::write(std::span<const node::LogBatch> batches) {
  if (failed_) return std::unexpected(*failed_);
  index_.check(batches);
  buffer_.assign(frame_head_bytes, '\0');
  begin_record(buffer_);
  const auto restated = stragglers();
  if (!restated) return refused(restated.error());
  encode_restated(*restated);
  const std::uint64_t bytes = encode(batches);
  if (bytes == 0) return {};
  if (auto room = reserve_.room_for(buffer_.size()); !room) return room;
  if (options_.bugs.early_reuse) account_restated(*restated, ring_.place());
  if (auto room = ring_.make_room(whole_sectors(buffer_.size()), index_); !room) return refused(room.error());
  const RecordPlace place = ring_.place();
  if (auto durable = put_down(); !durable) return refused(durable.error());
  account(*restated, batches, place);
  last_bytes_ = bytes;
  return {};
}

/// What is to be said again with this write, if the oldest segment is in the way.
Result<LogRecord> Store::stragglers() {
  if (!ring_.crowded(index_)) {
    cleaner_.reset();
    return LogRecord();
  }
  if (!cleaner_) cleaner_.emplace(options_.bugs);
  return cleaner_->next(files_->directory(), ring_.oldest(), index_,
                        std::max(clean_bytes_min, clean_factor * last_bytes_));
}

void Store::encode_restated(const LogRecord& record) {
  if (record.identity) append_identity(buffer_, *record.identity);
  for (const LogItem& item : record.items) {
    if (!options_.bugs.hard_state_left) {
      append_update(buffer_, item.update, true);
      continue;
    }
    node::GroupLogUpdate part = item.update;
    part.hard.reset();
    append_update(buffer_, part, true);
  }
}

/// How many bytes they take; 0 if they say nothing.
std::uint64_t Store::encode(std::span<const node::LogBatch> batches) {
  const std::size_t before = buffer_.size();
  for (const node::LogBatch& batch : batches) {
    if (batch.identity) append_identity(buffer_, *batch.identity);
    for (const node::GroupLogUpdate& update : batch.groups) append_update(buffer_, update);
  }
  return buffer_.size() - before;
}

Result<void> Store::put_down() {
  Segment& active = ring_.active();
  seal_frame(buffer_, sequence_, active.frame_seed(options_.bugs));
  if (auto written = active.file->write(ring_.offset(), buffer_); !written) return written;
  if (options_.bugs.unsynced_records) return {};
  return active.file->sync();
}

/// The record at `place` is durable.
void Store::account(const LogRecord& restated, std::span<const node::LogBatch> batches, RecordPlace place) {
  read_.reset();
  ring_.wrote(buffer_.size());
  ++sequence_;
  if (buffer_.capacity() > buffer_bytes_kept) buffer_ = Bytes();
  account_restated(restated, place);
  for (const node::LogBatch& batch : batches) {
    if (batch.identity) index_.place_identity(place, batch.identity->size());
    for (const node::GroupLogUpdate& update : batch.groups) index_.apply(update, place);
  }
}

void Store::account_restated(const LogRecord& restated, RecordPlace place) {
  if (restated.identity) index_.place_identity(place, restated.identity->size());
  for (const LogItem& item : restated.items) index_.restate(item.update, place);
  if (cleaner_) cleaner_->done();
}

Result<void> Store::refused(Error error) {
  if (error.code == Code::disk_full) return std::unexpected(std::move(error));
  failed_ = std::move(error);
  return std::unexpected(*failed_);
}

Result<node::StoredLog> Store::load() {
  if (failed_) return std::unexpected(*failed_);
  if (read_) return *std::exchange(read_, std::nullopt);
  auto opened = read_log(*files_, options_.bugs);
  if (!opened) return std::unexpected(opened.error());
  return std::move(opened->outcome.log);
}

/// What a killed process had written may not be durable yet, and the node will take it for durable.
Result<void> make_durable(const ReadLog& opened) {
  for (std::size_t i = opened.end.segment; i < opened.segments.size(); ++i) {
    if (auto synced = opened.segments[i].file->sync(); !synced) return synced;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<SegmentLogStore>> open_log_store(const LogStoreOptions& options,
                                                        std::unique_ptr<SegmentFiles> files) {
  auto opened = read_log(*files, options.bugs);
  if (!opened) return std::unexpected(opened.error());
  if (!options.bugs.unsynced_replay) {
    if (auto durable = make_durable(*opened); !durable) return std::unexpected(durable.error());
  }
  RingOptions ring_options{options.segment_bytes, options.nonce ? options.nonce : random_nonce, options.bugs};
  auto ring =
      SegmentRing::open(*files, std::move(ring_options), std::exchange(opened->segments, {}), opened->end);
  if (!ring) return std::unexpected(ring.error());
  return std::make_unique<Store>(options, std::move(files), std::move(*ring), *opened);
}

Result<std::unique_ptr<SegmentLogStore>> open_log_store(const LogStoreOptions& options) {
  const std::string directory = options.directory + "/log";
  if (auto made = make_directory(directory); !made) return std::unexpected(made.error());
  return open_log_store(options, system_files(directory, Access::read_write));
}

}  // namespace nodedb::edge
