// SPDX-License-Identifier: Apache-2.0
#pragma once

// The inside of a Transport: links (one for each connection to a node), which of them is a peer's current
// one, dialling, and operator requests. Only for the transport's own .cc files.

#include <array>
#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>
#include <asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <utility>

#include "edge/quic/endpoint.h"
#include "edge/quic/log_gate.h"
#include "edge/quic/transport.h"
#include "wire/peer_codec.h"
#include "wire/writer.h"

namespace nodedb::quic {

inline constexpr std::int64_t no_stream = -1;

/// One open connection to another node.
struct Link {
  std::uint64_t connection = 0;
  Uuid peer;
  Instance instance{};
  bool ours = false;                    ///< we dialled it
  std::int64_t heard_ns = long_ago.ns;  ///< when the last frame came
  std::string dialled_address;
  std::int64_t close_by_ns = never.ns;  ///< not the current one: the peer should have closed it by then

  /// A stream.
  struct Lane {
    std::int64_t id = no_stream;
    /// Acceptor only: frames from before the dialler has opened it.
    std::vector<wire::EncodedMessage> waiting;
    std::size_t waiting_bytes = 0;
  };
  std::array<Lane, wire::stream_classes.size()> lanes{};
  Lane& lane(wire::StreamClass stream_class) { return lanes[static_cast<std::size_t>(stream_class)]; }
  const Lane& lane(wire::StreamClass stream_class) const {
    return lanes[static_cast<std::size_t>(stream_class)];
  }
};

struct OperatorRequest {
  std::uint64_t connection = 0;
  std::int64_t stream = 0;
};

/// A connection that came by the door.
struct Newcomer {
  std::int64_t close_by_ns = 0;  ///< what it waits for has not come by then
  std::int64_t stream = no_stream;
  std::uint64_t request = 0;  ///< 0: it has not asked yet
  bool answered = false;
};

struct Transport::Impl final : Endpoint::Handler {
  Impl(asio::io_context& io, TransportOptions given, TransportCallbacks to);
  ~Impl() override;

  // Endpoint::Handler
  Result<void> admit(const Connection& connection, const tls::PeerIdentity& peer) override;
  void opened(Connection& connection) override;
  void received(Connection& connection, std::int64_t stream, wire::Frame frame) override;
  void stream_ended(Connection& connection, std::int64_t stream) override;
  void closed(Connection& connection) override;

  // links (transport_links.cc)
  void add_link(Connection& connection);
  void settle_pair(Link& link, Link& current);
  void refuse_twin(const Link& link, const Link& before);
  void note_twin(const CloseReason& reason);
  void note_removal(const Connection& connection, const CloseReason& reason);
  void turn_away(std::uint64_t connection, const Uuid& peer);
  void make_current(Link& link);
  void leave_current(const Uuid& peer);
  bool open_streams(Connection& connection, Link& link);
  void attach_stream(Connection& connection, Link& link, std::int64_t stream, const wire::Frame& frame);
  void receive_message(Connection& connection, Link& link, std::int64_t stream, const wire::Frame& frame);
  void receive_datagram(Connection& connection, Link& link, const wire::Frame& frame);
  bool send_datagram(Link& link, const wire::PeerMessage& message);
  /// What counts against the queue's bound.
  static std::size_t queued_bytes(const Link::Lane& lane, const Connection* connection, wire::Counted which);
  bool enqueue(Link& link, wire::StreamClass stream_class, wire::EncodedMessage message);
  void drop_link(std::uint64_t number, const std::string& reason);
  void close_removed();
  bool by_smaller(const Link& link) const;
  bool same_address(const Link& a, const Link& b) const;
  void close_connection(std::uint64_t number, CloseCode code, std::string text);
  void bad_input(Connection& connection, std::string text);
  void tell_of_refusal(const Connection& connection, const CloseReason& reason);
  void warn_about(const Connection& connection, std::string_view what, const std::string& reason);

  // dialling (transport_dial.cc)
  void plan_changed();
  void on_timer();
  void dial_due();
  void resolve(const DialPlan::Due& due);
  void dial(const DialPlan::Due& due, const Address& to);
  void dial_failed(const std::string& address, const std::string& reason);
  bool is_connected(const Uuid& peer) const { return current.contains(peer); }

  // operators (transport_operators.cc)
  void operator_received(Connection& connection, std::int64_t stream, wire::Frame frame);
  void answer(std::uint64_t id, Bytes response);
  void forget_operator(std::uint64_t connection);

  // the door (transport_door.cc)
  void newcomer_opened(const Connection& connection);
  void newcomer_asked(Connection& connection, std::int64_t stream, const wire::Frame& frame);
  void answer_newcomer(std::uint64_t id, const wire::JoinAnswer& answer);
  void close_late_newcomers(std::int64_t now_ns);

  struct Dialling {
    std::string address;
    std::optional<Uuid> expected;
    bool found_self = false;
  };

  asio::io_context& loop;
  TransportOptions options;
  TransportCallbacks callbacks;
  std::unique_ptr<Endpoint> endpoint;
  tls::PeerIdentity own;
  DialPlan plan;
  asio::steady_timer timer;
  asio::ip::udp::resolver resolver;
  std::map<std::uint64_t, Link> links;
  std::map<Uuid, std::uint64_t> current;
  std::map<std::uint64_t, Dialling> dialling;
  std::vector<Address> own_addresses;  ///< of seeds that turned out to be ourselves; one for each at most
  std::set<Uuid> removed;
  std::map<std::uint64_t, Newcomer> newcomers;
  JoinGate gate;
  std::map<std::uint64_t, OperatorRequest> requests;
  std::uint64_t next_request = 1;
  bool paused = false;
  bool stopped = false;
  LogGate refusals;
  std::int64_t twin_told_ns = long_ago.ns;
  TransportStats counted;
  // asio may call a handler after the transport is gone: handlers keep a weak reference to this.
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

}  // namespace nodedb::quic
