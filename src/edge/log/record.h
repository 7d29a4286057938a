// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a record of the log says: an identity, and updates of groups. Pure. Layout: docs/formats.md, section
// "The Raft log". Encoding appends to a buffer that its caller uses again and again.

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "node/store.h"

namespace nodedb::edge {

/// An update of a group; or, `restated`, something that holds already and is only said again: no truncation,
/// no destruction, and the entries take their places by index, with gaps around them.
struct LogItem {
  node::GroupLogUpdate update;
  bool restated = false;
};

struct LogRecord {
  std::optional<Bytes> identity;
  std::vector<LogItem> items;
};

/// What an encoded record begins with.
void begin_record(Bytes& out);
void append_identity(Bytes& out, BytesView identity);
/// Appends nothing for an update that says nothing.
void append_update(Bytes& out, const node::GroupLogUpdate& update, bool restated = false);

/// Errors: damaged, incompatible (a later version).
Result<LogRecord> decode_record(BytesView payload);

}  // namespace nodedb::edge
