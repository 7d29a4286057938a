// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tells a torn tail from damage in RocksDB's write-ahead log, before RocksDB reads it. Every write is synced
// before the next one begins, so whatever a crash can tear is one logical record at the end of the newest
// file: it was never acknowledged and is cut. A bad record with any whole record behind it is damage, and
// refused. RocksDB itself would either refuse a torn record whose length survived, or cut in the middle.
// Format: blocks of 32 KiB; records of crc u32, length u16, type u8, payload; never across a block's end.

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::edge {

struct WalScan {
  std::uint64_t good_end = 0;               ///< just behind the last whole logical record before any trouble
  std::optional<std::uint64_t> trouble_at;  ///< where the first bytes lie that are no record
  std::optional<std::uint64_t> record_after;  ///< where a whole record begins behind the trouble
};

WalScan scan_wal(BytesView file);

/// What was cut off, for the node's log.
struct TornTail {
  std::string path;
  std::uint64_t bytes = 0;
};

/// Cuts the newest log file of the database in `directory` if its tail is torn, durably.
/// Errors: damaged (naming file and offset), disk_failed.
Result<std::optional<TornTail>> cut_torn_tail(const std::string& directory);

}  // namespace nodedb::edge
