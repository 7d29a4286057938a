// SPDX-License-Identifier: Apache-2.0
#pragma once

// How much log each group may keep after a flush, so that all of them together keep within the node's cap.
// Pure.
//
// A group that is above its share lets go of what is durable elsewhere, but not of what a follower still
// needs: a follower that was away for a moment, or is slow, gets the log and no snapshot. That is what `keep`
// allows for, and each group alone may use it. Once many do, because a whole node is slow and still answers,
// the sum would be the number of groups times the allowance, 4 GiB by default; so above half of the node's
// cap a slow follower is given the share and no more, and has to take a snapshot beyond it. Half, because
// between two flushes a quarter of the cap comes on top, and what is written while the second runs.

#include <cstddef>

#include "node/options.h"

namespace nodedb::node {

struct LogShares {
  std::size_t share = 0;  ///< bytes that a group may have without being compacted
  std::size_t keep = 0;   ///< bytes that a group keeps for a follower that needs them; at least `share`
};

/// Pre: `groups` > 0. `held_bytes`: of all groups' logs now.
LogShares log_shares(const Options& options, std::size_t groups, std::size_t held_bytes);

}  // namespace nodedb::node
