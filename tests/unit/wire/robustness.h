// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every decoder must survive: bytes that end early, and bytes that are not what was written. The
// sanitizer builds turn a read past the end into a failure; each piece is a heap block of its exact size.

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/rng.h"

namespace nodedb::test {

/// `decode(BytesView)` must answer an error for every proper prefix.
template <class Decode>
void refuses_every_truncation(BytesView whole, Decode decode) {
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(decode(BytesView(exact.data(), exact.size())).has_value()) << "at " << size << " bytes";
  }
}

/// `decode(BytesView)` may answer anything, but must answer. Changed: bits, bytes, runs cut or doubled.
template <class Decode>
void survives_mutation(BytesView whole, Decode decode, int rounds = 400) {
  Rng rng(whole.size() + 1);
  for (int round = 0; round < rounds; ++round) {
    Bytes bytes(whole);
    for (std::uint64_t changes = 1 + rng.below(4); changes > 0 && !bytes.empty(); --changes) {
      const auto at = static_cast<std::size_t>(rng.below(bytes.size()));
      const auto size = static_cast<std::size_t>(rng.below(9));
      switch (rng.below(5)) {
        case 0:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.below(8)));
          break;
        case 1:
          bytes[at] = static_cast<char>(rng.below(256));
          break;
        case 2:
          bytes[at] = static_cast<char>(0xff);
          break;
        case 3:
          bytes.erase(at, size);
          break;
        default:
          bytes.insert(at, bytes.substr(at, size));
          break;
      }
    }
    const std::vector<char> exact(bytes.begin(), bytes.end());
    (void)decode(BytesView(exact.data(), exact.size()));
  }
}

}  // namespace nodedb::test
