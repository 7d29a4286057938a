// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/state_view.h"

#include <array>
#include <cstring>
#include <utility>

#include "edge/rocks/database.h"
#include "wire/rows.h"

namespace nodedb::edge {

namespace {

constexpr std::size_t readahead_bytes = 512 * 1024;

/// A row key with its prefix in front, on the stack if it is short.
class FullKey {
 public:
  FullKey(BytesView prefix, BytesView key) {
    if (prefix.size() + key.size() > small_.size()) {
      large_.reserve(prefix.size() + key.size());
      large_.append(prefix).append(key);
      slice_ = large_;
      return;
    }
    std::memcpy(small_.data(), prefix.data(), prefix.size());
    if (!key.empty()) std::memcpy(small_.data() + prefix.size(), key.data(), key.size());
    slice_ = rocksdb::Slice(small_.data(), prefix.size() + key.size());
  }
  FullKey(const FullKey&) = delete;
  FullKey& operator=(const FullKey&) = delete;

  const rocksdb::Slice& slice() const { return slice_; }

 private:
  std::array<char, 256> small_;
  Bytes large_;
  rocksdb::Slice slice_;
};

class RocksCursor final : public Cursor {
 public:
  RocksCursor(rocksdb::DB& db, Trouble& trouble, Bytes end, const rocksdb::Slice& from)
      : trouble_(trouble), end_(std::move(end)), bound_(end_) {
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &bound_;
    at_.reset(db.NewIterator(options));
    at_->Seek(from);
    check();
  }

  bool valid() const override { return at_->Valid(); }
  void next() override {
    at_->Next();
    check();
  }
  BytesView key() const override { return at_->key().ToStringView().substr(prefix_bytes); }
  BytesView value() const override { return at_->value().ToStringView(); }

 private:
  void check() {
    if (!at_->Valid()) trouble_.note(at_->status());
  }

  Trouble& trouble_;
  Bytes end_;
  rocksdb::Slice bound_;  // RocksDB keeps a pointer to it
  std::unique_ptr<rocksdb::Iterator> at_;
};

class RocksView final : public View {
 public:
  RocksView(rocksdb::DB& db, Trouble& trouble, RowCache& cache, Generation generation)
      : db_(db),
        trouble_(trouble),
        cache_(cache),
        prefix_(prefix_of(generation)),
        end_(prefix_after(generation)) {}

  std::optional<Bytes> get(BytesView key) const override { return head(key, BytesView::npos); }

  std::optional<Bytes> head(BytesView key, std::size_t bytes_max) const override {
    const FullKey full(prefix_, key);
    if (const auto* known = cache_.find(full.slice().ToStringView(), bytes_max)) {
      if (!*known) return std::nullopt;
      return Bytes(BytesView(**known).substr(0, bytes_max));
    }
    rocksdb::PinnableSlice value;
    const auto status = db_.Get(rocksdb::ReadOptions(), db_.DefaultColumnFamily(), full.slice(), &value);
    if (!status.ok() && !status.IsNotFound()) {
      trouble_.note(status);
      return std::nullopt;
    }
    std::optional<BytesView> row;
    if (status.ok()) row = value.ToStringView();
    cache_.keep(full.slice().ToStringView(), row);
    if (!row) return std::nullopt;
    return Bytes(row->substr(0, bytes_max));
  }

  std::unique_ptr<Cursor> seek(BytesView from) const override {
    const FullKey full(prefix_, from);
    return std::make_unique<RocksCursor>(db_, trouble_, end_, full.slice());
  }

 private:
  rocksdb::DB& db_;
  Trouble& trouble_;
  RowCache& cache_;
  Bytes prefix_;
  Bytes end_;
};

class RocksSnapshot final : public node::StateSnapshot {
 public:
  RocksSnapshot(rocksdb::DB& db, std::string directory, Generation generation, raft::Position position)
      : db_(db),
        directory_(std::move(directory)),
        generation_(generation),
        position_(position),
        pinned_(db.GetSnapshot()),
        end_(prefix_after(generation)),
        bound_(end_) {}
  ~RocksSnapshot() override {
    at_.reset();
    db_.ReleaseSnapshot(pinned_);
  }

  raft::Position position() const override { return position_; }

  std::uint64_t bytes() const override { return approximate_bytes(db_, generation_); }

  Result<node::SnapshotRows> read(BytesView after, std::size_t bytes_max) override {
    if (!at_ || after != read_up_to_) seek(after);
    node::SnapshotRows out;
    out.rows.reserve(bytes_max + bytes_max / 4);  // the last row goes beyond
    for (; at_->Valid(); at_->Next()) {
      if (!out.rows.empty() && out.rows.size() >= bytes_max) break;
      const BytesView key = at_->key().ToStringView().substr(prefix_bytes);
      wire::append_row(out.rows, {key, at_->value().ToStringView()});
      out.last_key = key;
    }
    if (!at_->status().ok()) return std::unexpected(to_error(at_->status(), directory_));
    out.done = !at_->Valid();
    read_up_to_ = out.last_key;
    return out;
  }

 private:
  /// Behind `after`, or to the first row if it is empty.
  void seek(BytesView after) {
    rocksdb::ReadOptions options;
    options.snapshot = pinned_;
    options.iterate_upper_bound = &bound_;
    options.fill_cache = false;
    options.readahead_size = readahead_bytes;
    at_.reset(db_.NewIterator(options));
    const Bytes from = prefix_of(generation_).append(after);
    at_->Seek(from);
    if (!after.empty() && at_->Valid() && at_->key() == rocksdb::Slice(from)) at_->Next();
  }

  rocksdb::DB& db_;
  std::string directory_;
  Generation generation_;
  raft::Position position_;
  const rocksdb::Snapshot* pinned_;
  Bytes end_;
  rocksdb::Slice bound_;  // RocksDB keeps a pointer to it
  // One read goes on where the last one ended: to seek anew would read ahead anew.
  std::unique_ptr<rocksdb::Iterator> at_;
  Bytes read_up_to_;
};

}  // namespace

void Trouble::note(const rocksdb::Status& status) {
  if (!status.ok() && !error) error = to_error(status, directory);
}

std::uint64_t approximate_bytes(rocksdb::DB& db, Generation generation) {
  const Bytes from = prefix_of(generation), end = prefix_after(generation);
  const rocksdb::Range range(from, end);
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  std::uint64_t bytes = 0;
  const auto measured = db.GetApproximateSizes(options, db.DefaultColumnFamily(), &range, 1, &bytes);
  return measured.ok() ? bytes : 0;
}

std::unique_ptr<View> make_view(rocksdb::DB& db, Trouble& trouble, RowCache& cache, Generation generation) {
  return std::make_unique<RocksView>(db, trouble, cache, generation);
}

std::unique_ptr<node::StateSnapshot> make_snapshot(rocksdb::DB& db, const std::string& directory,
                                                   Generation generation, raft::Position position) {
  return std::make_unique<RocksSnapshot>(db, directory, generation, position);
}

}  // namespace nodedb::edge
