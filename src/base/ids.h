// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words of DESIGN.md section 2 as types. Zero means "none" for NodeId, Term and Index.

#include <cstdint>

#include "base/strong.h"

namespace nodedb {

/// Small integer given by the metadata group at admission; never reused; 0 is nobody.
using NodeId = Strong<struct NodeIdTag, std::uint32_t>;
/// A Raft group: 0 is the metadata group, vShard v is group v + 1.
using GroupId = Strong<struct GroupIdTag, std::uint32_t>;
/// One of the `vshard_count` slices of the key space.
using VShardId = Strong<struct VShardIdTag, std::uint16_t>;
/// Raft term (Raft paper, section 5.1).
using Term = Strong<struct TermTag, std::uint64_t>;
/// Position in a group's log; the first entry that a client can cause is above the genesis index 1.
using Index = Strong<struct IndexTag, std::uint64_t>;
/// Rises with each change of a vShard's placement.
using Epoch = Strong<struct EpochTag, std::uint64_t>;
/// Boot counter of a node: rises, durably, at each start before anything is sent.
using Incarnation = Strong<struct IncarnationTag, std::uint64_t>;

inline constexpr std::uint32_t vshard_count = 1024;
inline constexpr GroupId metadata_group{0};
/// Of the metadata group and all data groups, which are numbered without a gap.
inline constexpr std::uint32_t group_count = vshard_count + 1;

constexpr GroupId group_of(VShardId v) {
  return GroupId(std::uint32_t{v.value} + 1);
}
/// Pre: `g` is a data group (1…vshard_count).
constexpr VShardId vshard_of(GroupId g) {
  return VShardId(static_cast<std::uint16_t>(g.value - 1));
}

}  // namespace nodedb
