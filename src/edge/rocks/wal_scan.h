// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads the outline of a write-ahead log file of RocksDB: which physical records are whole, and where the
// chain of them breaks. Pure; any bytes will do. Format: blocks of 32 KiB; records of crc u32, length u16,
// type u8, payload; never across a block's end.

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace nodedb::edge {

struct WalScan {
  std::uint64_t good_end = 0;               ///< just behind the last whole logical record before any trouble
  std::optional<std::uint64_t> trouble_at;  ///< where the first bytes lie that are no record
  std::optional<std::uint64_t> record_after;  ///< where a whole record begins behind the trouble
};

WalScan scan_wal(BytesView file);

}  // namespace nodedb::edge
