// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a plan promises (meta/plan/plan.h, docs/placement.md), held against one that was made. Worked out anew
// from the picture, with nothing of the planner's own.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "meta/plan/plan.h"

namespace nodedb::meta::test {

/// Every promise that the plan for this picture breaks.
std::vector<std::string> broken_promises(const PlanInput& input, const PlanOptions& options);

inline void expect_promises(const PlanInput& input, const PlanOptions& options = {}) {
  for (const std::string& fault : broken_promises(input, options)) ADD_FAILURE() << fault;
}

}  // namespace nodedb::meta::test
