// SPDX-License-Identifier: Apache-2.0
#pragma once

// CPU time of processes, as the kernel counts it.

#include <sys/types.h>

#include <cstdint>
#include <span>

namespace nodedb::bench {

/// User and system time of all threads so far, summed over the processes, in microseconds. Counted in the
/// kernel's clock ticks (10 ms), so differences need spans of seconds.
std::uint64_t cpu_us(std::span<const pid_t> pids);

}  // namespace nodedb::bench
