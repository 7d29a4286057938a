// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a read may see. From the strongest to the weakest; a weaker one costs less and waits for less.
// docs/guarantees.md has each promise with an example.

#include <cstdint>

#include "base/ids.h"
#include "base/time.h"
#include "base/trace_context.h"

namespace nodedb {

enum class ReadLevel : std::uint8_t {
  /// Sees every write that was acknowledged, anywhere, before the read began. The vShard's leader makes sure
  /// by a round to a majority that it still leads: no clock is trusted.
  linearizable,
  /// The same promise without the round while the leader's lease holds. Rests on clocks that run apart by at
  /// most the option `clock_drift_max`; with the option `lease_reads` off it is `linearizable`.
  lease,
  /// Sees every write that was acknowledged more than `max_staleness_ns` before the answer, or, if the leader
  /// took longer than that to say what is new, before the read began: with 0 it is a linearizable read from
  /// this node's own replica. The leader is asked only if it was not asked for that long.
  bounded,
  /// Sees at least entry `after` of the vShard: what the caller wrote or read before, if it hands on the
  /// index
  /// that came with that answer. From this node's own replica, which waits until it has the entry.
  session,
  /// Whatever this node's own replica holds, however old, without asking or waiting for anybody; while the
  /// replica is new, that can be nothing at all.
  local,
};

/// How to read.
struct ReadOptions {
  ReadLevel level = ReadLevel::linearizable;     ///< what it may see
  std::int64_t max_staleness_ns = 1 * ns_per_s;  ///< `bounded` only; at least 0
  Index after{};                                 ///< `session` only
  std::int64_t timeout_ns = 10 * ns_per_s;       ///< then it ends as timeout or no_leader
  TraceContext trace{};                          ///< whose trace it is part of, if it is
};

}  // namespace nodedb
