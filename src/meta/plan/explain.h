// SPDX-License-Identifier: Apache-2.0
#pragma once

// Plans in words, for operators.

#include <string>

#include "meta/plan/plan.h"

namespace nodedb::meta {

/// One line: what goes where, and why, with the figures before and after.
std::string explain(const PlanStep& step);
std::string explain(const Complaint& complaint);
/// Every step and complaint, a line each, and how many steps each reason asks for.
std::string explain(const Plan& plan);

}  // namespace nodedb::meta
