// SPDX-License-Identifier: Apache-2.0
#pragma once

// Two of our transports in one process, connected over loopback, each with a loop and a thread of its own as
// in two nodes. What a test of the transport alone needs: certificates are made for them.

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/uuid.h"
#include "edge/quic/transport.h"

namespace nodedb::bench {

/// Certificates of two nodes of one cluster, in DIR/0 and DIR/1.
struct TwoNodes {
  std::string directory;
  Uuid cluster;
  Uuid ids[2];

  std::string certs(std::size_t end) const { return directory + "/" + std::to_string(end); }
};
Result<TwoNodes> make_two_nodes(const std::string& directory);

class Transports {
 public:
  /// On the thread of the end that received it, which may send through the transport.
  using Received = std::function<void(quic::Transport& here, const Uuid& from, wire::PeerMessage message)>;

  /// Connected when it returns.
  static Result<std::unique_ptr<Transports>> connect(const TwoNodes& nodes, Received first, Received second);
  ~Transports() { stop(); }
  Transports(const Transports&) = delete;
  Transports& operator=(const Transports&) = delete;

  /// Ends both threads: nobody is called any more.
  void stop();
  asio::io_context& loop(std::size_t end) { return ends_[end].loop; }
  quic::Transport& transport(std::size_t end) { return *ends_[end].transport; }

 private:
  struct End {
    asio::io_context loop{1};
    std::unique_ptr<quic::Transport> transport;
    std::thread thread;
  };
  Transports() = default;
  Result<void> open(const TwoNodes& nodes, std::size_t end, Received received);

  End ends_[2];
};

}  // namespace nodedb::bench
