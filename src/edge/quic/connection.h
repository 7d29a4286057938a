// SPDX-License-Identifier: Apache-2.0
#pragma once

// One QUIC connection carrying frames on bidirectional streams, and small ones in DATAGRAM frames (RFC 9221),
// which may be lost. Sans I/O: UDP datagrams, time and room for packets come in, packets and events go out.
// The endpoint owns it, routes to it and tells its handler what happened.
//
//   handshaking ──peer accepted us / we accepted the peer──▶ open
//        │                                                    │
//        └────────────┬───────────────────────────────────────┤ error, close()
//                     ▼                                       ▼
//                   dead ◀──3 PTO── closing (we sent the close) or draining (the peer did)
//
// Net thread only. Callbacks of ngtcp2 only record; nothing is written or reported from inside them.

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "edge/quic/address.h"
#include "edge/quic/packet_sink.h"
#include "edge/quic/protocol.h"
#include "edge/quic/send_queue.h"
#include "edge/tls/credentials.h"
#include "edge/tls/files.h"
#include "edge/tls/handles.h"
#include "wire/frame.h"

namespace nodedb::quic {

class Connection;

/// Our connection ids: 4 bytes that name this run of the endpoint, then 4 of luck. The peer reads the first
/// to tell a restart from a second connection of the same run; the handshake authenticates them (RFC
/// 9000, 7.3).
inline constexpr std::size_t connection_id_bytes = 8;
using Instance = std::array<std::uint8_t, 4>;

/// 1 MiB a stream, 8 MiB a connection: bulk can fill its own window, never the connection's.
struct Windows {
  std::uint64_t stream_bytes = 1024 * 1024;
  std::uint64_t connection_bytes = 8 * 1024 * 1024;
};

/// What all connections of an endpoint share. Its owner outlives them.
struct ConnectionShared {
  // Exchanged while connections live, which use those that they began with until they end.
  std::shared_ptr<const tls::Credentials> credentials;
  std::vector<std::string> alpn;
  bool open_door = false;  ///< newcomers are let in, as such
  tls::Secret reset_secret{};
  Instance instance{};
  Windows windows;
  std::int64_t idle_timeout_ns = 0;
  std::int64_t handshake_timeout_ns = 0;
};

/// What a connection asks its endpoint, also from inside ngtcp2's callbacks.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  /// Whether a peer whose chain is in order may connect. Must only judge.
  virtual Result<void> admit(const Connection& connection, const tls::PeerIdentity& peer) = 0;
  virtual void add_route(const ngtcp2_cid& id, Connection& connection) = 0;
  virtual void remove_route(const ngtcp2_cid& id) = 0;
};

enum class Side : std::uint8_t { dialler, acceptor };

struct CloseReason {
  enum class Kind : std::uint8_t { closed_here, closed_by_peer, refused, reset, timeout, error };
  Kind kind = Kind::error;
  std::optional<CloseCode> code;  ///< closed_here and closed_by_peer, if it came from an application
  std::string text;
  bool by_peer = false;  ///< refused: not by us
};

struct Opened {};
/// In place of a stream's number: it came in a DATAGRAM frame.
inline constexpr std::int64_t from_datagram = -2;
struct Received {
  std::int64_t stream = 0;
  wire::Frame frame;
};
struct StreamEnded {
  std::int64_t stream = 0;
};
using ConnectionEvent = std::variant<Opened, Received, StreamEnded>;

class Connection {
 public:
  /// What the first packet of a client says.
  struct Initial {
    ngtcp2_pkt_hd header{};
    std::optional<ngtcp2_cid> retried_dcid;  ///< the id before a Retry
  };

  static Result<std::unique_ptr<Connection>> dial(ConnectionHost& host, const ConnectionShared& shared,
                                                  std::uint64_t number, const Address& local,
                                                  const Address& remote, std::int64_t now_ns);
  static Result<std::unique_ptr<Connection>> accept(ConnectionHost& host, const ConnectionShared& shared,
                                                    std::uint64_t number, const Address& local,
                                                    const Address& remote, const Initial& initial,
                                                    std::int64_t now_ns);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  std::uint64_t number() const { return number_; }
  Side side() const { return side_; }
  const Address& remote() const { return remote_; }
  /// Set once its certificate is accepted.
  const std::optional<tls::PeerIdentity>& peer() const { return peer_; }
  /// It came by the door for those who have no certificate: nobody knows who it is, and it may say next to
  /// nothing.
  bool newcomer() const { return newcomer_; }
  /// Whether the peer's certificate would be accepted today, by the credentials of today. Errors: those of
  /// Credentials::verify_peer.
  Result<void> judge_again() const;
  const Instance& peer_instance() const { return peer_instance_; }
  std::string protocol() const;
  bool open() const { return state_ == State::open; }
  bool alive() const { return state_ == State::handshaking || state_ == State::open; }
  bool dead() const { return state_ == State::dead; }
  /// Set as soon as it is no longer alive.
  const CloseReason& reason() const { return reason_; }

  void read(const Address& from, std::span<const std::uint8_t> packet, std::int64_t now_ns);
  void expire(std::int64_t now_ns);
  enum class Written : std::uint8_t { all, more, blocked };
  /// `more`: it had more to say than its share; call again after the others.
  Written write(PacketSink& sink, std::int64_t now_ns);
  std::int64_t deadline_ns() const { return deadline_ns_; }
  /// What has happened since the last call. `to` is empty; its room serves for what happens next.
  void take_events(std::vector<ConnectionEvent>& to) { to.swap(events_); }

  /// Errors: busy, if the peer allows no more streams.
  Result<std::int64_t> open_stream(int priority);
  bool has_stream(std::int64_t stream) const;
  /// Lower goes first.
  void set_priority(std::int64_t stream, int priority);
  /// Lets the peer send this much more on the stream than its window.
  void widen(std::int64_t stream, std::uint64_t bytes);
  void raise_frame_limit(std::size_t payload_bytes_max);
  /// Bytes that the stream holds for sending, sent ones until they are acknowledged.
  std::size_t held_bytes(std::int64_t stream) const;
  /// The same without what others share.
  std::size_t own_bytes(std::int64_t stream) const;
  void send(std::int64_t stream, wire::EncodedMessage message);
  void finish(std::int64_t stream);
  /// In a DATAGRAM frame of its own: sent before all streams, once. False: the peer takes none of that size.
  bool send_datagram(wire::FrameKind kind, BytesView payload);
  /// While paused, what arrives gives the peer no new room to send.
  void pause(bool paused);
  void close(CloseCode code, std::string text, std::int64_t now_ns);

 private:
  enum class State : std::uint8_t { handshaking, open, closing, draining, dead };
  struct Stream {
    std::int64_t id = 0;
    int priority = 0;
    SendQueue out;
    wire::FrameReader in;
    std::uint64_t owed_credit = 0;
    bool blocked = false;  ///< by the peer's window, within one call of write
  };
  friend struct ConnectionCallbacks;

  Connection(ConnectionHost& host, const ConnectionShared& shared, std::uint64_t number, Side side,
             const Address& local, const Address& remote);
  Result<void> start(const ngtcp2_cid& dcid, const ngtcp2_cid& scid, const Initial* initial,
                     std::int64_t now_ns);
  Result<void> start_tls();
  tls::PeerSide peer_side() const {
    return side_ == Side::dialler ? tls::PeerSide::server : tls::PeerSide::client;
  }
  ngtcp2_cid new_id() const;
  ngtcp2_path path_from(const Address& remote);

  Stream* find(std::int64_t id);
  const Stream* find(std::int64_t id) const;
  Stream& add_stream(std::int64_t id, int priority);
  void remove_stream(std::int64_t id);
  Stream* next_sendable();
  bool has_unsent() const;
  ngtcp2_ssize write_packet(std::span<std::uint8_t> room, ngtcp2_path_storage& path, std::int64_t now_ns);

  std::optional<ngtcp2_ssize> write_datagram(std::span<std::uint8_t> room, ngtcp2_path_storage& path,
                                             ngtcp2_pkt_info& info, std::int64_t now_ns);
  int on_datagram(std::span<const std::uint8_t> data);
  int on_data(std::int64_t id, std::span<const std::uint8_t> data, bool end);
  void on_hello();
  int on_verify();
  void on_opened();
  void take_frames(Stream& stream);
  void give_credit(Stream& stream, std::uint64_t bytes);

  void fail_with(int error, std::int64_t now_ns);
  void start_closing(const ngtcp2_connection_close_error& error, std::int64_t now_ns);
  void leave(State state, CloseReason reason);
  CloseReason reason_from_peer() const;
  void refresh_deadline(std::int64_t now_ns);

  ConnectionHost& host_;
  const ConnectionShared& shared_;
  std::uint64_t number_;
  Side side_;
  Address local_;
  Address remote_;
  State state_ = State::handshaking;
  std::shared_ptr<const tls::Credentials> credentials_;  // the session's: it points into them
  tls::SessionHandle session_;
  ngtcp2_crypto_conn_ref reference_{};
  ngtcp2_conn* quic_ = nullptr;
  ngtcp2_cid first_dcid_{};  ///< acceptor: what the client called us first
  std::optional<tls::PeerIdentity> peer_;
  bool newcomer_ = false;
  std::size_t newcomer_bytes_ = 0;
  Instance peer_instance_{};
  std::optional<Error> refusal_;    ///< why we refused the peer
  std::optional<Error> bad_input_;  ///< a frame that cannot be understood; closes after the read
  bool was_reset_ = false;
  bool paused_ = false;
  std::size_t frame_bytes_max_;
  std::vector<std::unique_ptr<Stream>> streams_;  ///< by priority; ngtcp2 and readers keep their addresses
  std::deque<Bytes> datagrams_;                   ///< to be sent, the latest few
  std::vector<ConnectionEvent> events_;
  CloseReason reason_;
  std::vector<std::uint8_t> close_packet_;
  bool repeat_close_ = false;
  std::uint64_t packets_while_closing_ = 0;
  std::int64_t deadline_ns_ = 0;
  std::size_t unpaced_bytes_ = 0;  ///< written since pacing was last told
  bool brought_data_ = false;      ///< the packet that is being read: it is more than acknowledgements
  std::size_t unanswered_ = 0;     ///< packets with data read since something was written
  /// Until then an acknowledgement waits for something that it can go with.
  std::int64_t acknowledge_at_ns_ = 0;
};

}  // namespace nodedb::quic
