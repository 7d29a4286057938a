// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a key lives. Redis Cluster's hash: CRC-16/XMODEM of the key, or of the part between the first '{'
// and the first '}' after it when that part is not empty, modulo 16,384 (Redis Cluster specification, "Key
// distribution model" and "Hash tags"). Sixteen neighbouring slots make one vShard.

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/ids.h"

namespace nodedb {

inline constexpr std::uint32_t slot_count = 16384;
inline constexpr std::uint32_t slots_per_vshard = slot_count / vshard_count;

/// What of the key is hashed, if that is not all of it.
std::optional<BytesView> hash_tag(BytesView key);
std::uint16_t slot_of(BytesView key);

constexpr VShardId vshard_of_slot(std::uint16_t slot) {
  return VShardId(static_cast<std::uint16_t>(slot / slots_per_vshard));
}

}  // namespace nodedb
