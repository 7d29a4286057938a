// SPDX-License-Identifier: Apache-2.0
#include "base/hlc.h"

#include <algorithm>

namespace nodedb {

Hlc HlcClock::now(WallTime wall) {
  if (wall.ns > last_.wall_ns) {
    last_ = Hlc{wall.ns, 0};
  } else {
    ++last_.logical;
  }
  return last_;
}

Hlc HlcClock::receive(WallTime wall, Hlc remote) {
  const std::int64_t highest = std::max({last_.wall_ns, remote.wall_ns, wall.ns});
  std::uint32_t logical = 0;
  if (highest == last_.wall_ns) logical = last_.logical + 1;
  if (highest == remote.wall_ns) logical = std::max(logical, remote.logical + 1);
  last_ = Hlc{highest, logical};
  return last_;
}

}  // namespace nodedb
