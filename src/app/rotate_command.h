// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster cert rotate-ca --stage | --finalize | --status`: the exchange of the cluster's authority,
// in two steps that overlap (docs/operating.md). Each may be repeated.

#include <string>

#include "app/exit_code.h"
#include "app/operator_calls.h"
#include "app/operator_commands.h"

namespace nodedb::app {

/// `ca_directory` holds the new authority's ca.crt, which is also added to the operator's own.
Exit run_rotate_stage(const Operator& from, const std::string& ca_directory, Output output);
Exit run_rotate_finalize(const Operator& from, Output output);
Exit run_rotate_status(const Operator& from, Output output);

}  // namespace nodedb::app
