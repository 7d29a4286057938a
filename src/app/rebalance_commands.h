// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster rebalance status | plan | explain | apply | pause | resume`: what the planner sees, would
// do and does. Asked of the node that drives, wherever it is.

#include <cstdint>

#include "app/exit_code.h"
#include "app/operator_commands.h"

namespace nodedb::app {

/// Mode, moves under way, how even the nodes are, and what cannot be met.
Exit run_rebalance_status(const Operator& from, Output output);
/// Every step, and what each node bears then.
Exit run_rebalance_plan(const Operator& from, Output output);
Exit run_rebalance_explain(const Operator& from, std::int64_t vshard, Output output);
/// The plan is carried out once, whatever the mode.
Exit run_rebalance_apply(const Operator& from, Output output);
Exit run_rebalance_pause(const Operator& from, bool pause, Output output);

}  // namespace nodedb::app
