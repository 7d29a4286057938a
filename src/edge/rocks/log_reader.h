// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads a whole stored log back and checks it: each record's own checksum and place, no gap, nothing outside
// of what the groups' rows say. Also the keys under which it lies.

#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "edge/rocks/keys.h"
#include "edge/rocks/log_database.h"
#include "node/store.h"

namespace nodedb::edge {

/// First byte of a key of the column family "rows".
enum class RowKind : char { base = 'b', counter = 'c', hard = 'h', identity = 'i' };

inline Bytes entry_key(GroupId group, Index index) {
  Bytes key;
  append_big(key, group.value);
  append_big(key, index.value);
  return key;
}
inline Bytes row_key(RowKind kind) {
  return Bytes(1, static_cast<char>(kind));
}
inline Bytes row_key(RowKind kind, GroupId group) {
  Bytes key(1, static_cast<char>(kind));
  append_big(key, group.value);
  return key;
}

/// How many batches have been written in all: tells whether a refused batch is there after all.
Bytes encode_counter(std::uint64_t count);
/// 0 for a new database. Errors: damaged, disk_failed.
Result<std::uint64_t> read_counter(LogDatabase& database, const std::string& directory);

/// Errors: damaged (naming directory, group and index, and what to do), incompatible, disk_failed.
Result<node::StoredLog> read_log(LogDatabase& database, const std::string& directory);

}  // namespace nodedb::edge
