// SPDX-License-Identifier: Apache-2.0
#pragma once

// Appends values to a buffer of the caller's in the formats that wire/reader.h reads: fixed-width numbers
// little-endian, `varint` as LEB128 in its shortest form, byte strings behind a varint length. Never fails.

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace nodedb::wire {

constexpr std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

class Writer {
 public:
  /// `out` must outlive the writer; what it holds already stays in front.
  explicit Writer(Bytes& out) : out_(out) {}

  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void boolean(bool value) { u8(value ? 1 : 0); }
  void u16(std::uint16_t value) { fixed(value); }
  void u32(std::uint32_t value) { fixed(value); }
  void u64(std::uint64_t value) { fixed(value); }
  void i64(std::int64_t value) { fixed(static_cast<std::uint64_t>(value)); }

  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
    out_.push_back(static_cast<char>(value));
  }

  /// Length, then the bytes.
  void bytes(BytesView value) {
    varint(value.size());
    out_.append(value);
  }
  /// As `bytes`, cut to `size_max`: for texts that are only for people.
  void text(BytesView value, std::size_t size_max) { bytes(value.substr(0, size_max)); }
  /// The bytes alone.
  void raw(BytesView value) { out_.append(value); }

 private:
  template <class Unsigned>
  void fixed(Unsigned value) {
    std::array<char, sizeof(Unsigned)> little;
    for (std::size_t i = 0; i < little.size(); ++i) {
      little[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff);
    }
    out_.append(little.data(), little.size());
  }

  Bytes& out_;
};

}  // namespace nodedb::wire
