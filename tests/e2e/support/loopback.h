// SPDX-License-Identifier: Apache-2.0
#pragma once

// Addresses of ports of this machine, for sockets of a test's own.

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdint>

namespace nodedb::e2e {

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

}  // namespace nodedb::e2e
