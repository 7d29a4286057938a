// SPDX-License-Identifier: Apache-2.0
#pragma once

// The net thread: everything of a node that has a socket. QUIC for peers and operators, the Redis port for
// clients, and the signals that end the process, on one event loop; no decisions. What comes in becomes an
// event for the core, what the core and the disk thread hand over goes out. When the core cannot keep up,
// clients are told `busy` and peers are read more slowly.

#include <functional>
#include <memory>
#include <string>

#include "app/config.h"
#include "base/uuid.h"
#include "edge/loop/core_inbox.h"
#include "edge/loop/net_port.h"
#include "edge/tls/files.h"

namespace nodedb::app {

/// Of what may wait in front of the core, one part waits at the door, and the rest is in the core's inbox.
inline constexpr std::size_t inbox_parts = 4;

struct FrontOptions {
  Uuid cluster;
  Uuid node;
  tls::Secret reset_secret{};
  /// What the other threads hold; the front adds its own.
  std::function<MemoryUse()> memory_use{};
  /// When the core's step began that is under way; `long_ago`: none is. Any thread.
  std::function<Time()> step_began{};
  /// It is a member of its cluster already.
  bool member = false;
};

class Front {
 public:
  /// Listens on both ports. Errors: those of quic::Transport::open and resp::Server::open; not_found or
  /// forbidden for the password file. `core` outlives it.
  static Result<std::unique_ptr<Front>> open(const Config& config, const FrontOptions& options,
                                             edge::CoreInbox& core);
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  edge::NetInbox& inbox();
  /// The calling thread becomes the net thread, until the node has drained after a signal or been retired.
  void run();
  /// After `run`: it has been retired.
  bool retired() const;

 private:
  struct Impl;
  explicit Front(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nodedb::app
