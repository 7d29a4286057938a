// SPDX-License-Identifier: Apache-2.0
#pragma once

// Commands that the gateway sends on its own, never a client: a vShard's part of the cluster-wide ones, and
// the version of a watched key. Each builder gives bytes for StateMachine::read, or for a log entry where it
// says so; each reader takes the decoded reply apart. Pure.
//
//   _SCAN position COUNT n [MATCH p] [TYPE t]  [next position or null at the vShard's end, [key…]]
//   _KEYS pattern                              [key…], or an error when that is too much for one reply
//   _DBSIZE                                    integer; counts keys that are due but not yet purged
//   _RANDOMKEY random                          bulk, or null
//   _COUNTSLOT slot                            integer
//   _KEYSINSLOT slot count                     [key…]
//   _WATCHVERSION key                          [applied index, 1 if present else 0]
//   _FLUSH                                     OK; a write
//
// A scan position is slot << 48 | hash of the key: it means the same on every node, so a SCAN cursor is the
// position from which to go on, and 0 both starts and ends (kv/rows.h).

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "kv/reply.h"

namespace nodedb::kv {

/// Where the scan of a vShard starts; `vshard_count` gives the end of all.
std::uint64_t first_position(std::uint32_t vshard);
/// The vShard to ask for `position`; nothing when it is past the last (then a SCAN is done, or never was
/// ours).
std::optional<VShardId> vshard_of_position(std::uint64_t position);

struct ScanQuery {
  std::uint64_t position = 0;
  std::uint64_t count = 10;  ///< rows to look at, at least 1; capped by limits::scan_rows_max
  std::optional<BytesView> match = std::nullopt;
  std::optional<BytesView> type = std::nullopt;
};
struct ScanPage {
  std::optional<std::uint64_t> next;  ///< nothing: this vShard is done, go on at first_position(vshard + 1)
  std::vector<Bytes> keys;
};
struct WatchVersion {
  bool present = false;
  Index token;
};

Bytes scan_query(const ScanQuery& query);
Bytes keys_query(BytesView pattern);
Bytes dbsize_query();
Bytes random_key_query(std::uint64_t random);
Bytes count_slot_query(std::uint16_t slot);
Bytes keys_in_slot_query(std::uint16_t slot, std::uint64_t count);
Bytes watch_version_query(BytesView key);
/// For the log.
Bytes flush_command();

/// Errors: malformed, or what the error reply says.
Result<ScanPage> scan_page(const Reply& reply);
Result<WatchVersion> watch_version(const Reply& reply);

}  // namespace nodedb::kv
