// SPDX-License-Identifier: Apache-2.0
#include "bench/cluster/load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/rng.h"
#include "edge/base/clock.h"
#include "edge/disk/files.h"

namespace nodedb::bench {

namespace {

struct Client {
  edge::FileHandle socket;
  std::string received;
  std::int64_t sent_ns = 0;
};

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

/// Bytes of the whole reply at the front of `text`, 0 if it is not all there. Simple strings, errors,
/// integers and bulk strings: what SET and GET answer.
std::size_t reply_bytes(const std::string& text) {
  const std::size_t line = text.find("\r\n");
  if (line == std::string::npos) return 0;
  if (text[0] != '$') return line + 2;
  const long size = std::strtol(text.c_str() + 1, nullptr, 10);
  const std::size_t whole = size < 0 ? line + 2 : line + 4 + static_cast<std::size_t>(size);
  return text.size() >= whole ? whole : 0;
}

class Load {
 public:
  explicit Load(const LoadOptions& options)
      : options_(options), epoll_(::epoll_create1(EPOLL_CLOEXEC)), value_(options.value_bytes, 'v') {}

  bool connect(std::string& complaint) {
    for (std::size_t i = 0; i < options_.clients; ++i) {
      const int port = options_.ports[i % options_.ports.size()];
      clients_.push_back({connect_to(port), {}, 0});
      if (!clients_.back().socket.valid()) {
        complaint = "cannot connect to port " + std::to_string(port);
        return false;
      }
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, clients_.back().socket.get(), &event);
    }
    return true;
  }

  std::optional<LoadResult> run(std::string& complaint) {
    const std::int64_t begin = now_ns();
    const std::int64_t end = begin + static_cast<std::int64_t>(options_.seconds * 1e9);
    for (Client& client : clients_)
      if (!send(client)) return lost(complaint);
    std::array<epoll_event, 256> events;
    while (now_ns() < end) {
      const int ready = ::epoll_wait(epoll_.get(), events.data(), events.size(), 100);
      for (int i = 0; i < ready; ++i)
        if (!receive(clients_[events[static_cast<std::size_t>(i)].data.u64])) return lost(complaint);
    }
    return summary(static_cast<double>(now_ns() - begin) / 1e9);
  }

 private:
  static std::optional<LoadResult> lost(std::string& complaint) {
    complaint = "a connection was lost";
    return std::nullopt;
  }

  bool send(Client& client) {
    const std::string key = "bench:" + std::to_string(rng_.below(options_.keys));
    const auto bulk = [](const std::string& word) {
      return "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
    };
    const std::string command = options_.operation == Operation::set
                                    ? "*3\r\n$3\r\nSET\r\n" + bulk(key) + bulk(value_)
                                    : "*2\r\n$3\r\nGET\r\n" + bulk(key);
    client.sent_ns = now_ns();
    return ::send(client.socket.get(), command.data(), command.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(command.size());
  }

  bool receive(Client& client) {
    std::array<char, 4096> buffer;
    const ssize_t got = ::recv(client.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got <= 0) return false;
    client.received.append(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t whole = reply_bytes(client.received);
    if (whole == 0) return true;
    errors_ += client.received[0] == '-' ? 1 : 0;
    client.received.erase(0, whole);
    latencies_ns_.push_back(now_ns() - client.sent_ns);
    return send(client);
  }

  LoadResult summary(double seconds) {
    std::ranges::sort(latencies_ns_);
    const auto percentile = [&](double part) {
      if (latencies_ns_.empty()) return 0.0;
      const auto place = static_cast<std::size_t>(part * static_cast<double>(latencies_ns_.size() - 1));
      return static_cast<double>(latencies_ns_[place]) / 1e3;
    };
    return {latencies_ns_.size(), errors_, seconds, percentile(0.5), percentile(0.99)};
  }

  LoadOptions options_;
  edge::FileHandle epoll_;
  std::string value_;
  std::vector<Client> clients_;
  Rng rng_{1};
  std::vector<std::int64_t> latencies_ns_;
  std::uint64_t errors_ = 0;
};

}  // namespace

std::optional<LoadResult> run_load(const LoadOptions& options, std::string& complaint) {
  Load load(options);
  if (!load.connect(complaint)) return std::nullopt;
  return load.run(complaint);
}

}  // namespace nodedb::bench
