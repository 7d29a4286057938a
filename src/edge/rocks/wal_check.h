// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tells a torn tail from damage in RocksDB's write-ahead log, before RocksDB reads it. Every write is synced
// before the next one begins, so whatever a crash can tear is one logical record at the end of the newest
// file: it was never acknowledged and is cut. A bad record with any whole record behind it is damage, and
// refused. RocksDB itself would either refuse a torn record whose length survived, or cut in the middle.

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"

namespace nodedb::edge {

/// What was cut off, for the node's log.
struct TornTail {
  std::string path;
  std::uint64_t bytes = 0;
};

/// Cuts the newest log file of the database in `directory` if its tail is torn, durably.
/// Errors: damaged (naming file and offset), disk_failed.
Result<std::optional<TornTail>> cut_torn_tail(const std::string& directory);

}  // namespace nodedb::edge
