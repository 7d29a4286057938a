// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who has asked what a group's leader serves. A value that goes with the request through all its stages.

#include <cstdint>

#include "base/ids.h"
#include "base/time.h"
#include "base/trace_context.h"

namespace nodedb::node {

/// Who waits for the answer to a request that this node serves as leader, and since when.
struct Origin {
  NodeId gateway;  ///< 0: nobody, the node's own clean-up
  Incarnation incarnation;
  std::uint64_t request = 0;
  Time came{};  ///< to this node's core
  TraceContext trace{};
  bool write = false;  ///< else a read
};

}  // namespace nodedb::node
