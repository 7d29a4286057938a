// SPDX-License-Identifier: Apache-2.0
#include "app/free_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "app/random.h"
#include "base/rng.h"

namespace nodedb::app {

namespace {

constexpr std::uint64_t first_port = 10'000;
constexpr std::uint64_t last_port = 32'767;
constexpr int tries_max = 1'000;

/// Not valid if somebody has the port.
edge::FileHandle bound(int type, std::uint16_t port) {
  edge::FileHandle socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return socket;
}

}  // namespace

Result<FreePort> FreePort::draw() {
  Rng rng(random_seed());
  for (int i = 0; i < tries_max; ++i) {
    const auto number = static_cast<std::uint16_t>(first_port + rng.below(last_port - first_port + 1));
    edge::FileHandle udp = bound(SOCK_DGRAM, number);
    edge::FileHandle tcp = bound(SOCK_STREAM, number);
    if (udp.valid() && tcp.valid()) return FreePort(number, std::move(udp), std::move(tcp));
  }
  return fail(Code::unreachable, "no free port on 127.0.0.1");
}

}  // namespace nodedb::app
