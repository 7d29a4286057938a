// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernel says of one running process, finer than usage.h does.

#include <sys/types.h>

#include <cstdint>

namespace nodedb::bench {

struct Vitals {
  std::int64_t cpu_ns = 0;     ///< user and system, threads that have ended included; exact to the ns
  std::uint64_t switches = 0;  ///< context switches, wanted and not, of the threads that live
  std::uint64_t resident_bytes = 0;
};

/// All 0 if there is no such process.
Vitals vitals_of(pid_t pid);

}  // namespace nodedb::bench
