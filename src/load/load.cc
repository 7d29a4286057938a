// SPDX-License-Identifier: Apache-2.0
#include "load/load.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/rng.h"
#include "base/time.h"
#include "base/units.h"
#include "edge/base/clock.h"
#include "load/link.h"
#include "load/redis_protocol.h"

namespace nodedb::load {

namespace {

constexpr std::int64_t nap_ns = 50 * ns_per_ms;
constexpr std::int64_t greeting_ns_max = 5 * ns_per_s;
/// Between two attempts to connect.
constexpr std::int64_t pause_ns = 100 * ns_per_ms;

std::int64_t now_ns() {
  return edge::monotonic_time().ns;
}

struct Connection {
  std::size_t server = 0;
  std::unique_ptr<Link> link;  ///< null: to be made again at `again_ns`
  std::unique_ptr<Protocol> protocol;
  std::string unsent;
  std::size_t sent = 0;  ///< of `unsent`
  std::size_t outstanding = 0;
  std::int64_t again_ns = 0;
  bool begun = false;     ///< it is ready, and has its share
  std::uint32_t waits{};  ///< what epoll looks for

  bool ready() const { return link && link->state() == Link::State::open && protocol->ready(); }
};

class Load {
 public:
  Load(const LoadOptions& options, const MakeProtocol& protocol, const LoadWatch& watch)
      : options_(options),
        make_protocol_(protocol),
        watch_(watch),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        connections_(std::min(options.connections, options.outstanding)) {}

  bool connect(std::string& complaint) {
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      connections_[i].server = i % options_.servers.size();
      dial(i);
    }
    const std::int64_t end = now_ns() + greeting_ns_max;
    while (!std::ranges::all_of(connections_, &Connection::ready)) {
      const auto lost = std::ranges::find_if(connections_, [](const Connection& one) { return !one.link; });
      if (lost != connections_.end() || now_ns() > end) {
        complaint = lost != connections_.end() ? "cannot connect to " + server_before(*lost).name
                                               : "a server takes connections, but does not greet";
        return false;
      }
      turn(nap_ns);
    }
    return true;
  }

  std::optional<LoadResult> run(std::string& complaint) {
    begin_ns_ = looked_ns_ = due_ns_ = heard_ns_ = now_ns();
    const std::int64_t end = begin_ns_ + static_cast<std::int64_t>(options_.seconds * 1e9);
    while (!behind_ && (options_.each_once ? answered_ < options_.keys : now_ns() < end)) {
      if (watch_.ended && watch_.ended()) break;
      start_due();
      for (std::size_t i = 0; i < connections_.size(); ++i) keep_up(i);
      turn(until_due());
      look();
      if (options_.each_once && now_ns() - heard_ns_ > patience_ns()) {
        complaint = "no server has answered for " + fixed(options_.patience_seconds, 1) + " s";
        return std::nullopt;
      }
    }
    if (behind_) {
      complaint = "the rate is beyond what the servers take";
      return std::nullopt;
    }
    return result();
  }

 private:
  const Server& server_before(const Connection& connection) const {
    const std::size_t count = options_.servers.size();
    return options_.servers[(connection.server + count - 1) % count];
  }

  void dial(std::size_t number) {
    Connection& one = connections_[number];
    one.link = std::make_unique<Link>(options_.servers[one.server], options_.trust);
    one.protocol = make_protocol_();
    one.begun = false;
    if (one.link->state() == Link::State::lost) return lose(number);
    one.waits = EPOLLIN | EPOLLOUT;
    control(EPOLL_CTL_ADD, number);
  }

  void control(int what, std::size_t number) {
    epoll_event event{};
    event.events = connections_[number].waits;
    event.data.u64 = number;
    ::epoll_ctl(epoll_.get(), what, connections_[number].link->socket(), &event);
  }

  /// What it had under way will not be answered.
  void lose(std::size_t number) {
    Connection& one = connections_[number];
    fail("DISCONNECTED", std::exchange(one.outstanding, 0));
    one.link.reset();
    one.unsent.clear();
    one.sent = 0;
    one.server = (one.server + 1) % options_.servers.size();
    one.again_ns = now_ns() + pause_ns;
  }

  void fail(const std::string& code, std::uint64_t times) {
    if (times == 0) return;
    codes_[code] += times;
    errors_ += times;
    answered_ += times;
    recent_.errors += times;
  }

  void start(Connection& connection, std::int64_t at) {
    if (options_.each_once && begun_ == options_.keys) return;
    const bool reads = options_.reads > 0 && rng_.chance(options_.reads);
    connection.protocol->begin(reads ? Operation::get : options_.operation,
                               options_.each_once ? begun_ : rng_.below(options_.keys), at);
    ++connection.outstanding;
    ++begun_;
  }

  /// Of a closed loop: what is to be under way on the connection.
  std::size_t share(std::size_t number) const {
    const std::size_t count = connections_.size();
    return options_.outstanding / count + (number < options_.outstanding % count ? 1 : 0);
  }

  void keep_up(std::size_t number) {
    Connection& one = connections_[number];
    if (!one.link) {
      if (now_ns() >= one.again_ns) dial(number);
      return;
    }
    if (one.begun || !one.ready()) return;
    one.begun = true;
    if (options_.rate > 0) return;
    const std::int64_t now = now_ns();
    for (std::size_t i = 0; i < share(number); ++i) start(one, now);
  }

  /// Open loop only.
  void start_due() {
    if (options_.rate == 0) return;
    const std::int64_t now = now_ns();
    const auto pause = static_cast<std::int64_t>(1e9 / options_.rate);
    for (; due_ns_ <= now; due_ns_ += pause) {
      Connection* const next = next_ready();
      if (next == nullptr) {
        fail("UNREACHABLE", 1);
        continue;
      }
      behind_ = behind_ || next->outstanding > options_.behind_max / connections_.size();
      start(*next, due_ns_);
    }
  }

  Connection* next_ready() {
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      Connection& one = connections_[turn_++ % connections_.size()];
      if (one.ready()) return &one;
    }
    return nullptr;
  }

  std::int64_t patience_ns() const { return static_cast<std::int64_t>(options_.patience_seconds * 1e9); }

  std::int64_t until_due() const {
    return options_.rate == 0 ? nap_ns : std::clamp<std::int64_t>(due_ns_ - now_ns(), 0, nap_ns);
  }

  /// Sends what there is, and takes what comes within `wait_ns`.
  void turn(std::int64_t wait_ns) {
    for (std::size_t i = 0; i < connections_.size(); ++i) send(i);
    std::array<epoll_event, 256> events;
    const timespec nap{0, wait_ns};
    const int ready = ::epoll_pwait2(epoll_.get(), events.data(), events.size(), &nap, nullptr);
    for (int i = 0; i < ready; ++i) serve(events[static_cast<std::size_t>(i)].data.u64);
  }

  void send(std::size_t number) {
    Connection& one = connections_[number];
    if (!one.link || one.link->state() != Link::State::open) return;
    one.unsent += one.protocol->take_unsent();
    if (one.sent < one.unsent.size())
      one.sent += one.link->send(std::string_view(one.unsent).substr(one.sent));
    if (one.link->state() == Link::State::lost) return lose(number);
    if (one.sent == one.unsent.size()) {
      one.unsent.clear();
      one.sent = 0;
    }
    const std::uint32_t waits = one.unsent.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
    if (std::exchange(one.waits, waits) != waits) control(EPOLL_CTL_MOD, number);
  }

  void serve(std::size_t number) {
    Connection& one = connections_[number];
    if (!one.link) return;
    if (one.link->state() == Link::State::opening) one.link->open();
    // Of what TLS has taken in, the socket does not tell: read until there is nothing.
    while (one.link->state() == Link::State::open) {
      const std::size_t got = one.link->receive(buffer_);
      if (got == 0) break;
      const auto answers = one.protocol->receive({buffer_.data(), got});
      if (!answers) return lose(number);
      take(one, *answers);
      if (got < buffer_.size() && options_.trust == nullptr) break;
    }
    if (one.link->state() == Link::State::lost) lose(number);
  }

  void take(Connection& connection, const std::vector<Protocol::Answer>& answers) {
    const std::int64_t now = now_ns();
    if (!answers.empty()) heard_ns_ = now;
    connection.outstanding -= answers.size();
    for (const Protocol::Answer& answer : answers) {
      if (answer.error.empty()) {
        ++answered_;
        latencies_.add(now - answer.began_ns);
        if (watch_.progress) recent_latencies_.add(now - answer.began_ns);
      } else {
        fail(answer.error, 1);
      }
      if (options_.rate == 0) start(connection, now);
    }
  }

  void look() {
    const std::int64_t now = now_ns();
    if (!watch_.progress || now - looked_ns_ < ns_per_s) return;
    recent_.seconds = static_cast<double>(now - begin_ns_) / 1e9;
    recent_.since = static_cast<double>(now - std::exchange(looked_ns_, now)) / 1e9;
    recent_.operations = recent_latencies_.count();
    recent_.p99_ns = recent_latencies_.percentile_ns(0.99);
    watch_.progress(std::exchange(recent_, {}));
    recent_latencies_.clear();
  }

  LoadResult result() const {
    const auto us = [&](double part) { return static_cast<double>(latencies_.percentile_ns(part)) / 1e3; };
    return {latencies_.count(), errors_,   static_cast<double>(now_ns() - begin_ns_) / 1e9, us(0.5), us(0.9),
            us(0.99),           us(0.999), static_cast<double>(latencies_.max_ns()) / 1e3,  codes_};
  }

  const LoadOptions& options_;
  const MakeProtocol& make_protocol_;
  const LoadWatch& watch_;
  edge::FileHandle epoll_;
  std::vector<Connection> connections_;
  std::array<char, 256 * 1024> buffer_;
  Rng rng_{1};
  std::int64_t begin_ns_ = 0;
  std::int64_t looked_ns_ = 0;
  std::int64_t due_ns_ = 0;
  std::int64_t heard_ns_ = 0;  ///< the latest answer, good or bad
  std::uint64_t begun_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t errors_ = 0;
  std::size_t turn_ = 0;
  Latencies latencies_;
  Latencies recent_latencies_;
  LoadProgress recent_;
  std::map<std::string, std::uint64_t> codes_;
  bool behind_ = false;
};

}  // namespace

LoadOptions filling(LoadOptions options) {
  options.operation = Operation::set;
  options.reads = 0;
  options.outstanding = 64;
  options.connections = options.servers.size();
  options.rate = 0;
  options.each_once = true;
  return options;
}

std::optional<LoadResult> run_load(const LoadOptions& options, const MakeProtocol& protocol,
                                   std::string& complaint, const LoadWatch& watch) {
  Load load(options, protocol, watch);
  if (!load.connect(complaint)) return std::nullopt;
  return load.run(complaint);
}

std::optional<LoadResult> run_load(const LoadOptions& options, std::string& complaint) {
  return run_load(options, redis_protocol({keys_of(options), options.value_bytes}), complaint);
}

}  // namespace nodedb::load
