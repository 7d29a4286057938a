// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asks for memory before it is looked at. A node has a thousand groups and no cache holds them all: a loop
// over some of them would wait for memory at each one, if it did not ask for the next ones meanwhile.

#include <cstddef>

namespace nodedb {

inline void prefetch(const void* memory, std::size_t bytes) {
  constexpr std::size_t cache_line_bytes = 64;
  for (std::size_t at = 0; at < bytes; at += cache_line_bytes)
    __builtin_prefetch(static_cast<const char*>(memory) + at);
}

}  // namespace nodedb
