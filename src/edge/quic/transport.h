// SPDX-License-Identifier: Apache-2.0
#pragma once

// Messages between nodes over QUIC, and operator requests beside them on the same UDP port. Keeps one
// mutually authenticated connection to each peer, with a stream for each class of messages, so that bulk
// never delays a pulse. Messages may be lost with a connection or when a queue is full; the protocols above
// repeat them.
//
// Everything is called on, and calls back on, the one thread that runs the given asio loop. Callbacks may
// call any method but must not destroy the Transport.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "edge/quic/dial_plan.h"
#include "edge/quic/join_door.h"
#include "edge/quic/protocol.h"
#include "edge/tls/credentials.h"
#include "edge/tls/files.h"
#include "edge/tls/identity.h"
#include "wire/messages.h"

namespace asio {
class io_context;
}

namespace nodedb::quic {

/// What may wait for one peer on each stream; one frame always may. What the bytes of requests share counts
/// already where they wait for their answers, and not here.
struct SendQueueLimits {
  std::size_t log_bytes = limits::send_queue_bytes_max;
  std::size_t bulk_bytes = limits::send_queue_bytes_max / 2;

  /// The others: half of the log's.
  std::size_t of(wire::StreamClass stream_class) const;
};

struct TransportOptions {
  std::string listen = "127.0.0.1:0";           ///< IP address and port; port 0 lets the system choose
  std::string certs;                            ///< directory with ca.crt, node.crt and node.key
  std::optional<Uuid> cluster;                  ///< if given, the certificate must be of this cluster
  tls::Secret reset_secret{};                   ///< the same at every start (tls::load_or_create_secret)
  VersionRange versions;                        ///< of the protocol between nodes
  std::int64_t idle_timeout_ns = 4 * ns_per_s;  ///< a silent peer is given up; kept alive at a third of it
  std::int64_t handshake_timeout_ns = 5 * ns_per_s;
  DialPlan::Limits dialling;
  SendQueueLimits send_queues;
  std::size_t connections_max = limits::connections_max;
  std::size_t handshakes_max = limits::handshakes_max;
  std::size_t handshakes_before_retry = limits::handshakes_before_retry;
  JoinDoorLimits door;
};

struct TransportCallbacks {
  /// Both ends accepted each other. `dialled_address` is empty if the peer dialled us.
  std::function<void(const Uuid& peer, const std::string& dialled_address)> connected;
  /// What was sent to the peer before this may or may not have arrived.
  std::function<void(const Uuid& peer)> disconnected;
  std::function<void(const Uuid& peer, wire::PeerMessage message)> received;
  /// To be answered by `answer_operator`, in any order. `name`: of the operator, from the certificate.
  std::function<void(std::uint64_t id, const std::string& name, Bytes request)> operator_request;
  /// Somebody was refused, or closed for what they sent. `who`: a node's UUID or an operator's name if that
  /// is proved, else a host. Strangers can cause it as often as they like.
  std::function<void(const std::string& who, const std::string& why)> turned_away;
  /// A node of this cluster has refused us, because we were removed from it for ever.
  std::function<void(const Uuid& by)> told_removed;
  /// Opens the door for machines without a certificate. To be answered by `answer_join`, in any order.
  std::function<void(std::uint64_t id, JoinAsk ask)> join_request;
};

struct TransportStats {
  std::size_t peers = 0;        ///< connected
  std::size_t connections = 0;  ///< of any kind and state
  std::size_t handshakes = 0;   ///< accepted and not authenticated yet
  /// Held for peers: waiting, or sent and not acknowledged. Without what requests, answers and chunks share:
  /// that counts where it comes from, but for a write's large answer.
  std::size_t queued_bytes = 0;
  std::uint64_t frames_sent = 0;
  std::uint64_t frames_received = 0;
  std::uint64_t dropped_full = 0;         ///< frames dropped because a queue was full
  std::uint64_t dropped_unconnected = 0;  ///< messages to peers without a connection
  std::uint64_t bad_frames = 0;           ///< connections closed because of what they sent
  std::uint64_t refused = 0;              ///< connections of others that were turned away
  std::uint64_t joins_asked = 0;          ///< requests that came by the door
  std::uint64_t joins_refused = 0;        ///< newcomers that were turned away before anybody was asked
  std::uint64_t datagrams_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t packets_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t unroutable = 0;
  std::uint64_t resets_sent = 0;
  std::uint64_t retries_sent = 0;
};

class Transport {
 public:
  /// Errors: those of tls::Credentials::load; malformed, invalid_state (cannot listen), wrong_cluster.
  static Result<std::unique_ptr<Transport>> open(asio::io_context& loop, TransportOptions options,
                                                 TransportCallbacks callbacks);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// Our own certificate's identity: cluster and node UUID.
  const tls::PeerIdentity& self() const;
  /// Where it listens, with the port that the system chose.
  std::string local_address() const;

  /// Dial these and keep dialling, with jittered back-off, whenever there is no connection. Each call
  /// replaces the set of the call before; connections that exist stay.
  void set_peers(std::vector<PeerAddress> peers);
  void set_seeds(std::vector<std::string> addresses);
  /// Any node with a certificate of this cluster is welcome but these: they are refused whatever certificate
  /// they show, and told why; their connections are closed at once. Each call replaces the set of the one
  /// before.
  void forbid(std::set<Uuid> removed);

  /// What our certificate and whom we trust: for status, metrics and warnings.
  const tls::Credentials& credentials() const;
  /// For handshakes from now on. Connections stay, unless the peer's certificate would no longer be accepted:
  /// those are closed at once, an operator's once it asks for more. Errors: conflict (another node's),
  /// wrong_cluster; the old ones stay.
  Result<void> use_credentials(tls::Credentials next);

  /// At first as in the options.
  void limit_send_queues(SendQueueLimits limits);

  bool connected(const Uuid& peer) const;
  /// False if the message, or a part of a bundle, was dropped: no connection, or the queue of its class is
  /// full.
  bool send(const Uuid& peer, const wire::PeerMessage& message);
  /// Ignored if the asker is gone.
  void answer_operator(std::uint64_t id, Bytes response);
  /// Ignored if the asker is gone.
  void answer_join(std::uint64_t id, const wire::JoinAnswer& answer);
  /// While paused, peers get no room to send more than what their windows allow: back-pressure for a core
  /// that cannot keep up.
  void pause_reading(bool paused);

  TransportStats stats() const;
  /// Tells the peers and stops for good; no callback follows. Also done by the destructor.
  void close();

 private:
  struct Impl;
  explicit Transport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nodedb::quic
