// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <algorithm>
#include <cstdint>

namespace nodedb {

namespace {

constexpr BytesView digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Three bytes, or what is left of them, as the high bits of 24.
std::uint32_t group_of(BytesView bytes) {
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < 3; ++i)
    group = group << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0);
  return group;
}

}  // namespace

std::string base64_text(BytesView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(3, bytes.size()))) {
    const std::uint32_t group = group_of(bytes);
    for (std::size_t i = 0; i < 4; ++i) text += i > bytes.size() ? '=' : digits[group >> (18 - 6 * i) & 63];
  }
  return text;
}

Result<Bytes> parse_base64(BytesView text) {
  const auto malformed = [] { return fail(Code::malformed, "this is no base64"); };
  if (text.size() % 4 != 0) return malformed();
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const bool last = at + 4 == text.size();
    const std::size_t padding = !last || text[at + 3] != '=' ? 0 : text[at + 2] != '=' ? 1 : 2;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t digit = i < 4 - padding ? digits.find(text[at + i]) : 0;
      if (digit == BytesView::npos) return malformed();
      group = group << 6 | static_cast<std::uint32_t>(digit);
    }
    for (std::size_t i = 0; i < 3 - padding; ++i)
      bytes.push_back(static_cast<char>(group >> (16 - 8 * i) & 255));
    // Bits behind the last byte would make two texts mean the same.
    if ((group & ((std::uint32_t{1} << 8 * padding) - 1)) != 0) return malformed();
  }
  return bytes;
}

}  // namespace nodedb
