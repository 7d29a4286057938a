// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernel says about this machine and process, and is told about it. Any thread.

#include <cstdint>

namespace nodedb::edge {

/// What the machine has, or what this process may have of it where a control group says so; 0: not known.
std::uint64_t machine_memory_bytes();
/// What this process holds in memory; 0: not known.
std::uint64_t resident_bytes();
/// CPU time that this process has had.
std::int64_t cpu_us();

/// Has the kernel take this thread, and those that it starts from now on, for batch work (SCHED_BATCH): one
/// that wakes does not interrupt one that runs. False: the kernel refused.
bool schedule_as_batch();

}  // namespace nodedb::edge
