// SPDX-License-Identifier: Apache-2.0
#include "wire/reader.h"

#include "base/check.h"

namespace nodedb::wire {

bool Reader::boolean() {
  const std::uint8_t value = u8();
  if (value > 1) refuse(Code::malformed, "a truth value is neither 0 nor 1");
  return ok() && value == 1;
}

std::uint64_t Reader::long_varint(std::uint64_t value_max) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::uint8_t part = u8();
    if (!ok()) return 0;
    const bool last = (part & 0x80) == 0;
    // The tenth byte has room for one bit, and a zero at the end is a longer form of a shorter number.
    if ((shift == 63 && part > 1) || (last && part == 0 && shift > 0)) break;
    value |= std::uint64_t{part & 0x7fu} << shift;
    if (!last) continue;
    if (value <= value_max) return value;
    break;
  }
  refuse(Code::malformed, "a number is out of range or not in its shortest form");
  return 0;
}

BytesView Reader::short_of() {
  refuse(Code::malformed, "it is cut short");
  return {};
}

BytesView Reader::bytes(std::size_t size_max) {
  const std::uint64_t size = varint();
  if (size > size_max) {
    refuse(Code::too_large, "a byte string is longer than its cap");
    return {};
  }
  return raw(static_cast<std::size_t>(size));
}

Blob Reader::blob(std::size_t size_max) {
  const BytesView part = bytes(size_max);
  if (part.empty()) return {};
  if (source_ == nullptr) return Blob::copy_of(part);
  return source_->slice(at_ - part.size(), part.size());
}

std::size_t Reader::count(std::size_t count_max, std::size_t item_bytes_min) {
  const std::uint64_t count = varint();
  if (count > count_max) {
    refuse(Code::too_large, "a list has more items than its cap");
    return 0;
  }
  if (count > left() / item_bytes_min) {
    refuse(Code::malformed, "a list has more items than bytes for them");
    return 0;
  }
  return static_cast<std::size_t>(count);
}

void Reader::refuse(Code code, const char* why) {
  if (bad_) return;
  bad_ = true;
  code_ = code;
  why_ = why;
}

Error Reader::error(const char* what) const {
  CHECK(bad_);
  return Error{code_, std::string(what) + " cannot be read: " + why_ + " (at byte " + std::to_string(at_) +
                          " of " + std::to_string(all_.size()) + ")"};
}

Result<void> Reader::finish(const char* what) {
  if (ok() && !at_end()) refuse(Code::malformed, "bytes are left over");
  if (!ok()) return std::unexpected(error(what));
  return {};
}

}  // namespace nodedb::wire
