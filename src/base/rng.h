// SPDX-License-Identifier: Apache-2.0
#pragma once

// Luck, given at birth: xoshiro256** seeded through splitmix64 (Blackman & Vigna, 2018). The same seed
// gives the same sequence on every platform. Not for secrets.

#include <array>
#include <cstdint>

namespace nodedb {

class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  std::uint64_t next();
  /// Uniform in [0, bound). Pre: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [low, high]. Pre: low <= high.
  std::int64_t between(std::int64_t low, std::int64_t high);
  /// True with probability `p` in [0, 1].
  bool chance(double p);
  /// An independent generator: what it draws does not disturb this one's sequence.
  Rng fork();

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace nodedb
