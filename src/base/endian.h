// SPDX-License-Identifier: Apache-2.0
#pragma once

// Unsigned numbers as bytes whose order does not depend on the machine: little-endian in values, big-endian
// in keys, where byte order is number order. No loops: compilers make a load or a store of each.

#include <bit>
#include <concepts>
#include <cstring>

#include "base/bytes.h"

namespace nodedb {

/// Its own inverse: the machine's order to that order, and back.
template <std::endian Order, std::unsigned_integral Unsigned>
constexpr Unsigned reordered(Unsigned value) {
  return Order == std::endian::native ? value : std::byteswap(value);
}

/// Pre: there is room for sizeof(Unsigned) bytes.
template <std::endian Order, std::unsigned_integral Unsigned>
void put_number(char* bytes, Unsigned value) {
  const Unsigned stored = reordered<Order>(value);
  std::memcpy(bytes, &stored, sizeof(stored));
}

template <std::endian Order, std::unsigned_integral Unsigned>
void append_number(Bytes& out, Unsigned value) {
  extend(out, sizeof(value), [&](char* bytes) { put_number<Order>(bytes, value); });
}

/// Pre: at least sizeof(Unsigned) bytes.
template <std::endian Order, std::unsigned_integral Unsigned>
Unsigned number_at(const char* bytes) {
  Unsigned value;
  std::memcpy(&value, bytes, sizeof(value));
  return reordered<Order>(value);
}

}  // namespace nodedb
