// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster top | events`: a cluster as it changes, from the statuses of all its nodes.

#include "app/operator_calls.h"
#include "app/output.h"

namespace nodedb::app {

/// On a terminal a screen that is drawn anew each second until `q` or a signal; elsewhere one look.
Exit run_top(const Operator& from, Output output);
/// What the records tell of the past; with `follow` what happens from then on, until a signal. JSON is one
/// object a line.
Exit run_events(const Operator& from, bool follow, Output output);

}  // namespace nodedb::app
