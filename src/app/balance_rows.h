// SPDX-License-Identifier: Apache-2.0
#pragma once

// The planner's view as people read it, from a status with `balance` (app/balance_json.h). Pure.

#include <cstdint>
#include <string>

#include "app/json.h"

namespace nodedb::app {

/// What is to be done, in order, and why.
std::string steps_table(const Json& balance);
/// What each node bears now, and after all steps.
std::string balance_table(const Json& balance);
/// What cannot be met, a line each, with the constraint's name first.
std::string complaints_text(const Json& balance);
/// Why the vShard moves, or why it does not. `status`: of the node that drives, with a row for the vShard.
Json explained(const Json& status, std::int64_t vshard);

}  // namespace nodedb::app
