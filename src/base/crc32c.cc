// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace nodedb {

namespace {

constexpr std::uint32_t polynomial_reflected = 0x82f63b78;

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial_reflected : 0);
    table[i] = crc;
  }
  return table;
}

constexpr auto table = make_table();

std::uint32_t update_portable(std::uint32_t crc, BytesView data) {
  for (const char c : data) crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return crc;
}

#if defined(__x86_64__)
[[gnu::target("sse4.2")]] std::uint32_t update_sse42(std::uint32_t crc, BytesView data) {
  std::uint64_t wide = crc;
  std::size_t at = 0;
  for (; at + 8 <= data.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data.data() + at, sizeof(word));
    wide = _mm_crc32_u64(wide, word);
  }
  auto narrow = static_cast<std::uint32_t>(wide);
  for (; at < data.size(); ++at) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(data[at]));
  return narrow;
}
#endif

}  // namespace

std::uint32_t crc32c(BytesView data, std::uint32_t seed) {
  const std::uint32_t start = ~seed;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return ~update_sse42(start, data);
#endif
  return ~update_portable(start, data);
}

}  // namespace nodedb
