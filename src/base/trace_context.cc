// SPDX-License-Identifier: Apache-2.0
#include "base/trace_context.h"

#include <algorithm>

namespace nodedb {

namespace {

// 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
constexpr std::size_t trace_at = 3;
constexpr std::size_t parent_at = 36;
constexpr std::size_t flags_at = 53;
constexpr std::size_t header_chars = 55;
constexpr std::uint8_t sampled_bit = 1;
constexpr std::uint8_t no_version = 0xff;

constexpr BytesView hex_letters = "0123456789abcdef";

/// Two lower-case hex_letters a byte; false if they are not. Pre: there are so many.
template <std::size_t Size>
bool read_hex(BytesView text, std::array<std::uint8_t, Size>& out) {
  for (std::size_t i = 0; i < Size; ++i) {
    const std::size_t high = hex_letters.find(text[2 * i]);
    const std::size_t low = hex_letters.find(text[2 * i + 1]);
    if (high == BytesView::npos || low == BytesView::npos) return false;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

template <std::size_t Size>
void append_hex(std::string& out, const std::array<std::uint8_t, Size>& bytes) {
  for (const std::uint8_t byte : bytes) {
    out += hex_letters[byte >> 4];
    out += hex_letters[byte & 15];
  }
}

template <std::size_t Size>
bool all_zero(const std::array<std::uint8_t, Size>& bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

std::string TraceContext::text() const {
  std::string out = "00-";
  append_hex(out, trace);
  out += '-';
  append_hex(out, parent);
  out += sampled ? "-01" : "-00";
  return out;
}

std::optional<TraceContext> TraceContext::parse(BytesView header) {
  if (header.size() < header_chars) return std::nullopt;
  for (const std::size_t dash : {trace_at, parent_at, flags_at})
    if (header[dash - 1] != '-') return std::nullopt;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  TraceContext made;
  const bool read = read_hex(header, version) && read_hex(header.substr(trace_at), made.trace) &&
                    read_hex(header.substr(parent_at), made.parent) &&
                    read_hex(header.substr(flags_at), flags);
  if (!read || version[0] == no_version || all_zero(made.trace) || all_zero(made.parent)) return std::nullopt;
  // Version 00 ends here; a later one may go on behind a dash.
  const bool longer = header.size() > header_chars;
  if (longer && (version[0] == 0 || header[header_chars] != '-')) return std::nullopt;
  made.sampled = (flags[0] & sampled_bit) != 0;
  return made;
}

}  // namespace nodedb
