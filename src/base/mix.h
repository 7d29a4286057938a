// SPDX-License-Identifier: Apache-2.0
#pragma once

// Cheap, well-spread 64-bit hashing for digests, traces and memo tables. Same on every platform; no defence
// against an adversary.

#include <cstdint>
#include <cstring>
#include <string_view>

namespace nodedb {

/// Finaliser of splitmix64: every input bit reaches every output bit.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// Order matters: mix(mix(seed, a), b) differs from mix(mix(seed, b), a).
constexpr std::uint64_t mix(std::uint64_t seed, std::uint64_t x) {
  return mix(seed * 0x9e3779b97f4a7c15 + x + 0x632be59bd9b4e019);
}

inline std::uint64_t mix(std::uint64_t seed, std::string_view text) {
  std::uint64_t h = mix(seed, text.size());
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    h = mix(h, word);
    text.remove_prefix(8);
  }
  std::uint64_t tail = 0;
  for (const char c : text) tail = tail << 8 | static_cast<unsigned char>(c);
  return mix(h, tail);
}

}  // namespace nodedb
