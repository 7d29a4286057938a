// SPDX-License-Identifier: Apache-2.0
#pragma once

// The few byte formats that kv's encodings are made of: LEB128 varints in the shortest form, length-prefixed
// strings, fixed little-endian numbers in values, and big-endian ones in row keys, where byte order is number
// order. `Reader` never reads past its input: once something is missing it stays failed.

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/endian.h"

namespace nodedb::kv {

inline void put_varint(Bytes& out, std::uint64_t n) {
  for (; n >= 0x80; n >>= 7) out.push_back(static_cast<char>(n | 0x80));
  out.push_back(static_cast<char>(n));
}

constexpr std::size_t varint_size(std::uint64_t n) {
  std::size_t size = 1;
  for (; n >= 0x80; n >>= 7) ++size;
  return size;
}

inline void put_string(Bytes& out, BytesView text) {
  put_varint(out, text.size());
  out.append(text);
}

inline void put_little(Bytes& out, std::uint64_t n) {
  append_number<std::endian::little>(out, n);
}

inline void put_big(Bytes& out, std::uint64_t n) {
  append_number<std::endian::big>(out, n);
}

/// Pre for both: at least 8 bytes.
inline std::uint64_t little_at(const char* bytes) {
  return number_at<std::endian::little, std::uint64_t>(bytes);
}
inline std::uint64_t big_at(const char* bytes) {
  return number_at<std::endian::big, std::uint64_t>(bytes);
}

class Reader {
 public:
  explicit Reader(BytesView bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  /// Everything was understood and nothing is left.
  bool done() const { return ok_ && rest_.empty(); }
  std::size_t left() const { return rest_.size(); }

  std::uint8_t byte() {
    if (!has(1)) return 0;
    const auto b = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return b;
  }

  std::uint64_t varint() {
    std::uint64_t n = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t b = byte();
      const bool last = (b & 0x80) == 0;
      // The tenth byte has room for one bit; a zero last byte would be a longer form of a shorter number.
      if (!ok_ || (shift == 63 && b > 1) || (last && b == 0 && shift > 0)) break;
      n |= std::uint64_t{b & 0x7fu} << shift;
      if (last) return n;
    }
    ok_ = false;
    return 0;
  }

  BytesView take(std::uint64_t size) {
    if (!has(size)) return {};
    const BytesView part = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(part.size());
    return part;
  }

  BytesView string() { return take(varint()); }

  std::uint64_t little() {
    const BytesView part = take(8);
    return ok_ ? little_at(part.data()) : 0;
  }

 private:
  bool has(std::uint64_t size) {
    if (size > rest_.size()) ok_ = false;
    return ok_;
  }

  BytesView rest_;
  bool ok_ = true;
};

}  // namespace nodedb::kv
