// SPDX-License-Identifier: Apache-2.0
#pragma once

// Named points at which a process ends itself as by kill -9, for tests that prove that whoever dies there,
// nothing is lost: right before and right after each durable write that a migration causes. Only the tests'
// nodedb-cluster-failpoints has them (fail_points.cc); any other program has fail_points_none.cc, to which
// NODEDB_FAILPOINT is a setting that it does not know.

#include <memory>

#include "base/error.h"
#include "node/store.h"

namespace nodedb::app {

/// Takes NODEDB_FAILPOINT out of the environment, if this build has fail points and it is set. Call before
/// there are threads. Error: malformed (no such point; the detail lists them).
Result<void> take_fail_point();

/// Puts the point that was taken in front of the stores, which then end the process when it is reached.
void arm_fail_point(std::unique_ptr<node::LogStore>& log, std::unique_ptr<node::StateStore>& state);

}  // namespace nodedb::app
