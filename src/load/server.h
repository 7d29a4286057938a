// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a server takes clients.

#include <netinet/in.h>
#include <sys/socket.h>

#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace nodedb::load {

struct Server {
  std::string name;  ///< host:port, as it was given
  sockaddr_storage address{};
  socklen_t address_bytes = 0;
};

/// Errors: malformed (no host:port), unreachable (no such host).
Result<Server> find_server(const std::string& host_port);
/// On this machine.
std::vector<Server> loopback(std::span<const int> ports);

}  // namespace nodedb::load
