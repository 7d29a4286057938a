// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keeps the disk from filling up to its last byte: a write is refused while less than a reserve would be left
// free, so that what is being tidied up (flushes, compactions) finds room. No state.

#include <cstdint>
#include <string>
#include <utility>

#include "base/error.h"

namespace nodedb::edge {

inline constexpr std::uint64_t default_free_bytes_min = 64u << 20;

class Reserve {
 public:
  /// `directory` exists; with a `free_bytes_min` of 0 nothing is refused.
  Reserve(std::string directory, std::uint64_t free_bytes_min)
      : directory_(std::move(directory)), free_bytes_min_(free_bytes_min) {}

  /// Whether `bytes` more may be written. Errors: disk_full, disk_failed.
  Result<void> room_for(std::uint64_t bytes) const;

 private:
  std::string directory_;
  std::uint64_t free_bytes_min_;
};

}  // namespace nodedb::edge
