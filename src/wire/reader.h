// SPDX-License-Identifier: Apache-2.0
#pragma once

// Takes values off untrusted bytes. Never reads past the end, never throws, never allocates more than what
// is really there. The first trouble sticks: from then on every call answers zero or empty, so a decoder may
// read a whole struct and ask `ok()` once, but must ask before it trusts a count to loop over.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/error.h"

namespace nodedb::wire {

class Reader {
 public:
  explicit Reader(BytesView bytes) : all_(bytes) {}
  /// `blob()` will share this buffer instead of copying. `source` must outlive the reader.
  explicit Reader(const Blob& source) : all_(source.view()), source_(&source) {}

  bool ok() const { return !bad_; }
  bool at_end() const { return at_ == all_.size(); }
  std::size_t left() const { return all_.size() - at_; }

  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint16_t u16() { return fixed<std::uint16_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  /// 0 or 1; anything else is malformed.
  bool boolean();
  /// LEB128 in its shortest form, at most `value_max`.
  std::uint64_t varint(std::uint64_t value_max = std::numeric_limits<std::uint64_t>::max()) {
    // Most numbers are small.
    if (ok() && !at_end()) {
      const auto first = static_cast<unsigned char>(all_[at_]);
      if (first < 0x80 && first <= value_max) {
        ++at_;
        return first;
      }
    }
    return long_varint(value_max);
  }
  std::uint32_t varint32() {
    return static_cast<std::uint32_t>(varint(std::numeric_limits<std::uint32_t>::max()));
  }

  /// A varint length, then so many bytes. Over the cap: too_large.
  BytesView bytes(std::size_t size_max = std::numeric_limits<std::size_t>::max());
  std::string text(std::size_t size_max) { return std::string(bytes(size_max)); }
  Blob blob(std::size_t size_max = std::numeric_limits<std::size_t>::max());
  /// Exactly `size` bytes.
  BytesView raw(std::size_t size) {
    if (bad_ || size > left()) return short_of();
    const BytesView part = all_.substr(at_, size);
    at_ += size;
    return part;
  }
  /// All that is left.
  BytesView rest() { return raw(left()); }

  /// How many items follow. Over the cap: too_large; more than the rest can hold, if each takes at least
  /// `item_bytes_min` (> 0): malformed.
  std::size_t count(std::size_t count_max, std::size_t item_bytes_min);

  /// Reports trouble that the decoder itself has found. The first report stays.
  void refuse(Code code, const char* why);
  /// The trouble, with `what` (a noun) was being read in front. Pre: !ok().
  Error error(const char* what) const;
  /// Everything was understood and nothing is left over.
  Result<void> finish(const char* what);

 private:
  BytesView short_of();
  std::uint64_t long_varint(std::uint64_t value_max);

  template <class Unsigned>
  Unsigned fixed() {
    const BytesView part = raw(sizeof(Unsigned));
    return part.empty() ? Unsigned() : number_at<std::endian::little, Unsigned>(part.data());
  }

  BytesView all_;
  const Blob* source_ = nullptr;
  std::size_t at_ = 0;
  bool bad_ = false;
  Code code_ = Code::malformed;
  const char* why_ = "";
};

}  // namespace nodedb::wire
