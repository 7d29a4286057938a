// SPDX-License-Identifier: Apache-2.0
#pragma once

// A list of nodes, as placements, configs and orders have them: short, in an order that means something or
// none.

#include <algorithm>
#include <vector>

#include "base/ids.h"

namespace nodedb {

inline bool contains(const std::vector<NodeId>& nodes, NodeId node) {
  return std::ranges::find(nodes, node) != nodes.end();
}

}  // namespace nodedb
