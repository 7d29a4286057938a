// SPDX-License-Identifier: Apache-2.0
#pragma once

// Ids, counts and positions as they stand in the JSON of every command, both ways. What is read is 0 where
// the JSON has nothing of the kind. Pure.

#include <span>
#include <vector>

#include "app/json.h"
#include "base/ids.h"
#include "raft/types.h"

namespace nodedb::app {

Json ids_json(std::span<const NodeId> ids);
Json position_json(const raft::Position& at);

std::uint64_t count_in(const Json& value);
std::vector<NodeId> ids_in(const Json& list);
raft::Position position_in(const Json& value);

/// Numbers with a comma between them, `-` if there are none.
std::string ids_text(const Json& ids);

}  // namespace nodedb::app
