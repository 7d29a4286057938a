// SPDX-License-Identifier: Apache-2.0
#pragma once

// What SWIM is worth in figures: how soon a death is noticed by anybody and by everybody, and how often a
// living member is held for dead. One case is a group of some size under some loss with some slow members,
// played under several seeds; the same case with the same seeds gives the same figures everywhere.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/swim/pond.h"

namespace nodedb::sim {

struct StudyCase {
  PondPlan plan;
  std::uint32_t runs = 10;
  std::uint64_t seed = 1;
  std::int64_t quiet_ns = 120 * ns_per_s;  ///< before a healthy member dies: only false deaths can show
  std::int64_t patience_ns = 240 * ns_per_s;
};

struct StudyFigures {
  std::vector<std::int64_t> first_ns;  ///< sorted: from the death to the first verdict of a healthy member
  std::vector<std::int64_t> all_ns;    ///< sorted: … to the last healthy member's
  std::uint32_t missed = 0;            ///< runs in which somebody healthy had not noticed in time
  /// Verdicts `dead` on members that were never slow and not dead, one for each that held it: by anybody, and
  /// by members that were not slow themselves.
  std::uint64_t false_by_any = 0;
  std::uint64_t false_by_healthy = 0;
  std::uint64_t false_suspicions = 0;  ///< the same of `suspect`, by anybody
  double member_hours = 0;             ///< of healthy members
  double messages_per_second = 0;      ///< sent by one member
  std::string broken;                  ///< a rule, if one was
};

StudyFigures study(const StudyCase& what);

/// The value below which so much of a sorted sample lies; 0 of none.
std::int64_t percentile(const std::vector<std::int64_t>& sorted, double share);

}  // namespace nodedb::sim
