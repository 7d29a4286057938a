// SPDX-License-Identifier: Apache-2.0
#include "base/uuid.h"

namespace nodedb {

namespace {

bool hyphen_before(std::size_t byte) {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Uuid::text() const {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (hyphen_before(i)) out.push_back('-');
    out.push_back(digits[bytes[i] >> 4]);
    out.push_back(digits[bytes[i] & 15]);
  }
  return out;
}

Uuid Uuid::v4(Rng& rng) {
  Uuid id;
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t word = rng.next();
    for (std::size_t i = 0; i < 8; ++i, word >>= 8) id.bytes[half * 8 + i] = static_cast<std::uint8_t>(word);
  }
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x40);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

Result<Uuid> Uuid::parse(BytesView text) {
  const auto bad = [&] {
    return fail(Code::malformed, "not a hyphenated UUID: '" + Bytes(text.substr(0, 64)) + "'");
  };
  if (text.size() != 36) return bad();
  Uuid id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (hyphen_before(i) && text[at++] != '-') return bad();
    const int high = nibble(text[at]);
    const int low = nibble(text[at + 1]);
    if (high < 0 || low < 0) return bad();
    id.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    at += 2;
  }
  return id;
}

}  // namespace nodedb
