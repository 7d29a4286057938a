// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Redis client: SET, GET or DEL, pipelined.

#include <string>
#include <vector>

#include "load/load.h"
#include "load/protocol.h"

namespace nodedb::load {

struct RedisLoad {
  std::vector<std::string> keys;  ///< by number
  std::size_t value_bytes = 16;
  std::string password{};  ///< empty: none is given
  int replicas = 0;
};

/// With `replicas`, SETs that are sent together are followed by one `WAIT replicas`, and all of them are
/// answered when it is: refused, if fewer replicas than that have acknowledged them within 5 s. The server
/// reads on behind a WAIT only when it has answered that, so what begins meanwhile makes the next batch.
MakeProtocol redis_protocol(RedisLoad load);

/// Those that the options ask for, called b0, b1….
std::vector<std::string> keys_of(const LoadOptions& options);

}  // namespace nodedb::load
