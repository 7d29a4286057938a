// SPDX-License-Identifier: Apache-2.0
#pragma once

// The planner's view as an answer to operators.

#include "app/json.h"
#include "node/status.h"

namespace nodedb::app {

Json balance_json(const node::Status::Balance& balance);

}  // namespace nodedb::app
