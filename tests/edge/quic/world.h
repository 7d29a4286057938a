// SPDX-License-Identifier: Apache-2.0
#pragma once

// Transports in one process on loopback, driven by one asio loop in the test's own thread. A test waits for a
// condition by running the loop; real time passes only because the transport's timers are real.

#include <algorithm>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "edge/base/log.h"
#include "edge/quic/transport.h"
#include "edge/tls/certificates.h"
#include "tests/edge/tls/temp_directory.h"

namespace nodedb::quic {

inline Uuid uuid_of(std::uint64_t n) {
  Rng rng(n);
  Uuid id = Uuid::v4(rng);
  id.bytes[0] = static_cast<std::uint8_t>(n);  // so that smaller numbers have smaller UUIDs
  return id;
}

/// One transport and what it reported.
struct Peer {
  std::unique_ptr<Transport> transport;
  std::vector<std::string> events;  ///< "+<uuid>" and "-<uuid>", in order
  std::vector<std::string> dialled;
  std::vector<std::pair<std::string, std::string>> turned_away;  ///< who and why
  std::vector<Uuid> removed_by;
  std::map<Uuid, std::vector<wire::PeerMessage>> received;
  std::vector<std::pair<std::uint64_t, Bytes>> requests;
  std::vector<std::pair<std::uint64_t, JoinAsk>> asks;
  std::function<void(std::uint64_t, const JoinAsk&)> on_ask;  ///< who it is that answers; without: nobody
  std::function<void(const Uuid&, const wire::PeerMessage&)> on_received;
  bool keep = true;  ///< whether `received` is filled

  Transport* operator->() const { return transport.get(); }
  std::size_t count(const std::string& event) const {
    return static_cast<std::size_t>(std::ranges::count(events, event));
  }
};

class World {
 public:
  explicit World(std::uint64_t cluster_number = 100) : cluster_(uuid_of(cluster_number)) {
    must(tls::create_ca(directory_ / "ca", cluster_));
    const bool loud = std::getenv("NODEDB_TEST_LOG") != nullptr;
    log::configure(log::Format::logfmt, loud ? log::Level::debug : log::Level::off);
    log::observe([this](log::Level, const std::string& line) { lines_.push_back(line); });
  }
  ~World() { log::observe({}); }

  static void must(const Result<void>& result) {
    if (!result) throw std::runtime_error(result.error().detail);
  }

  asio::io_context& loop() { return loop_; }
  const Uuid& cluster() const { return cluster_; }
  const std::string& path() const { return directory_.path(); }

  /// The certificates of node n, made at first use.
  std::string certs(std::uint64_t n) {
    const auto path = directory_ / ("n" + std::to_string(n));
    if (!tls::identity_of(path + "/node.crt"))
      must(tls::issue_node(directory_ / "ca", path, {uuid_of(n), {}}));
    return path;
  }
  std::string operator_certs(const std::string& name, tls::Role role = tls::Role::operator_) {
    const auto path = directory_ / name;
    must(tls::issue_client(directory_ / "ca", path, {name, role}));
    return path;
  }

  TransportOptions options(std::uint64_t n) {
    TransportOptions made;
    made.certs = certs(n);
    made.reset_secret.fill(static_cast<std::uint8_t>(n));
    made.idle_timeout_ns = 20 * ns_per_s;  // a machine may be slow; tests of silence set their own
    return made;
  }

  /// With an open door if asked for.
  std::unique_ptr<Peer> start(TransportOptions options, bool door = false) {
    auto peer = std::make_unique<Peer>();
    auto* raw = peer.get();
    TransportCallbacks callbacks;
    callbacks.connected = [raw](const Uuid& id, const std::string& address) {
      raw->events.push_back("+" + id.text());
      raw->dialled.push_back(address);
    };
    callbacks.turned_away = [raw](const std::string& who, const std::string& why) {
      raw->turned_away.emplace_back(who, why);
    };
    callbacks.told_removed = [raw](const Uuid& by) { raw->removed_by.push_back(by); };
    callbacks.disconnected = [raw](const Uuid& id) { raw->events.push_back("-" + id.text()); };
    callbacks.received = [raw](const Uuid& id, wire::PeerMessage message) {
      if (raw->on_received) raw->on_received(id, message);
      if (raw->keep) raw->received[id].push_back(std::move(message));
    };
    callbacks.operator_request = [raw](std::uint64_t id, const std::string&, Bytes request) {
      raw->requests.emplace_back(id, std::move(request));
    };
    if (door) {
      callbacks.join_request = [raw](std::uint64_t id, JoinAsk ask) {
        raw->asks.emplace_back(id, std::move(ask));
        if (raw->on_ask) raw->on_ask(id, raw->asks.back().second);
      };
    }
    auto opened = Transport::open(loop_, std::move(options), std::move(callbacks));
    if (!opened) throw std::runtime_error(opened.error().detail);
    peer->transport = std::move(*opened);
    return peer;
  }
  std::unique_ptr<Peer> start(std::uint64_t n) { return start(options(n)); }

  /// Runs the loop until `done` or the patience ends; whether it is done.
  bool until(const std::function<bool()>& done,
             std::chrono::milliseconds patience = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!done()) {
      const auto left = end - std::chrono::steady_clock::now();
      if (left <= left.zero()) return false;
      loop_.restart();
      loop_.run_one_for(std::min<std::chrono::steady_clock::duration>(left, std::chrono::milliseconds(20)));
    }
    return true;
  }
  /// Runs the loop for a while. How often it slept and was woken.
  std::size_t wake_ups_in(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    std::size_t wake_ups = 0;
    loop_.restart();
    while (loop_.run_one_until(end) > 0) {
      ++wake_ups;
      loop_.poll();
    }
    return wake_ups;
  }
  /// Runs the loop for a while: for "nothing more happens".
  void run_for(std::chrono::milliseconds time) {
    until([] { return false; }, time);
  }

  bool logged(const std::string& part) const {
    return std::ranges::any_of(lines_,
                               [&](const auto& line) { return line.find(part) != std::string::npos; });
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  test::TempDirectory directory_;
  Uuid cluster_;
  asio::io_context loop_;
  std::vector<std::string> lines_;
};

inline wire::PeerMessage chunk(std::uint64_t sequence, std::size_t bytes) {
  wire::SnapshotChunk made;
  made.sequence = sequence;
  made.group = GroupId(1);
  made.rows = Blob(Bytes(bytes, static_cast<char>('a' + sequence % 26)));
  return made;
}
inline wire::PeerMessage credit(std::uint64_t next) {
  wire::SnapshotCredit made;
  made.group = GroupId(1);
  made.next = next;
  return made;
}
inline wire::PeerMessage forward(std::uint64_t request, std::size_t bytes) {
  wire::ForwardBundle made;
  wire::Forward one;
  one.request = request;
  one.group = GroupId(1);
  one.command = Blob(Bytes(bytes, 'x'));
  made.requests.push_back(std::move(one));
  return made;
}

}  // namespace nodedb::quic
