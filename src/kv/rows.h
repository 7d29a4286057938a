// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a vShard's data lies in its ordered key space. Numbers in keys are big-endian, so that byte order is
// number order; numbers in values are little-endian.
//
//   key                                         value
//   's'                                         keys u64, last_delete_index u64
//   'v' slot:2 hash:6 key                       modified_index u64, expire_at_ms i64, form u8, bytes
//   'x' expire_at_ms:8 slot:2 hash:6 key        empty
//
// slot is the Redis Cluster slot; hash the low 48 bits of SipHash-2-4 of the key under the key bytes 0…15.
// slot << 48 | hash is the key's position: scans walk positions, so a cursor is a plain number that means the
// same on every replica, and the keys of a slot or of a vShard are neighbours. Keys that share a position are
// never parted by a page. expire_at_ms is ms since the Unix epoch, 0 for never; the 'x' row exists exactly
// then when it is not 0. form is 1 for a string that was edited in place,
// 2 for the text of a float sum, else 0.
// modified_index is the log index of the entry that last changed the key: WATCH compares it.
// last_delete_index is that of the last entry that removed any key. The stats row is absent until the first
// key.

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace nodedb::kv::rows {

inline constexpr BytesView stats_key = "s";
inline constexpr BytesView values_begin = "v";
inline constexpr BytesView values_end = "w";
inline constexpr BytesView expiries_begin = "x";
inline constexpr BytesView expiries_end = "y";
inline constexpr std::uint64_t hash_mask = (std::uint64_t{1} << 48) - 1;

/// What OBJECT ENCODING may call the value: whatever fits it, always raw, or anything but an int.
enum class Form : std::uint8_t { natural = 0, edited = 1, text = 2 };

struct Stats {
  std::uint64_t keys = 0;
  std::uint64_t last_delete_index = 0;
  bool operator==(const Stats&) const = default;
};

/// A value row's value but for the key's own: so many first bytes of it tell.
struct Head {
  std::uint64_t modified_index = 0;
  std::int64_t expire_at_ms = 0;
  Form form = Form::natural;
};
inline constexpr std::size_t head_bytes = 8 + 8 + 1;

/// A value row's value, seen through the row's bytes.
struct Item {
  std::uint64_t modified_index = 0;
  std::int64_t expire_at_ms = 0;
  Form form = Form::natural;
  BytesView value;

  /// Rows whose time has come are absent for whoever looks at `now_ms`.
  bool due(std::int64_t now_ms) const { return expire_at_ms != 0 && expire_at_ms <= now_ms; }
  Head head() const { return {modified_index, expire_at_ms, form}; }
};

std::uint64_t position_of(BytesView key);
Bytes value_key(std::uint64_t position, BytesView key);
Bytes expiry_key(std::int64_t expire_at_ms, std::uint64_t position, BytesView key);
/// The first row key that a value row at `position` or later can have.
Bytes value_from(std::uint64_t position);

Bytes pack(const Item& item);
Bytes pack(const Stats& stats);
/// Nothing when the bytes are no such row: then the store is damaged, or holds another machine's data.
std::optional<Item> item_in(BytesView row);
std::optional<Stats> stats_in(BytesView row);

struct ValueKey {
  std::uint64_t position = 0;
  BytesView key;
};
struct ExpiryKey {
  std::int64_t expire_at_ms = 0;
  BytesView key;
};
/// Nothing when the row key is not of that kind: a cursor that has left the kind is at its end.
std::optional<ValueKey> value_key_in(BytesView row_key);
std::optional<ExpiryKey> expiry_key_in(BytesView row_key);

}  // namespace nodedb::kv::rows
