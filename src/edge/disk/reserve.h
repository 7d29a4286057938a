// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keeps the storage engine from ever seeing a full disk, which it survives worst at the worst place (in the
// middle of a log record). Two fences: a write is refused while less than `free_bytes_min` would be left; and
// if somebody else eats the disk all the same, a ballast file can be given up, so that there is room to close
// files and tidy up. The ballast comes back by itself once there is room for it. Owned by the disk thread.

#include <cstdint>
#include <string>

#include "base/error.h"

namespace nodedb::edge {

struct ReserveOptions {
  /// Writes are refused while less would be left free, bytes; 0: never. Changes when a node refuses writes.
  std::uint64_t free_bytes_min = 64u << 20;
  /// Size of DIR/RESERVE, bytes; 0: none.
  std::uint64_t ballast_bytes = 16u << 20;
};

class Reserve {
 public:
  /// `directory` exists. Does no I/O yet.
  Reserve(std::string directory, ReserveOptions options);

  /// Whether `bytes` more may be written. Errors: disk_full, disk_failed.
  Result<void> room_for(std::uint64_t bytes) const;
  /// Makes or completes the ballast if there is room for it twice; otherwise leaves things as they are.
  void build_ballast();
  /// Gives the ballast up. Whether there was any.
  bool drop_ballast();

 private:
  std::string directory_;
  std::string path_;
  ReserveOptions options_;
  bool ballast_ = false;
};

}  // namespace nodedb::edge
