// SPDX-License-Identifier: Apache-2.0
#pragma once

// Slows the writes to a moving vShard as far as its copy needs to come to an end, and no further.
//
// Under heavy writes two things could go on for ever. A snapshot may take so long that the log which the
// target will need after it outgrows what is kept, so that the copy begins again; and a target that has its
// snapshot may take in the log no faster than it grows. So while the snapshot travels, writes may use the
// room for the log at the rate at which it lasts until the snapshot is there; afterwards they get a share of
// the rate at which the target takes the log in, smaller from one look to the next until the target is near.
//
// Fair: all writes of the vShard go through in the order in which they came, at one rate. Bounded: none waits
// longer than `delay_max_ns`, even if the copy then fails; none waits for a target that does not get on.
// Pure; owned by the core thread of the group's leader.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "base/time.h"

namespace nodedb::node {

class Pace {
 public:
  /// How far the target of the move has come, as the group's leader knows it.
  struct Copy {
    bool streaming = false;          ///< it has what a snapshot had to bring and follows the log
    std::uint64_t copied_bytes = 0;  ///< of the snapshot
    std::uint64_t copy_bytes = 0;    ///< about all of it; 0: not known yet
    Index match;
    std::uint64_t lag_entries = 0;  ///< of the log that it will need and has not got
    std::uint64_t lag_bytes = 0;
  };

  /// `log_bytes_max`: of log that is kept for the target. `copy_speed_max`: of the snapshot, bytes per
  /// second; believed until the true speed has been measured.
  Pace(std::int64_t delay_max_ns, std::uint64_t log_bytes_max, std::uint64_t copy_speed_max)
      : delay_max_ns_(delay_max_ns), log_bytes_max_(log_bytes_max), copy_speed_max_(copy_speed_max) {}

  /// To be called now and then, a few times a second at least.
  void look(Time now, const Copy& copy);
  /// When a write of that size may be proposed: at once or later, never before an earlier one.
  Time admit(Time now, std::size_t bytes);
  /// 0: as fast as they come.
  std::uint64_t bytes_per_second() const { return static_cast<std::uint64_t>(rate_); }

 private:
  double snapshot_rate(const Copy& copy, double speed) const;
  double catch_up_rate(const Copy& copy, double entries_per_second);

  std::int64_t delay_max_ns_;
  std::uint64_t log_bytes_max_;
  std::uint64_t copy_speed_max_;
  std::optional<Copy> seen_;  ///< at the latest look that measured
  Time seen_at_ = long_ago;
  double share_ = 1;  ///< of what the target takes in
  double rate_ = 0;
  Time free_at_ = long_ago;  ///< when the rate lets the next write through
  Time last_ = long_ago;     ///< when the latest write was let through
};

}  // namespace nodedb::node
