// SPDX-License-Identifier: Apache-2.0
#pragma once

// A command that takes more than one call: spread over vShards and gathered, or step by step. A job is pure:
// it names the calls that it wants, is told their answers, and makes one reply when none is open any more.
// What a command's handler comes to is an Outcome: a reply at once, one call, or a job.

#include <cstddef>
#include <memory>
#include <variant>
#include <vector>

#include "edge/resp/backend.h"
#include "edge/resp/order.h"
#include "kv/reply.h"

namespace nodedb::resp {

using Calls = std::vector<VShardCall>;

class Job {
 public:
  virtual ~Job() = default;
  /// What it may touch; the same from birth to end.
  virtual Order::Claim claim() const = 0;
  /// Memory that it holds while it waits.
  virtual std::size_t held_bytes() const = 0;
  /// Its turn has come: the first calls. None: `result` is asked for at once.
  virtual Calls start() = 0;
  /// The answer to call number `part` (0, 1, … in the order in which calls were given); an error reply stands
  /// for a call that failed. Gives more calls or none.
  virtual Calls answered(std::size_t part, kv::Reply reply) = 0;
  /// Once, when no call is open.
  virtual kv::Reply result() = 0;
};

using Outcome = std::variant<kv::Reply, VShardCall, std::unique_ptr<Job>>;

}  // namespace nodedb::resp
