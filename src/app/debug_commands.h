// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster debug why | dump`: what a vShard waits for, and all that the nodes say in one file.

#include <cstdint>
#include <string>

#include "app/operator_calls.h"
#include "app/output.h"

namespace nodedb::app {

/// Exit::retry if the vShard does not serve now.
Exit run_debug_why(const Operator& from, std::int64_t vshard, Output output);
/// What a report of a bug needs, as JSON in `file` (empty: named after the time): every node's status,
/// groups, moves, settings and audit log, and who did not answer. No key, password, token or user's data is
/// in it.
Exit run_debug_dump(const Operator& from, const std::string& file, Output output);

}  // namespace nodedb::app
