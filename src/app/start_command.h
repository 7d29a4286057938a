// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster start`: settings from file, environment and flags, then the server.

#include <span>
#include <string>

#include "app/config.h"
#include "app/exit_code.h"

namespace nodedb::app {

/// `flags` override the environment, which overrides the file; an empty `file` is none. Lists every complaint
/// and ends with Exit::usage if there is one. Runs until the node is told to stop.
Exit run_start(const std::string& file, std::span<const Setting> flags);

}  // namespace nodedb::app
