// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a node's machine and its clients fare, told by each node to each other every few seconds, so that any
// of them can show all. The net threads' own affair: no decision rests on it, and core never sees it.

#include <cstdint>

namespace nodedb::wire {

struct Vitals {
  std::uint64_t cpu_permille = 0;     ///< of one core, by the process, since it was told last
  std::uint64_t disk_free_bytes = 0;  ///< of the data directory's file system
  std::uint64_t disk_bytes = 0;       ///< the same, in all; 0: not known
  std::uint64_t answers = 0;          ///< to clients, of which the time was taken since it was told last
  std::uint64_t answer_us = 0;        ///< their mean; 0 without any
  std::uint64_t answer_us_max = 0;
  bool operator==(const Vitals&) const = default;
};

}  // namespace nodedb::wire
