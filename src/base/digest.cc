// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

namespace nodedb {

namespace {

int lower_nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string Digest::text() const {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

Result<Digest> Digest::parse(BytesView text) {
  const auto bad = [] { return fail(Code::malformed, "a digest is 64 lower-case hexadecimal digits"); };
  Digest digest;
  if (text.size() != 2 * digest.bytes.size()) return bad();
  for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
    const int high = lower_nibble(text[2 * i]);
    const int low = lower_nibble(text[2 * i + 1]);
    if (high < 0 || low < 0) return bad();
    digest.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return digest;
}

bool same_secret(const Digest& a, const Digest& b) {
  // Volatile, so that no compiler ends the loop at the first difference.
  volatile std::uint8_t differences = 0;
  for (std::size_t i = 0; i < a.bytes.size(); ++i)
    differences = static_cast<std::uint8_t>(differences | (a.bytes[i] ^ b.bytes[i]));
  return differences == 0;
}

}  // namespace nodedb
