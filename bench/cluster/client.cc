// SPDX-License-Identifier: Apache-2.0
#include "bench/cluster/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>

#include "edge/base/clock.h"

namespace nodedb::bench {

LoadResult summary_of(std::vector<std::int64_t> latencies_ns, std::uint64_t errors, double seconds) {
  std::ranges::sort(latencies_ns);
  const auto percentile = [&](double part) {
    if (latencies_ns.empty()) return 0.0;
    const auto place = static_cast<std::size_t>(part * static_cast<double>(latencies_ns.size() - 1));
    return static_cast<double>(latencies_ns[place]) / 1e3;
  };
  return {latencies_ns.size(), errors,           seconds,           percentile(0.5),
          percentile(0.9),     percentile(0.99), percentile(0.999), percentile(1)};
}

std::int64_t now_ns() {
  return edge::monotonic_time().ns;
}

edge::FileHandle connect_to(int port) {
  edge::FileHandle socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return edge::FileHandle();
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

void watch(const edge::FileHandle& epoll, const edge::FileHandle& socket, std::uint64_t number) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = number;
  ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, socket.get(), &event);
}

}  // namespace nodedb::bench
