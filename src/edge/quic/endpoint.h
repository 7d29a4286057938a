// SPDX-License-Identifier: Apache-2.0
#pragma once

// A UDP port full of QUIC connections: routes datagrams to them, accepts new ones within caps, keeps their
// deadlines, and turns what happens to them into calls of one Handler. Runs on an asio loop; net thread only.
// The Handler is called from the loop, never from inside a call that it makes.

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "edge/quic/address.h"
#include "edge/quic/connection.h"
#include "edge/quic/packet_sink.h"
#include "edge/quic/udp_socket.h"
#include "edge/tls/credentials.h"

namespace asio {
class io_context;
}

namespace nodedb::quic {

struct EndpointOptions {
  VersionRange versions;
  tls::Secret reset_secret{};
  Windows windows;
  std::int64_t idle_timeout_ns = 4'000'000'000;
  std::int64_t handshake_timeout_ns = 5'000'000'000;
  bool accept = true;
  bool open_door = false;  ///< accepts newcomers, without a certificate, as such
  bool newcomer = false;   ///< dials the door of others
  std::size_t connections_max = limits::connections_max;
  std::size_t handshakes_max = limits::handshakes_max;
  std::size_t handshakes_before_retry = limits::handshakes_before_retry;
};

struct EndpointStats {
  std::uint64_t datagrams_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t packets_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t unroutable = 0;   ///< datagrams that belong to no connection and begin none
  std::uint64_t resets_sent = 0;  ///< stateless resets
  std::uint64_t retries_sent = 0;
  std::uint64_t connections_refused = 0;  ///< over a cap
  std::size_t connections = 0;
  std::size_t handshakes = 0;  ///< accepted and not yet authenticated
};

class Endpoint : private ConnectionHost, private UdpSocket::Receiver {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    /// In the handshake: whether this peer may connect. Judges only, and calls nothing.
    virtual Result<void> admit(const Connection& connection, const tls::PeerIdentity& peer) = 0;
    /// Both sides accepted each other.
    virtual void opened(Connection& connection) = 0;
    virtual void received(Connection& connection, std::int64_t stream, wire::Frame frame) = 0;
    virtual void stream_ended(Connection& connection, std::int64_t stream) = 0;
    /// Once for each connection, also for those that never opened; it carries nothing any more.
    virtual void closed(Connection& connection) = 0;
  };

  static Result<std::unique_ptr<Endpoint>> open(asio::io_context& loop, const Address& listen,
                                                tls::Credentials credentials, EndpointOptions options,
                                                Handler& handler);
  ~Endpoint() override;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  const Address& local() const;
  /// When the turn began in which the handler is called.
  std::int64_t now_ns() const { return now_ns_; }
  const tls::Credentials& credentials() const;
  struct Untrusted {
    std::uint64_t connection = 0;
    Error why;
  };
  /// For the handshakes that begin or are judged from now on. Answers whose certificates would no longer be
  /// accepted: they are still connected. Errors: those of Credentials::accepts; the old ones stay.
  Result<std::vector<Untrusted>> exchange_credentials(tls::Credentials next);
  /// Begins a connection; `opened` or `closed` follows. Errors: busy, invalid_state.
  Result<std::uint64_t> dial(const Address& to);
  /// Null once it is closed.
  Connection* find(std::uint64_t number);
  /// Something was queued on it or it was closed: written out in the loop's next turn, together with all
  /// else.
  void touch(Connection& connection);
  EndpointStats stats() const;
  /// Closes every connection, tells the peers, and stops. No call of the handler follows.
  void shut_down();

 private:
  struct Loop;
  Endpoint(asio::io_context& loop, UdpSocket socket, tls::Credentials credentials, EndpointOptions options,
           Handler& handler);

  Result<void> admit(const Connection& connection, const tls::PeerIdentity& peer) override;
  void add_route(const ngtcp2_cid& id, Connection& connection) override;
  void remove_route(const ngtcp2_cid& id) override;
  void datagram(const Address& from, std::span<const std::uint8_t> bytes) override;

  void unroutable(const Address& from, std::span<const std::uint8_t> bytes, const ngtcp2_version_cid& ids);
  void begin_accepted(const Address& from, std::span<const std::uint8_t> bytes);
  bool needs_retry(const Address& from, Connection::Initial& initial);
  void send_retry(const Address& from, const ngtcp2_pkt_hd& header);
  void send_reset(const Address& from, std::span<const std::uint8_t> packet, const ngtcp2_version_cid& ids);
  void send_version_negotiation(const Address& to, const ngtcp2_version_cid& ids);
  void send_alone(const Address& to, std::span<const std::uint8_t> packet);

  Connection& keep(std::unique_ptr<Connection> connection);
  void touch_number(std::uint64_t number);
  void wait_readable();
  void wait_writable();
  void on_readable();
  void on_deadline();
  void schedule_turn();
  void turn();
  void deliver(Connection& connection);
  void write_touched();
  void settle(Connection& connection);
  void set_deadline(Connection& connection);
  void arm();

  std::unique_ptr<Loop> loop_;
  UdpSocket socket_;
  PacketSink sink_;
  EndpointOptions options_;
  ConnectionShared shared_;
  Handler& handler_;
  tls::Secret retry_secret_{};
  std::int64_t now_ns_ = 0;
  bool shut_ = false;

  struct Entry {
    std::unique_ptr<Connection> connection;
    std::int64_t deadline_ns = 0;
    bool touched = false;
    bool reported_closed = false;
    bool handshaking = false;  ///< counted in handshakes_
  };
  std::uint64_t next_number_ = 1;
  std::unordered_map<std::string, std::uint64_t> routes_;  // by connection id; declared before its users
  std::unordered_map<std::uint64_t, Entry> connections_;
  std::set<std::pair<std::int64_t, std::uint64_t>> deadlines_;
  std::vector<std::uint64_t> touched_;
  std::vector<ConnectionEvent> spare_events_;  ///< empty: room for events
  std::size_t handshakes_ = 0;
  std::int64_t reset_allowance_at_ns_ = 0;
  std::int64_t reset_allowance_ = 0;
  EndpointStats stats_;
};

}  // namespace nodedb::quic
