// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rows of a snapshot chunk: u32 key length, u32 value length, key, value; again until the end. No count,
// no checksum: SnapshotChunk carries both a chunk's and the chain's.

#include <optional>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::wire {

struct Row {
  BytesView key;
  BytesView value;
  bool operator==(const Row&) const = default;
};

/// What `append_row` will add.
constexpr std::size_t row_bytes(const Row& row) {
  return 8 + row.key.size() + row.value.size();
}
/// Pre: key and value below 4 GiB each.
void append_row(Bytes& rows, const Row& row);

/// Walks a chunk's rows; they are views into it.
class RowReader {
 public:
  explicit RowReader(BytesView rows) : rest_(rows) {}
  /// Nothing at the end. Errors: malformed, which stays.
  Result<std::optional<Row>> next();

 private:
  BytesView rest_;
};

/// Keys that rise from row to row and from chunk to chunk.
class RisingKeys {
 public:
  /// The next chunk. Errors: malformed, if its rows are or their keys do not rise; then it does not count.
  Result<void> follow(BytesView rows);

 private:
  Bytes last_;
  bool any_ = false;
};

}  // namespace nodedb::wire
