// SPDX-License-Identifier: Apache-2.0
#pragma once

// A node put together: its directory, its stores, the core, disk, apply and flush threads, and the front on a
// loop of its own. Whose state machine it replicates, and where clients come from, the caller says: the
// server (app/server.h) or the library's door (src/door). Everything between the threads goes through
// mailboxes. A disk that fails ends the process: what is durable is unknown, so nothing may be acknowledged
// any more.

#include <asio/io_context.hpp>
#include <memory>

#include "app/config.h"
#include "app/front.h"
#include "base/error.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb::app {

/// After the drain: the threads end and the state is flushed.
inline constexpr std::int64_t close_patience_ns = 60 * ns_per_s;

class Assembly {
 public:
  /// Loads what is stored and opens the ports; nothing runs yet. `machine` outlives it. Pre:
  /// `config.validate()` has no complaint. Errors: conflict (the directory is in use), and those of
  /// certificates, stores and ports.
  static Result<std::unique_ptr<Assembly>> open(const Config& config, const StateMachine& machine,
                                                const Outside& outside);
  ~Assembly();
  Assembly(const Assembly&) = delete;
  Assembly& operator=(const Assembly&) = delete;

  /// The net thread's.
  asio::io_context& loop();
  /// It was a member of its cluster when it was opened.
  bool member() const;
  /// When the core's step began that is under way; `long_ago`: none is. Any thread.
  Time step_began() const;

  /// The calling thread becomes the net thread, until the node has drained or been retired; then all threads
  /// have ended and the state is flushed. Once.
  void run();
  Front& front();

 private:
  struct Impl;
  explicit Assembly(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nodedb::app
