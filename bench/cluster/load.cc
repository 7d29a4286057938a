// SPDX-License-Identifier: Apache-2.0
#include "bench/cluster/load.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>

#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "bench/cluster/client.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::bench {

namespace {

/// An open loop that falls behind by more than this is not a loop any more.
constexpr std::size_t outstanding_max = 100'000;
constexpr std::int64_t nap_ns = 50 * ns_per_ms;

struct Connection {
  edge::FileHandle socket;
  std::string unsent;
  std::string received;
  std::deque<std::int64_t> began_ns;  ///< of the commands under way, in order
};

/// Bytes of the whole reply at `from`, 0 if it is not all there. Simple strings, errors, integers and bulk
/// strings: what SET and GET answer.
std::size_t reply_bytes(const std::string& text, std::size_t from) {
  const std::size_t end = text.find("\r\n", from);
  if (end == std::string::npos) return 0;
  const std::size_t line = end + 2 - from;
  if (text[from] != '$') return line;
  const long size = std::strtol(text.c_str() + from + 1, nullptr, 10);
  const std::size_t whole = size < 0 ? line : line + static_cast<std::size_t>(size) + 2;
  return text.size() - from >= whole ? whole : 0;
}

std::string bulk(const std::string& word) {
  return "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
}

/// One command for each key.
std::vector<std::string> commands_for(const LoadOptions& options) {
  const std::string value(options.value_bytes, 'v');
  std::vector<std::string> commands;
  for (std::uint64_t i = 0; i < options.keys; ++i) {
    const auto vshard = static_cast<std::uint16_t>(i % options.vshards * vshard_count / options.vshards);
    const std::string key = e2e::key_in(VShardId(vshard), "b" + std::to_string(i));
    commands.push_back(options.operation == Operation::set ? "*3\r\n$3\r\nSET\r\n" + bulk(key) + bulk(value)
                                                           : "*2\r\n$3\r\nGET\r\n" + bulk(key));
  }
  return commands;
}

class Load {
 public:
  explicit Load(const LoadOptions& options)
      : options_(options),
        commands_(commands_for(options)),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        connections_(std::min(options.connections, options.outstanding)) {}

  bool connect(std::string& complaint) {
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      const int port = options_.ports[i % options_.ports.size()];
      connections_[i].socket = connect_to(port);
      if (!connections_[i].socket.valid()) {
        complaint = "cannot connect to port " + std::to_string(port);
        return false;
      }
      watch(epoll_, connections_[i].socket, i);
    }
    return true;
  }

  std::optional<LoadResult> run(std::string& complaint) {
    const std::int64_t begin = now_ns();
    const std::int64_t end = begin + static_cast<std::int64_t>(options_.seconds * 1e9);
    due_ns_ = begin;
    if (options_.rate == 0) {
      for (std::size_t i = 0; i < options_.outstanding; ++i)
        start(connections_[i % connections_.size()], begin);
    }
    std::array<epoll_event, 256> events;
    while (!lost_ && (options_.each_once ? latencies_ns_.size() < commands_.size() : now_ns() < end)) {
      start_due();
      for (Connection& one : connections_) send(one);
      const timespec nap = until_due();
      const int ready = ::epoll_pwait2(epoll_.get(), events.data(), events.size(), &nap, nullptr);
      for (int i = 0; i < ready; ++i) receive(connections_[events[static_cast<std::size_t>(i)].data.u64]);
    }
    if (lost_) {
      complaint = "a connection was lost, or the rate is beyond what the cluster takes";
      return std::nullopt;
    }
    return summary_of(std::move(latencies_ns_), errors_, static_cast<double>(now_ns() - begin) / 1e9);
  }

 private:
  void start(Connection& connection, std::int64_t at) {
    if (options_.each_once && turn_ == commands_.size()) return;
    connection.unsent += commands_[options_.each_once ? turn_++ : rng_.below(commands_.size())];
    connection.began_ns.push_back(at);
  }

  /// Open loop only.
  void start_due() {
    if (options_.rate == 0) return;
    const std::int64_t now = now_ns();
    const auto pause = static_cast<std::int64_t>(1e9 / options_.rate);
    for (; due_ns_ <= now; due_ns_ += pause) {
      Connection& next = connections_[turn_++ % connections_.size()];
      lost_ = lost_ || next.began_ns.size() > outstanding_max / connections_.size();
      start(next, due_ns_);
    }
  }

  timespec until_due() const {
    const std::int64_t wait =
        options_.rate == 0 ? nap_ns : std::clamp<std::int64_t>(due_ns_ - now_ns(), 0, nap_ns);
    return {0, wait};
  }

  void send(Connection& connection) {
    while (!connection.unsent.empty()) {
      const ssize_t sent =
          ::send(connection.socket.get(), connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        lost_ = true;
        return;
      }
      connection.unsent.erase(0, static_cast<std::size_t>(sent));
    }
  }

  void receive(Connection& connection) {
    const ssize_t got = ::recv(connection.socket.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got <= 0) {
      lost_ = true;
      return;
    }
    connection.received.append(buffer_.data(), static_cast<std::size_t>(got));
    const std::int64_t now = now_ns();
    std::size_t done = 0;
    while (const std::size_t bytes = reply_bytes(connection.received, done)) {
      errors_ += connection.received[done] == '-' ? 1 : 0;
      done += bytes;
      latencies_ns_.push_back(now - connection.began_ns.front());
      connection.began_ns.pop_front();
      if (options_.rate == 0) start(connection, now);
    }
    connection.received.erase(0, done);
  }

  LoadOptions options_;
  std::vector<std::string> commands_;
  edge::FileHandle epoll_;
  std::vector<Connection> connections_;
  std::array<char, 256 * 1024> buffer_;
  Rng rng_{1};
  std::int64_t due_ns_ = 0;
  std::size_t turn_ = 0;
  std::vector<std::int64_t> latencies_ns_;
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

std::optional<LoadResult> run_load(const LoadOptions& options, std::string& complaint) {
  Load load(options);
  if (!load.connect(complaint)) return std::nullopt;
  return load.run(complaint);
}

}  // namespace nodedb::bench
