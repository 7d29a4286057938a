// SPDX-License-Identifier: Apache-2.0
#pragma once

// Hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014, figure 5). Orders events across
// nodes close to physical time; never trusted for safety. Owned by the core thread.

#include <compare>
#include <cstdint>

#include "base/time.h"

namespace nodedb {

struct Hlc {
  std::int64_t wall_ns = 0;   ///< `l` in the paper: the largest physical time heard of
  std::uint32_t logical = 0;  ///< `c` in the paper: breaks ties within one `l`
  constexpr auto operator<=>(const Hlc&) const = default;
};

class HlcClock {
 public:
  /// A local event or a send. Strictly greater than every stamp given or received before.
  Hlc now(WallTime wall);
  /// A receive: as `now`, and strictly greater than `remote` too.
  Hlc receive(WallTime wall, Hlc remote);
  Hlc last() const { return last_; }

 private:
  Hlc last_;
};

}  // namespace nodedb
