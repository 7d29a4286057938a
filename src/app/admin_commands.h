// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster settings … | audit ls`: what operators change in group 0. Each change leaves a line in the
// audit log, also if it is refused.

#include <cstdint>
#include <string>

#include "app/exit_code.h"
#include "app/operator_calls.h"
#include "app/operator_commands.h"

namespace nodedb::app {

Exit run_settings_list(const Operator& from, Output output);
Exit run_settings_get(const Operator& from, const std::string& name, Output output);
/// An empty value: back to the default.
Exit run_settings_set(const Operator& from, const std::string& name, const std::string& value, Output output);

/// The latest `last` lines, all if 0; the oldest first.
Exit run_audit_list(const Operator& from, std::uint64_t last, Output output);

/// docs/settings.md, made from the table of settings.
std::string settings_page();

}  // namespace nodedb::app
