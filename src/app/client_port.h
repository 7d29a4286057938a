// SPDX-License-Identifier: Apache-2.0
#pragma once

// The way of a node's own clients into it: the Redis port (app/redis_port.h), or the program that the node is
// embedded in (src/door). A port is one of the front's parts and lives on the net thread; neither it nor the
// front ever answers from inside a call of the other one.

#include <asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>

#include "app/node_figures.h"
#include "base/error.h"
#include "base/memory.h"
#include "node/event.h"
#include "node/turn.h"

namespace nodedb::app {

/// What a port finds behind it.
class ClientDesk {
 public:
  virtual ~ClientDesk() = default;
  /// Answered exactly once by ClientPort::completed with its tag, which is below 2^63; those of one vShard
  /// keep their order on the way.
  virtual void submit(node::ClientRequest request) = 0;
  /// What the whole node's memory is used for.
  virtual MemoryTable memory() const = 0;
};

class ClientPort {
 public:
  virtual ~ClientPort() = default;
  virtual void completed(node::ClientReply reply) = 0;
  /// With each new picture of the routes.
  virtual void set_routing(std::shared_ptr<const node::Routing> routing) = 0;
  /// The certificate's files have changed. Errors: unauthenticated; the old one stays.
  virtual Result<void> reload_certificate() { return {}; }
  /// Nothing is submitted any more. The loop runs once more.
  virtual void close() = 0;

  // What it holds and has done, to show.
  virtual ClientCounts counts() const { return {}; }
  virtual std::uint64_t held_bytes() const { return 0; }
  virtual std::uint64_t half_read_bytes() const { return 0; }
};

/// Both arguments outlive the port. The answer may be null: there is none.
using OpenClientPort = std::function<Result<std::unique_ptr<ClientPort>>(asio::io_context&, ClientDesk&)>;

}  // namespace nodedb::app
