// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a command answers: a small tree in the terms of the Redis protocol, which the edge renders as RESP2 or
// RESP3. The machine encodes it, nodes forward the bytes, the gateway decodes. Encoding: one kind byte, then
//   null, null_array  nothing
//   simple, error, bulk  varint length, bytes
//   integer           zigzag varint
//   array             varint count, elements
//   map               varint count of pairs, then key, value, key, value…
//   real              the double's bits, u64 little-endian
//   boolean           one byte, 0 or 1
// Decoding checks bounds, depth and the number of elements (base/limits.h) and never throws.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::kv {

struct Reply {
  enum class Kind : std::uint8_t {
    null,        ///< RESP2 "$-1"
    null_array,  ///< RESP2 "*-1" (EXEC whose watch failed); the same as null in RESP3
    simple,
    error,  ///< `text` is the whole line, code first: "ERR no such key"
    integer,
    bulk,
    array,
    map,  ///< `items` alternates keys and values; RESP2 shows it as a flat array
    real,
    boolean,
  };

  Kind kind = Kind::null;
  std::int64_t number = 0;  ///< integer, and boolean as 0 or 1
  double real = 0;
  Bytes text;  ///< simple, error, bulk
  /// A bulk made for reading, which RESP3 marks. Only the edge makes such ones: `encode` leaves it out.
  bool readable = false;
  std::vector<Reply> items;

  bool operator==(const Reply&) const = default;
  bool is_error() const { return kind == Kind::error; }

  static Reply null() { return {}; }
  static Reply null_array() { return of(Kind::null_array); }
  static Reply ok() { return simple("OK"); }
  static Reply simple(std::string_view text);
  /// Line breaks become blanks: an error is one line of the protocol.
  static Reply error(std::string_view text);
  static Reply error(const Error& error) { return Reply::error(std::string_view(error.detail)); }
  static Reply integer(std::int64_t number);
  static Reply bulk(Bytes text);
  static Reply verbatim(Bytes text);
  static Reply array(std::vector<Reply> items = {});
  /// Pre: an even number of items.
  static Reply map(std::vector<Reply> items);
  static Reply from_real(double real);
  static Reply boolean(bool truth);

 private:
  static Reply of(Kind kind);
};

Bytes encode(const Reply& reply);
/// Errors: malformed, too_large.
Result<Reply> decode_reply(BytesView bytes);

}  // namespace nodedb::kv
