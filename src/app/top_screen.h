// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `top` draws: the cluster on one screen, from two looks at it. Pure.

#include <cstddef>
#include <string>
#include <vector>

#include "app/cluster_picture.h"
#include "app/move_watch.h"
#include "base/time.h"

namespace nodedb::app {

struct TopLook {
  Time at = long_ago;
  std::vector<NodeAnswer> answers;
  ClusterPicture cluster;
};

/// Lines without newlines, at most `height` of at most `width` columns. Rates are those since `before`; its
/// time long_ago: there are none yet. `moves` remembers what it has seen of moves.
std::vector<std::string> top_screen(const TopLook& before, const TopLook& now, MoveProgress& moves,
                                    std::size_t width, std::size_t height);

}  // namespace nodedb::app
