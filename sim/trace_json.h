// SPDX-License-Identifier: Apache-2.0
#pragma once

// One event of the Raft trace as a line of JSON (docs/testing.md, "Formats").

#include <string>

#include "node/trace.h"

namespace nodedb::sim {

/// Without the line break.
std::string to_json(NodeId node, const node::TraceEvent& event);

}  // namespace nodedb::sim
