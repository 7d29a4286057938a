// SPDX-License-Identifier: Apache-2.0
#pragma once

// The crash matrix (sim/crash_matrix.h) from the command line: all of it in parallel, or one case by name.

#include "sim/cli/arguments.h"

namespace nodedb::sim {

/// Prints what is red and how many cases there were. The exit code.
int run_crash_matrix(const Arguments& a);

}  // namespace nodedb::sim
