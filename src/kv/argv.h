// SPDX-License-Identifier: Apache-2.0
#pragma once

// A command as bytes: what a log entry or a read carries to the key-value machine. Layout: one kind byte,
// then
//   1 single       words
//   2 transaction  varint count, watches; varint count, words of each command
//   3 purge        nothing
// words = varint count (>= 1), then each word as varint length and bytes. A watch = key (length, bytes), one
// byte present (0 or 1), token u64 little-endian. Varints are LEB128 in the shortest form; nothing may
// follow. A new layout gets a new kind byte. Decoding gives views into the input, checks every bound of
// base/limits.h and never throws.

#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "kv/command.h"

namespace nodedb::kv {

/// A key that must not have changed since it was looked at. `token` is the applied index at that time.
struct Watch {
  BytesView key;
  bool present = false;
  Index token;
  bool operator==(const Watch&) const = default;
};

/// Commands that run as one entry, in order, if no watched key has changed.
struct Transaction {
  std::vector<Watch> watches;
  std::vector<Argv> commands;
  bool operator==(const Transaction&) const = default;
};

/// Maintenance: drop keys whose time has come by the entry's own stamp.
struct Purge {
  bool operator==(const Purge&) const = default;
};

using Command = std::variant<Argv, Transaction, Purge>;

Bytes encode(const Argv& argv);
Bytes encode(const Transaction& transaction);
Bytes encode(const Purge& purge);

/// Errors: malformed, too_large, incompatible (an unknown kind). The views point into `bytes`.
Result<Command> decode(BytesView bytes);

}  // namespace nodedb::kv
