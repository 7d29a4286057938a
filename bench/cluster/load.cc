// SPDX-License-Identifier: Apache-2.0
#include "bench/cluster/load.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "base/rng.h"
#include "base/time.h"
#include "bench/cluster/redis_protocol.h"

namespace nodedb::bench {

namespace {

constexpr std::int64_t nap_ns = 50 * ns_per_ms;
constexpr std::int64_t greeting_ns_max = 5 * ns_per_s;

struct Connection {
  edge::FileHandle socket;
  std::unique_ptr<Protocol> protocol;
  std::size_t outstanding = 0;
};

class Load {
 public:
  explicit Load(const LoadOptions& options)
      : options_(options),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        connections_(std::min(options.connections, options.outstanding)) {}

  bool connect(const MakeProtocol& protocol, std::string& complaint) {
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      const int port = options_.ports[i % options_.ports.size()];
      connections_[i].socket = connect_to(port);
      if (!connections_[i].socket.valid()) {
        complaint = "cannot connect to port " + std::to_string(port);
        return false;
      }
      connections_[i].protocol = protocol();
      watch(epoll_, connections_[i].socket, i);
    }
    const std::int64_t end = now_ns() + greeting_ns_max;
    const auto ready = [](const Connection& one) { return one.protocol->ready(); };
    while (!lost_ && !std::ranges::all_of(connections_, ready)) {
      turn(nap_ns);
      lost_ = lost_ || now_ns() > end;
    }
    if (lost_) complaint = "a server takes connections, but does not greet";
    return !lost_;
  }

  std::optional<LoadResult> run(std::string& complaint) {
    const std::int64_t begin = now_ns();
    const std::int64_t end = begin + static_cast<std::int64_t>(options_.seconds * 1e9);
    due_ns_ = begin;
    if (options_.rate == 0) {
      for (std::size_t i = 0; i < options_.outstanding; ++i)
        start(connections_[i % connections_.size()], begin);
    }
    while (!lost_ && (options_.each_once ? answered_ < options_.keys : now_ns() < end)) {
      start_due();
      turn(until_due());
    }
    if (lost_) {
      complaint = "a connection was lost, or the rate is beyond what the servers take";
      return std::nullopt;
    }
    return summary_of(std::move(latencies_ns_), errors_, static_cast<double>(now_ns() - begin) / 1e9);
  }

 private:
  void start(Connection& connection, std::int64_t at) {
    if (options_.each_once && begun_ == options_.keys) return;
    connection.protocol->begin(options_.each_once ? begun_ : rng_.below(options_.keys), at);
    ++connection.outstanding;
    ++begun_;
  }

  /// Open loop only.
  void start_due() {
    if (options_.rate == 0) return;
    const std::int64_t now = now_ns();
    const auto pause = static_cast<std::int64_t>(1e9 / options_.rate);
    for (; due_ns_ <= now; due_ns_ += pause) {
      Connection& next = connections_[begun_ % connections_.size()];
      lost_ = lost_ || next.outstanding > options_.behind_max / connections_.size();
      start(next, due_ns_);
    }
  }

  std::int64_t until_due() const {
    return options_.rate == 0 ? nap_ns : std::clamp<std::int64_t>(due_ns_ - now_ns(), 0, nap_ns);
  }

  /// Sends what there is, and takes what comes within `wait_ns`.
  void turn(std::int64_t wait_ns) {
    for (const Connection& one : connections_) send(one);
    std::array<epoll_event, 256> events;
    const timespec nap{0, wait_ns};
    const int ready = ::epoll_pwait2(epoll_.get(), events.data(), events.size(), &nap, nullptr);
    for (int i = 0; i < ready; ++i) receive(connections_[events[static_cast<std::size_t>(i)].data.u64]);
  }

  void send(const Connection& connection) {
    const std::string unsent = connection.protocol->take_unsent();
    for (std::size_t done = 0; done < unsent.size();) {
      const ssize_t sent =
          ::send(connection.socket.get(), unsent.data() + done, unsent.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) {
        lost_ = true;
        return;
      }
      done += static_cast<std::size_t>(sent);
    }
  }

  void receive(Connection& connection) {
    const ssize_t got = ::recv(connection.socket.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    const auto answers = got <= 0
                             ? std::nullopt
                             : connection.protocol->receive({buffer_.data(), static_cast<std::size_t>(got)});
    if (!answers) {
      lost_ = true;
      return;
    }
    const std::int64_t now = now_ns();
    connection.outstanding -= answers->size();
    for (const Protocol::Answer& answer : *answers) {
      ++answered_;
      if (answer.fine)
        latencies_ns_.push_back(now - answer.began_ns);
      else
        ++errors_;
      if (options_.rate == 0) start(connection, now);
    }
  }

  LoadOptions options_;
  edge::FileHandle epoll_;
  std::vector<Connection> connections_;
  std::array<char, 256 * 1024> buffer_;
  Rng rng_{1};
  std::int64_t due_ns_ = 0;
  std::uint64_t begun_ = 0;
  std::vector<std::int64_t> latencies_ns_;
  std::uint64_t answered_ = 0;
  std::uint64_t errors_ = 0;
  bool lost_ = false;
};

}  // namespace

LoadOptions filling(LoadOptions options) {
  options.operation = Operation::set;
  options.outstanding = 64;
  options.connections = options.ports.size();
  options.rate = 0;
  options.each_once = true;
  return options;
}

std::optional<LoadResult> run_load(const LoadOptions& options, const MakeProtocol& protocol,
                                   std::string& complaint) {
  Load load(options);
  if (!load.connect(protocol, complaint)) return std::nullopt;
  return load.run(complaint);
}

std::optional<LoadResult> run_load(const LoadOptions& options, std::string& complaint) {
  return run_load(options, redis_protocol(options), complaint);
}

}  // namespace nodedb::bench
