// SPDX-License-Identifier: Apache-2.0
#include "kv/siphash.h"

#include <array>
#include <bit>

#include "kv/codec.h"

namespace nodedb::kv {

namespace {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32) + v3;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }

  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t siphash(std::uint64_t k0, std::uint64_t k1, BytesView data) {
  State s{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
  std::size_t at = 0;
  for (; at + 8 <= data.size(); at += 8) s.absorb(little_at(data.data() + at));
  std::array<char, 8> last{};
  data.copy(last.data(), last.size(), at);
  last.back() = static_cast<char>(data.size());
  s.absorb(little_at(last.data()));
  s.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) s.round();
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

}  // namespace nodedb::kv
