// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster node drain, undrain, decommission, recommission, replace`: members on their way in and out.

#include <cstdint>
#include <string>
#include <vector>

#include "app/exit_code.h"
#include "app/operator_calls.h"
#include "app/operator_commands.h"
#include "meta/types.h"

namespace nodedb::app {

struct MemberWish {
  std::vector<std::int64_t> nodes;  ///< all of them or, if one is refused, none
  meta::MemberState wanted = meta::MemberState::active;
  std::int64_t successor = 0;  ///< 0: none
  bool wait = false;           ///< until it is so
  std::string timeout = "0";   ///< with `wait`; 0: for ever
};

/// With `wait`: Exit::ok once they lead nothing (draining) or have been retired (leaving), Exit::retry when
/// the timeout came first, Exit::failed when somebody has wanted it otherwise meanwhile.
Exit run_member_change(const Operator& from, const MemberWish& wish, Output output);

}  // namespace nodedb::app
