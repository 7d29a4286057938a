// SPDX-License-Identifier: Apache-2.0
#pragma once

// A child process that cannot outlive this one.

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace nodedb::app {

/// Starts `line` (the program's path first) with its output appended to `log`, in a process group of its own
/// (Ctrl-C does not reach it), and to be killed when the calling thread ends. Pre: called from the main
/// thread. Errors: disk_failed and the like for the log, unreachable if no process could be made.
Result<pid_t> start_child(const std::vector<std::string>& line, const std::string& log);

}  // namespace nodedb::app
