// SPDX-License-Identifier: Apache-2.0
#pragma once

// A machine's two clocks as functions of true time: a monotonic one that runs a little fast or slow, within
// the drift that leases allow for, and a wall clock that may be set to anything at any time.

#include <cstdint>

#include "base/time.h"

namespace nodedb::sim {

class Clock {
 public:
  explicit Clock(std::int64_t origin_ns) : mono_base_(origin_ns) {}

  Now read(std::int64_t true_ns) const;
  /// The first true instant at which the monotonic clock shows `mono` or more. `never` gives the latest
  /// int64.
  std::int64_t true_instant(Time mono) const;

  /// Parts per million by which the monotonic clock runs fast from now on.
  void set_rate(std::int64_t true_ns, std::int64_t ppm);
  /// A reboot starts the monotonic clock anywhere.
  void restart(std::int64_t true_ns, std::int64_t origin_ns);
  void jump_wall(std::int64_t by_ns) {
    wall_offset_ += by_ns;
    wall_offset_max_ = wall_offset_ > wall_offset_max_ ? wall_offset_ : wall_offset_max_;
  }
  /// Forward to where nothing that was ever stamped lies ahead.
  void mend_wall() { wall_offset_ = wall_offset_max_; }

 private:
  std::int64_t true_base_ = 0;
  std::int64_t mono_base_ = 0;
  std::int64_t ppm_ = 0;
  std::int64_t wall_offset_ = 0;
  std::int64_t wall_offset_max_ = 0;
};

}  // namespace nodedb::sim
