// SPDX-License-Identifier: Apache-2.0
#pragma once

// How ill this node seems to itself (Lifeguard, Local Health Multiplier). A node that is slow misses answers
// that were given in time; the more signs of that, the longer it waits before it accuses anybody.

#include <algorithm>
#include <cstdint>

namespace nodedb::swim {

class Health {
 public:
  explicit Health(std::uint32_t worst) : worst_(worst) {}

  void better() { ill_ -= std::min(ill_, 1U); }
  void worse(std::uint32_t signs = 1) { ill_ = std::min(ill_ + std::min(signs, worst_), worst_); }
  /// 0: well … `worst`.
  std::uint32_t ill() const { return ill_; }
  std::int64_t stretched(std::int64_t ns) const { return ns * (ill_ + 1); }

 private:
  std::uint32_t worst_;
  std::uint32_t ill_ = 0;
};

}  // namespace nodedb::swim
