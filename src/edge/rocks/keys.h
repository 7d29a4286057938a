// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers in keys are big-endian, so that byte order is number order.

#include <cstdint>

#include "base/bytes.h"

namespace nodedb::edge {

template <class Unsigned>
void append_big(Bytes& out, Unsigned value) {
  for (std::size_t i = sizeof(Unsigned); i > 0; --i) {
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * (i - 1)) & 0xff));
  }
}

/// Pre: `bytes` holds at least sizeof(Unsigned) bytes from `offset` on.
template <class Unsigned>
Unsigned read_big(BytesView bytes, std::size_t offset = 0) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
  }
  return static_cast<Unsigned>(value);
}

}  // namespace nodedb::edge
