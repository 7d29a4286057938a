// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whose path is told: a request's that was slow, or that belongs to a sampled trace.

#include <cstdint>

#include "base/time.h"
#include "base/trace_context.h"

namespace nodedb::node {

struct PathFilter {
  std::int64_t slow_after_ns = 0;  ///< 0: nothing is slow

  bool slow(std::int64_t took_ns) const { return slow_after_ns > 0 && took_ns >= slow_after_ns; }
  bool tells(const TraceContext& trace, std::int64_t took_ns) const { return slow(took_ns) || trace.sampled; }
};

}  // namespace nodedb::node
