// SPDX-License-Identifier: Apache-2.0
#pragma once

// The net thread's parts: everything of a node that has a socket. QUIC for peers and operators, the clients'
// port, the HTTP port, on one event loop; no decisions. What comes in becomes an event for the core, what the
// core and the disk thread hand over goes out. When the core cannot keep up, clients are told `busy` and
// peers are read more slowly.

#include <functional>
#include <memory>
#include <string>

#include "app/client_port.h"
#include "app/config.h"
#include "base/uuid.h"
#include "edge/loop/core_inbox.h"
#include "edge/loop/net_port.h"
#include "edge/tls/files.h"

namespace nodedb::app {

/// Of what may wait in front of the core, one part waits at the door, and the rest is in the core's inbox.
inline constexpr std::size_t inbox_parts = 4;

/// Who wants to know how the node fares: the process, or the program around it. Net thread.
struct Outside {
  OpenClientPort clients{};  ///< empty: the node has no clients of its own
  std::function<void(const node::Routing&)> serves{};
  /// The cluster has retired it, for ever; the loop is about to end.
  std::function<void()> retired{};
  /// Its state machine is the key-value one: operators may ask for keys.
  bool key_values = false;
  /// Of each request that was slow, or whose trace is sampled; before its answer, if that is given here.
  std::function<void(const RequestPath&)> path{};
};

struct FrontOptions {
  Uuid cluster;
  Uuid node;
  tls::Secret reset_secret{};
  /// What the other threads hold; the front adds its own.
  std::function<MemoryUse()> memory_use{};
  /// When the core's step began that is under way; `long_ago`: none is. Any thread.
  std::function<Time()> step_began{};
  Outside outside{};
};

class Front {
 public:
  /// Listens on all ports. Errors: those of quic::Transport::open, HttpPort::open and the clients' port.
  /// `loop` and `core` outlive it; whoever runs the loop is the net thread.
  static Result<std::unique_ptr<Front>> open(asio::io_context& loop, const Config& config,
                                             const FrontOptions& options, edge::CoreInbox& core);
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  edge::NetInbox& inbox();
  // --- net thread ---

  /// What an operator may ask, asked by who is around the node: the event with the tag that it is given.
  /// `then` is called once, maybe from inside this call.
  using Question = std::function<node::Event(std::uint64_t tag)>;
  using OnReply = std::move_only_function<void(const node::OperatorReply&)>;
  void ask(const Question& question, OnReply then);
  /// Hands leaderships over, for at most the configured time, and then stops the loop; once.
  void drain();
  /// Whatever the files say, now.
  void reload_certificates();
  /// It has been retired: the loop has been stopped.
  bool retired() const;

 private:
  struct Impl;
  explicit Front(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nodedb::app
