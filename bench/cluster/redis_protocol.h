// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Redis client: SET or GET, pipelined.

#include "bench/cluster/load.h"
#include "bench/cluster/protocol.h"

namespace nodedb::bench {

/// With `replicas`, SETs that are sent together are followed by one `WAIT replicas`, and all of them are
/// answered when it is: refused, if fewer replicas than that have acknowledged them within 5 s. The server
/// reads on behind a WAIT only when it has answered that, so what begins meanwhile makes the next batch.
MakeProtocol redis_protocol(const LoadOptions& options, int replicas = 0);

}  // namespace nodedb::bench
