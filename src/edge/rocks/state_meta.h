// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keys of the state store and the row that says how far a group is (docs/formats.md, "Data directory"):
//   group u32, generation u32, row key        one row of the group's data
//   ffffffff, group u32                       the group's meta row
// Numbers in keys are big-endian. The meta row: version u8, generation u32, index u64, term u64, whether a
// config follows u8, the config, crc u32 over the group's number and all before it; little-endian.

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "edge/rocks/keys.h"
#include "raft/types.h"

namespace nodedb::edge {

inline constexpr std::uint32_t meta_space = 0xffffffff;
inline constexpr std::size_t prefix_bytes = 8;

struct Generation {
  GroupId group;
  std::uint32_t number = 0;
};

/// In front of each of a generation's row keys. Pre: group is below `meta_space`.
inline Bytes prefix_of(Generation generation) {
  Bytes prefix;
  append_big(prefix, generation.group.value);
  append_big(prefix, generation.number);
  return prefix;
}
/// The first key behind all of a generation's.
inline Bytes prefix_after(Generation generation) {
  const bool last = generation.number == UINT32_MAX;
  return prefix_of(last ? Generation{generation.group + 1, 0}
                        : Generation{generation.group, generation.number + 1});
}
inline Bytes meta_key(GroupId group) {
  return prefix_of({GroupId(meta_space), group.value});
}

struct StateMeta {
  std::uint32_t generation = 0;
  raft::Position applied;
  std::optional<raft::Config> snapshot_config;
  bool operator==(const StateMeta&) const = default;
};

Bytes encode(GroupId group, const StateMeta& meta);
/// Errors: damaged, incompatible.
Result<StateMeta> decode_state_meta(GroupId group, BytesView row);

}  // namespace nodedb::edge
