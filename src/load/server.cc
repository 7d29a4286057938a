// SPDX-License-Identifier: Apache-2.0
#include "load/server.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <cstring>
#include <memory>

#include "base/units.h"

namespace nodedb::load {

Result<Server> find_server(const std::string& host_port) {
  const auto where = parse_host_port(host_port);
  if (!where) return std::unexpected(where.error());
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  const int failed = ::getaddrinfo(where->host.c_str(), std::to_string(where->port).c_str(), &hints, &raw);
  if (failed != 0) return fail(Code::unreachable, host_port + ": " + gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(raw, ::freeaddrinfo);
  Server server{host_port, {}, found->ai_addrlen};
  std::memcpy(&server.address, found->ai_addr, found->ai_addrlen);
  return server;
}

std::vector<Server> loopback(std::span<const int> ports) {
  std::vector<Server> servers;
  for (const int port : ports) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    Server server{"127.0.0.1:" + std::to_string(port), {}, sizeof address};
    std::memcpy(&server.address, &address, sizeof address);
    servers.push_back(server);
  }
  return servers;
}

}  // namespace nodedb::load
