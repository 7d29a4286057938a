// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads of one generation of one group: the view that the state machine sees, and the pinned snapshot that a
// transfer reads. Neither outlives the store. A failed read is kept in the store's `Trouble`, for a view
// cannot answer with an error.

#include <rocksdb/db.h>

#include <memory>
#include <optional>
#include <string>

#include "edge/rocks/row_cache.h"
#include "edge/rocks/state_meta.h"
#include "node/store.h"

namespace nodedb::edge {

/// The first failed read; stays.
struct Trouble {
  std::string directory;
  std::optional<Error> error;

  void note(const rocksdb::Status& status);
};

/// Of the rows in files and in RocksDB's memory; 0 if it cannot say.
std::uint64_t approximate_bytes(rocksdb::DB& db, Generation generation);

/// A view that lies elsewhere, and outlives this one.
class SharedView final : public View {
 public:
  explicit SharedView(const View& view) : view_(view) {}
  std::optional<Bytes> get(BytesView key) const override { return view_.get(key); }
  std::optional<Bytes> head(BytesView key, std::size_t bytes_max) const override {
    return view_.head(key, bytes_max);
  }
  std::unique_ptr<Cursor> seek(BytesView from) const override { return view_.seek(from); }

 private:
  const View& view_;
};

std::unique_ptr<View> make_view(rocksdb::DB& db, Trouble& trouble, RowCache& cache, Generation generation);
std::unique_ptr<node::StateSnapshot> make_snapshot(rocksdb::DB& db, const std::string& directory,
                                                   Generation generation, raft::Position position);

}  // namespace nodedb::edge
