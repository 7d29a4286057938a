// SPDX-License-Identifier: Apache-2.0
#pragma once

// The study of SWIM (sim/swim/study.h) from the command line.

#include "sim/cli/arguments.h"

namespace nodedb::sim {

/// Prints the table of docs/performance.md. The exit code.
int run_swim_study(const Arguments& a);

}  // namespace nodedb::sim
