// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Redis port: a TCP listener and its connections around one Gateway. Everything happens on the thread
// that runs the io_context: no locks. What arrives in one turn of the loop is answered by one write per
// connection at its end. Memory is bounded: reading pauses while a connection, or all of them together, hold
// too much; who never reads its answers is dropped; too many connections are turned away with Redis's words.

#include <cstdint>
#include <memory>

#include "base/error.h"
#include "base/rng.h"
#include "edge/resp/backend.h"
#include "edge/resp/gateway.h"
#include "edge/resp/options.h"

namespace asio {
class io_context;
}

namespace nodedb::resp {

class Server {
 public:
  /// Listens at once. `loop` and `backend` outlive the server. Errors: invalid_state (the options, all
  /// complaints), unreachable (the address cannot be listened on), unauthenticated (certificate or key).
  static Result<std::unique_ptr<Server>> open(asio::io_context& loop, Options options, Backend& backend,
                                              Rng rng);
  ~Server();

  /// The answer to a Backend::call. On the loop's thread.
  void completed(std::uint64_t tag, Result<Blob> answer);
  void set_routing(std::shared_ptr<const node::Routing> routing);

  /// Reads certificate and key anew, for connections that come from now on; those there are go on with
  /// theirs. Nothing to do without TLS. Errors: unauthenticated; the old ones stay.
  Result<void> reload_certificate();

  /// The port listened on: of use when port 0 was asked for.
  std::uint16_t port() const;
  std::size_t connections() const;
  /// Of requests that have not come in whole.
  std::size_t input_bytes() const;
  Gateway& gateway();
  /// No new connections, and an end to those there are. The loop must run once more to carry it out.
  void close();

 private:
  struct State;
  explicit Server(std::shared_ptr<State> state);
  // Shared with the handlers that the loop may still hold when the server goes.
  std::shared_ptr<State> state_;
};

}  // namespace nodedb::resp
