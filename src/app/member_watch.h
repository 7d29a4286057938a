// SPDX-License-Identifier: Apache-2.0
#pragma once

// Follows nodes that drain or leave until they have, as the node that drives tells it, and says on stderr
// how they get on. Ending it ends the watching only.

#include <cstdint>
#include <vector>

#include "app/move_watch.h"
#include "meta/types.h"

namespace nodedb::app {

struct MemberGoal {
  std::vector<std::int64_t> nodes;
  /// draining: until they lead nothing. leaving: until they have been retired.
  meta::MemberState wanted = meta::MemberState::leaving;
  std::int64_t timeout_ns = 0;  ///< 0: for ever
};

/// How all of them stand, in one line, and what is in the way. `balance`: the planner's view, or null.
std::string progress_text(const Json& status, const Json& balance, const MemberGoal& goal);

/// Errors: busy (not yet after the timeout), invalid_state (an operator wants it otherwise now), and those of
/// MoveSource::look when nobody has answered for 30 s.
Result<void> await_members(MoveSource& source, const MemberGoal& goal);

}  // namespace nodedb::app
