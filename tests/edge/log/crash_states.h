// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every state in which a crash can leave a log, one after the other: the power is cut before each operation
// of a scripted life, and of the sectors that were not synced all, none, each prefix, each one, all but each
// one and some more subsets (of few: all subsets) reach the disk; and the process is killed there, reads the
// log back, and then the power goes. Whatever is left must be all that was acknowledged, and at most the one
// write that was under way; and the log must go on from there.

#include <cstdint>
#include <string>

#include "edge/log/bugs.h"

namespace nodedb::edge {

struct CrashStates {
  std::uint64_t states = 0;
  std::string failure;  ///< of the first state that is not legal; empty: all are
};

/// Stops at the first failure.
CrashStates try_crash_states(std::uint64_t seed, const LogBugs& bugs = {});

}  // namespace nodedb::edge
