// SPDX-License-Identifier: Apache-2.0
#pragma once

// The way of `bench` and `check` to the Redis ports of a cluster: named one by one, or asked of any node.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "app/operator_calls.h"
#include "edge/resp/channel.h"
#include "load/redis_client.h"

namespace nodedb::app {

struct RedisWords {
  Operator from;                   ///< empty: `servers` are named
  std::vector<std::string> redis;  ///< host:port each
  std::string password_file;       ///< empty: none is given
  bool tls = false;                ///< with the authority of `from.certs`
};

struct RedisAccess {
  std::unique_ptr<resp::TlsTrust> trust;  ///< null: no TLS
  load::Access access;                    ///< points at `trust`
};

/// Servers that let this client in, now; those that do not are told of on stderr. Errors: malformed (not
/// enough is said), not_found (no node has a Redis port), unreachable and unauthenticated (of the last one,
/// if there is none that lets it in), and those of the operator's question and of the files.
Result<RedisAccess> reach_redis(const RedisWords& words);

/// Six letters and digits that stand in the keys of a run, so that two do not meet.
std::string run_name();

}  // namespace nodedb::app
