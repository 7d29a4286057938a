// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs a program under callgrind, the same way on every machine: with an environment of its own, and with the
// C library's functions for processors without the latest extensions, because which of them it would choose
// depends on the processor.

#include <string>
#include <vector>

namespace nodedb::bench {

/// Waits until it has ended and says whether it exited with 0. `dumps` is callgrind's out-file; nothing is
/// counted until the program says so (meter.h). What it prints goes where ours goes.
bool run_under_callgrind(const std::string& program, const std::vector<std::string>& arguments,
                         const std::string& dumps);

}  // namespace nodedb::bench
