// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster settings … | audit ls | node drain, undrain, decommission, recommission, replace`: what
// operators change in group 0. Each change leaves a line in the audit log, also if it is refused.

#include <cstdint>
#include <string>
#include <vector>

#include "app/exit_code.h"
#include "app/operator_calls.h"
#include "app/operator_commands.h"
#include "meta/types.h"

namespace nodedb::app {

Exit run_settings_list(const Operator& from, Output output);
Exit run_settings_get(const Operator& from, const std::string& name, Output output);
/// An empty value: back to the default.
Exit run_settings_set(const Operator& from, const std::string& name, const std::string& value, Output output);

/// The latest `last` lines, all if 0; the oldest first.
Exit run_audit_list(const Operator& from, std::uint64_t last, Output output);

struct MemberWish {
  std::vector<std::int64_t> nodes;  ///< all of them or, if one is refused, none
  meta::MemberState wanted = meta::MemberState::active;
  std::int64_t successor = 0;  ///< 0: none
};
Exit run_member_change(const Operator& from, const MemberWish& wish, Output output);

/// docs/settings.md, made from the table of settings.
std::string settings_page();

}  // namespace nodedb::app
