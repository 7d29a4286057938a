// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs one world in this process, and says where it was if a broken invariant aborts.

#include "sim/cli/arguments.h"

namespace nodedb::sim {

/// CPU time of this process so far.
double cpu_seconds();
/// From now on an abort says at which simulated instant.
void say_where_it_aborts();
Report run_world(const Arguments& a, std::uint64_t seed, Listeners listeners);

}  // namespace nodedb::sim
