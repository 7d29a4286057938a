// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a node should be sent clients, as a list of checks, for whoever spreads load over nodes. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "node/status.h"

namespace nodedb::app {

struct ReadyCheck {
  std::string_view name;
  std::string why_not;  ///< empty: passed
};
std::vector<ReadyCheck> ready_checks(const node::Status& status);
bool all_pass(const std::vector<ReadyCheck>& checks);

/// One line a check and a last line that sums up; not verbose: the last line, and the checks that failed.
Bytes readiness_text(const std::vector<ReadyCheck>& checks, bool verbose);

}  // namespace nodedb::app
