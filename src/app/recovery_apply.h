// SPDX-License-Identifier: Apache-2.0
#pragma once

// Carries a recovery's plan out on the running survivors. What was decided is in group 0 before a vShard goes
// on: a command that was interrupted is given again and finishes.

#include "app/recovery_plan.h"

namespace nodedb::app {

/// How many groups of the plan go on now, each led by its survivor; those that had a leader before are not
/// touched and not counted. Errors: wrong_cluster; invalid_state (what the plan says is not so any more:
/// look again); timeout (not all of them in time); and the nodes' own.
Result<std::size_t> apply_recovery(const Operator& from, const RecoveryPlan& plan, std::int64_t patience_ns);

}  // namespace nodedb::app
