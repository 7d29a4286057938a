// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Redis port's way to the data: one call per vShard, answered later, exactly once, by
// Gateway::completed with the same tag. The application wires it to the node's ClientRequest and ClientReply
// through the mailboxes; tests wire it to a state machine in memory.

#include <cstdint>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/trace_context.h"

namespace nodedb::resp {

struct VShardCall {
  VShardId vshard;
  bool write = false;
  Blob command;  ///< kv/argv.h
  std::int64_t timeout_ns = 0;
  TraceContext trace{};  ///< the connection's, when the command came
};

class Backend {
 public:
  virtual ~Backend() = default;
  /// Never answers from inside this call. Calls to one vShard keep their order on the way.
  virtual void call(std::uint64_t tag, VShardCall call) = 0;
};

}  // namespace nodedb::resp
