// SPDX-License-Identifier: Apache-2.0
#pragma once

// A node as a process: the key-value machine and the Redis port around an Assembly, signals, and what the
// service manager is told. The calling thread becomes the net thread.

#include <memory>

#include "app/config.h"
#include "app/exit_code.h"
#include "base/error.h"

namespace nodedb::app {

class Server {
 public:
  /// Loads what is stored and opens both ports; nothing runs yet. Pre: `config.validate()` has no complaint.
  /// Errors: conflict (the directory is in use), and those of certificates, stores and ports.
  static Result<std::unique_ptr<Server>> open(const Config& config);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Until a signal has ended it.
  Exit run();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nodedb::app
