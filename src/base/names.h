// SPDX-License-Identifier: Apache-2.0
#pragma once

// How errors, logs and explanations call a node and a group.

#include <string>

#include "base/ids.h"

namespace nodedb {

inline std::string named(NodeId node) {
  return "node " + std::to_string(node.value);
}
inline std::string named(VShardId vshard) {
  return "vShard " + std::to_string(vshard.value);
}
inline std::string named(GroupId group) {
  return group == metadata_group ? "the metadata group" : named(vshard_of(group));
}

}  // namespace nodedb
