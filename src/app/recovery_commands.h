// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster recover collect | plan | apply | verify`: after so many members have been lost for good
// that vShards, or the metadata group, have no majority any more. Each step can be repeated, whatever a crash
// has left; what has a leader is never touched (docs/operating.md).

#include <cstdint>
#include <string>
#include <vector>

#include "app/exit_code.h"
#include "app/operator_calls.h"
#include "app/operator_commands.h"

namespace nodedb::app {

/// Asks every node what it holds of every group, and writes the survey to `file`.
Exit run_recover_collect(const Operator& from, const std::string& file, Output output);
/// Reads a survey and writes a plan. Asks nobody. Exit::failed if nothing has lost its majority.
Exit run_recover_plan(const std::string& survey, const std::vector<std::int64_t>& lost,
                      const std::string& file, Output output);
/// Looks again, refuses if what the plan says is not so any more, and carries it out: the metadata group
/// first, then the fence, then the vShards. Waits until each is led by its survivor.
Exit run_recover_apply(const Operator& from, const std::string& plan, const std::string& timeout,
                       Output output);
/// Has every vShard a leader and as many voters as are wanted? Exit::retry if not, and what is missing.
Exit run_recover_verify(const Operator& from, Output output);

}  // namespace nodedb::app
