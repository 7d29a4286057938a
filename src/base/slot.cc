// SPDX-License-Identifier: Apache-2.0
#include "base/slot.h"

#include <array>

namespace nodedb {

namespace {

constexpr std::uint16_t polynomial = 0x1021;

constexpr std::array<std::uint16_t, 256> make_crc16_table() {
  std::array<std::uint16_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    auto crc = static_cast<std::uint16_t>(i << 8);
    for (int bit = 0; bit < 8; ++bit) {
      crc = static_cast<std::uint16_t>((crc << 1) ^ ((crc & 0x8000) != 0 ? polynomial : 0));
    }
    table[i] = crc;
  }
  return table;
}

constexpr auto crc16_table = make_crc16_table();

std::uint16_t crc16(BytesView data) {
  std::uint16_t crc = 0;
  for (const char c : data) {
    crc = static_cast<std::uint16_t>((crc << 8) ^
                                     crc16_table[((crc >> 8) ^ static_cast<unsigned char>(c)) & 0xff]);
  }
  return crc;
}

}  // namespace

std::optional<BytesView> hash_tag(BytesView key) {
  const auto open = key.find('{');
  if (open == BytesView::npos) return std::nullopt;
  const auto close = key.find('}', open + 1);
  if (close == BytesView::npos || close == open + 1) return std::nullopt;
  return key.substr(open + 1, close - open - 1);
}

std::uint16_t slot_of(BytesView key) {
  return static_cast<std::uint16_t>(crc16(hash_tag(key).value_or(key)) % slot_count);
}

}  // namespace nodedb
