// SPDX-License-Identifier: Apache-2.0
#pragma once

// Appends values to a buffer of the caller's in the formats that wire/reader.h reads: fixed-width numbers
// little-endian, `varint` as LEB128 in its shortest form, byte strings behind a varint length. Never fails.

#include <cstdint>

#include "base/bytes.h"
#include "base/endian.h"
#include "wire/frame.h"

namespace nodedb::wire {

constexpr std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

/// Below this, to copy costs less than to share.
inline constexpr std::size_t large_bytes_min = 2 * 1024;

/// Of a message's bytes: all, or those that are not shared.
enum class Counted : std::uint8_t { all, copied };
/// What the bytes of a Blob count for.
inline std::size_t blob_bytes(const Blob& blob, Counted counted) {
  return counted == Counted::copied && blob.size() >= large_bytes_min ? 0 : blob.size();
}

class Writer {
 public:
  /// `out` must outlive the writer; what it holds already stays in front.
  explicit Writer(Bytes& out) : out_(out) {}
  explicit Writer(EncodedMessage& out) : out_(out.payload), large_(&out.large) {}

  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void boolean(bool value) { u8(value ? 1 : 0); }
  void u16(std::uint16_t value) { fixed(value); }
  void u32(std::uint32_t value) { fixed(value); }
  void u64(std::uint64_t value) { fixed(value); }
  void i64(std::int64_t value) { fixed(static_cast<std::uint64_t>(value)); }

  void varint(std::uint64_t value) {
    // Most numbers are small.
    if (value < 0x80) return out_.push_back(static_cast<char>(value));
    extend(out_, varint_size(value), [value](char* at) {
      std::uint64_t rest = value;
      for (; rest >= 0x80; rest >>= 7) *at++ = static_cast<char>(rest | 0x80);
      *at = static_cast<char>(rest);
    });
  }

  /// Length, then the bytes.
  void bytes(BytesView value) {
    varint(value.size());
    out_.append(value);
  }
  /// As `bytes`; a message shares it instead if it is large.
  void blob(const Blob& value) {
    if (large_ == nullptr || value.size() < large_bytes_min) return bytes(value.view());
    varint(value.size());
    large_->push_back({out_.size(), value});
  }
  /// As `bytes`, cut to `size_max`: for texts that are only for people.
  void text(BytesView value, std::size_t size_max) { bytes(value.substr(0, size_max)); }
  /// The bytes alone.
  void raw(BytesView value) { out_.append(value); }

 private:
  template <class Unsigned>
  void fixed(Unsigned value) {
    append_number<std::endian::little>(out_, value);
  }

  Bytes& out_;
  std::vector<EncodedMessage::Large>* large_ = nullptr;
};

}  // namespace nodedb::wire
