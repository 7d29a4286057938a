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

constexpr std::array<std::uint32_t, 256> make_crc32c_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial_reflected : 0);
    table[i] = crc;
  }
  return table;
}

constexpr auto crc32c_table = make_crc32c_table();

std::uint32_t update_portable(std::uint32_t crc, BytesView data) {
  for (const char c : data) crc = (crc >> 8) ^ crc32c_table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return crc;
}

#if defined(__x86_64__)
/// The instruction's result comes three cycles later, but another may begin in each: so three lanes of this
/// length go side by side.
constexpr std::size_t lane_bytes = 1024;

/// What a lane of zeros makes of a checksum, by the checksum's four bytes; a lane's own bytes only add to it.
using Shift = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr Shift make_shift() {
  std::array<std::uint32_t, 32> of_bit{};
  for (std::size_t bit = 0; bit < 32; ++bit) {
    std::uint32_t crc = std::uint32_t{1} << bit;
    for (std::size_t i = 0; i < lane_bytes; ++i) crc = (crc >> 8) ^ crc32c_table[crc & 0xff];
    of_bit[bit] = crc;
  }
  Shift shift{};
  for (std::size_t byte = 0; byte < 4; ++byte) {
    for (std::size_t value = 0; value < 256; ++value) {
      for (std::size_t bit = 0; bit < 8; ++bit)
        if ((value >> bit & 1) != 0) shift[byte][value] ^= of_bit[8 * byte + bit];
    }
  }
  return shift;
}

constexpr Shift shift = make_shift();

std::uint64_t past_a_lane(std::uint64_t crc) {
  return shift[0][crc & 0xff] ^ shift[1][crc >> 8 & 0xff] ^ shift[2][crc >> 16 & 0xff] ^
         shift[3][crc >> 24 & 0xff];
}

std::uint64_t word_at(const char* data) {
  std::uint64_t word = 0;
  std::memcpy(&word, data, sizeof(word));
  return word;
}

[[gnu::target("sse4.2")]] std::uint32_t update_sse42(std::uint32_t crc, BytesView data) {
  std::uint64_t wide = crc;
  std::size_t at = 0;
  for (; at + 3 * lane_bytes <= data.size(); at += 3 * lane_bytes) {
    const char* lane = data.data() + at;
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t i = 0; i < lane_bytes; i += 8) {
      wide = _mm_crc32_u64(wide, word_at(lane + i));
      second = _mm_crc32_u64(second, word_at(lane + lane_bytes + i));
      third = _mm_crc32_u64(third, word_at(lane + 2 * lane_bytes + i));
    }
    wide = past_a_lane(past_a_lane(wide) ^ second) ^ third;
  }
  for (; at + 8 <= data.size(); at += 8) {
    wide = _mm_crc32_u64(wide, word_at(data.data() + at));
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
