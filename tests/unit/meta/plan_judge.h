// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a plan promises (meta/plan/plan.h, docs/placement.md), held against one that was made. Worked out anew
// from the picture, with nothing of the planner's own.

#include <string>
#include <vector>

#include "meta/plan/plan.h"

namespace nodedb::meta::testing {

/// Every promise that the plan for this picture breaks.
std::vector<std::string> broken_promises(const PlanInput& input, const PlanOptions& options);

}  // namespace nodedb::meta::testing
