// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where group 0's rows lie: 'c' the cluster; 'm' and the node id, big-endian in 4 bytes, a member; 'p' and
// the vShard, big-endian in 2 bytes, its placement. The values are those of meta/codec.h. Keys that begin
// with any other byte are for later versions: they are carried along and not looked at.

#include <optional>
#include <variant>

#include "base/bytes.h"
#include "base/ids.h"

namespace nodedb::meta {

Bytes cluster_key();
Bytes member_key(NodeId node);
Bytes placement_key(VShardId vshard);

struct ClusterKey {
  bool operator==(const ClusterKey&) const = default;
};
using RowKey = std::variant<ClusterKey, NodeId, VShardId>;
/// What a key stands for, or nothing if this build does not know.
std::optional<RowKey> row_key_in(BytesView key);

}  // namespace nodedb::meta
