// SPDX-License-Identifier: Apache-2.0
#include "edge/quic/connection.h"

#include <gnutls/crypto.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/time.h"
#include "edge/quic/connection_callbacks.h"
#include "edge/quic/late_acks.h"
#include "wire/join_codec.h"
#include "wire/writer.h"

namespace nodedb::quic {
namespace {

/// What one connection may write before the others have their turn.
constexpr std::size_t share_bytes = 256 * 1024;
/// What goes without being paced, as RFC 9002, 7.7 has it: an initial window. Pacing leaves a deadline
/// behind, and whoever says little would be woken for nothing each time.
constexpr std::size_t burst_bytes_max = 14'720;
constexpr std::size_t vectors_max = 16;
/// Type and length in front of a DATAGRAM frame's data.
constexpr std::size_t datagram_overhead_bytes = 3;
constexpr std::size_t datagrams_waiting_max = 64;

ngtcp2_tstamp stamp(std::int64_t ns) {
  return static_cast<ngtcp2_tstamp>(ns);
}

}  // namespace

Connection::~Connection() {
  if (quic_ == nullptr) return;
  std::vector<ngtcp2_cid> ids(ngtcp2_conn_get_num_scid(quic_));
  ids.resize(ngtcp2_conn_get_scid(quic_, ids.data()));
  for (const auto& id : ids) host_.remove_route(id);
  if (side_ == Side::acceptor) host_.remove_route(first_dcid_);
  ngtcp2_conn_del(quic_);
}

std::string Connection::protocol() const {
  gnutls_datum_t chosen{};
  if (gnutls_alpn_get_selected_protocol(session_.get(), &chosen) < 0) return {};
  return std::string(reinterpret_cast<const char*>(chosen.data), chosen.size);
}

void Connection::read(const Address& from, std::span<const std::uint8_t> packet, std::int64_t now_ns) {
  if (state_ == State::closing) {
    // RFC 9000, 10.2.1: repeat the close, ever more rarely. One that waits to be written stays: several
    // packets may come before that.
    ++packets_while_closing_;
    repeat_close_ = repeat_close_ || (packets_while_closing_ & (packets_while_closing_ - 1)) == 0;
    return;
  }
  if (!alive()) return;
  brought_data_ = false;
  const ngtcp2_path path = path_from(from);
  const int rv = ngtcp2_conn_read_pkt(quic_, &path, nullptr, packet.data(), packet.size(), stamp(now_ns));
  if (brought_data_ && unanswered_++ == 0) acknowledge_at_ns_ = now_ns + late_acks::wait_ns;
  if (unanswered_ >= late_acks::packets_max || state_ != State::open) acknowledge_at_ns_ = 0;
  if (rv != 0) return fail_with(rv, now_ns);
  if (bad_input_) {
    const auto error = *bad_input_;
    close(CloseCode::bad_frame, std::string(name(error.code)) + ": " + error.detail, now_ns);
  }
}

void Connection::expire(std::int64_t now_ns) {
  if (state_ == State::closing || state_ == State::draining) {
    if (now_ns >= deadline_ns_) state_ = State::dead;
    return;
  }
  if (!alive()) return;
  if (ngtcp2_conn_get_expiry(quic_) > stamp(now_ns)) return refresh_deadline(now_ns);
  const int rv = ngtcp2_conn_handle_expiry(quic_, stamp(now_ns));
  if (rv != 0) fail_with(rv, now_ns);
}

Connection::Written Connection::write(PacketSink& sink, std::int64_t now_ns) {
  if (state_ == State::closing && repeat_close_) {
    const auto room = sink.space(close_packet_.size());
    if (room.empty()) return Written::blocked;
    std::ranges::copy(close_packet_, room.begin());
    sink.commit(remote_, close_packet_.size());
    repeat_close_ = false;
  }
  if (!alive()) return Written::all;
  for (auto& stream : streams_) stream->blocked = false;
  if (state_ == State::open && now_ns < acknowledge_at_ns_ && !has_unsent()) {
    deadline_ns_ = acknowledge_at_ns_;
    return Written::all;
  }
  acknowledge_at_ns_ = 0;
  unanswered_ = 0;
  std::size_t written = 0;
  auto result = Written::all;
  for (;;) {
    const auto room = sink.space(ngtcp2_conn_get_max_tx_udp_payload_size(quic_));
    if (room.empty()) {
      result = Written::blocked;
      break;
    }
    ngtcp2_path_storage path;
    ngtcp2_path_storage_zero(&path);
    const auto n = write_packet(room, path, now_ns);
    if (n < 0) {
      fail_with(static_cast<int>(n), now_ns);
      return Written::more;  // the close packet is next
    }
    if (n == 0) break;
    sink.commit(Address(path.path.remote.addr, path.path.remote.addrlen), static_cast<std::size_t>(n));
    written += static_cast<std::size_t>(n);
    if (written >= share_bytes) {
      result = Written::more;
      break;
    }
  }
  unpaced_bytes_ += written;
  if (unpaced_bytes_ >= burst_bytes_max || has_unsent()) {
    ngtcp2_conn_update_pkt_tx_time(quic_, stamp(now_ns));
    unpaced_bytes_ = 0;
  }
  refresh_deadline(now_ns);
  return result;
}

/// One packet, filled from several streams if they are short. Returns as ngtcp2_conn_writev_stream, without
/// the codes that concern one stream only.
ngtcp2_ssize Connection::write_packet(std::span<std::uint8_t> room, ngtcp2_path_storage& path,
                                      std::int64_t now_ns) {
  ngtcp2_pkt_info info{};
  while (state_ == State::open && !datagrams_.empty()) {
    if (const auto n = write_datagram(room, path, info, now_ns)) return *n;
  }
  for (;;) {
    Stream* stream = next_sendable();
    std::array<ngtcp2_vec, vectors_max> vectors{};
    SendQueue::Piece piece;
    std::uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_NONE;
    if (stream != nullptr) {
      piece = stream->out.next(vectors);
      flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
      if (piece.ends_stream) flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
    }
    ngtcp2_ssize taken = -1;
    const auto n = ngtcp2_conn_writev_stream(quic_, &path.path, &info, room.data(), room.size(), &taken,
                                             flags, stream != nullptr ? stream->id : -1, vectors.data(),
                                             piece.vectors, stamp(now_ns));
    if (stream != nullptr && taken >= 0) {
      const auto bytes = static_cast<std::size_t>(taken);
      stream->out.sent(bytes, piece.ends_stream && bytes == piece.bytes);
    }
    if (n == NGTCP2_ERR_WRITE_MORE) continue;
    if (stream != nullptr && n == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
      stream->blocked = true;
      continue;
    }
    if (stream != nullptr && (n == NGTCP2_ERR_STREAM_SHUT_WR || n == NGTCP2_ERR_STREAM_NOT_FOUND)) {
      stream->out.drop_unsent();
      continue;
    }
    return n;
  }
}

/// The first of the datagrams, if it fits into this packet. Nothing: the packet may take more.
std::optional<ngtcp2_ssize> Connection::write_datagram(std::span<std::uint8_t> room,
                                                       ngtcp2_path_storage& path, ngtcp2_pkt_info& info,
                                                       std::int64_t now_ns) {
  Bytes& front = datagrams_.front();
  const ngtcp2_vec bytes{reinterpret_cast<std::uint8_t*>(front.data()), front.size()};
  int accepted = 0;
  const auto n = ngtcp2_conn_writev_datagram(quic_, &path.path, &info, room.data(), room.size(), &accepted,
                                             NGTCP2_WRITE_DATAGRAM_FLAG_MORE, 0, &bytes, 1, stamp(now_ns));
  if (accepted != 0) datagrams_.pop_front();
  if (n == NGTCP2_ERR_WRITE_MORE) return std::nullopt;
  return n;
}

Connection::Stream* Connection::next_sendable() {
  if (state_ != State::open) return nullptr;
  for (auto& stream : streams_) {
    if (!stream->blocked && stream->out.has_unsent()) return stream.get();
  }
  return nullptr;
}

bool Connection::has_unsent() const {
  return !datagrams_.empty() ||
         std::ranges::any_of(streams_, [](const auto& s) { return !s->blocked && s->out.has_unsent(); });
}

void Connection::refresh_deadline(std::int64_t now_ns) {
  const auto expiry = ngtcp2_conn_get_expiry(quic_);
  deadline_ns_ = expiry > stamp(never.ns) ? never.ns : static_cast<std::int64_t>(expiry);
  // A sender that pacing holds back needs its exact deadline; everyone else can wait.
  if (!has_unsent()) deadline_ns_ = std::max(deadline_ns_, now_ns + late_acks::quiet_deadline_ns);
}

Result<std::int64_t> Connection::open_stream(int priority) {
  std::int64_t id = -1;
  const int rv = ngtcp2_conn_open_bidi_stream(quic_, &id, nullptr);
  if (rv != 0) return fail(Code::busy, std::string("cannot open a stream: ") + ngtcp2_strerror(rv));
  add_stream(id, priority);
  return id;
}

Connection::Stream* Connection::find(std::int64_t id) {
  const auto at = std::ranges::find(streams_, id, [](const auto& s) { return s->id; });
  return at == streams_.end() ? nullptr : at->get();
}
const Connection::Stream* Connection::find(std::int64_t id) const {
  const auto at = std::ranges::find(streams_, id, [](const auto& s) { return s->id; });
  return at == streams_.end() ? nullptr : at->get();
}

Connection::Stream& Connection::add_stream(std::int64_t id, int priority) {
  auto stream = std::make_unique<Stream>(
      Stream{.id = id, .priority = priority, .out = {}, .in = wire::FrameReader(frame_bytes_max_)});
  const auto at = std::ranges::upper_bound(streams_, priority, {}, [](const auto& s) { return s->priority; });
  return **streams_.insert(at, std::move(stream));
}

void Connection::remove_stream(std::int64_t id) {
  std::erase_if(streams_, [id](const auto& s) { return s->id == id; });
}

bool Connection::has_stream(std::int64_t stream) const {
  return find(stream) != nullptr;
}

void Connection::set_priority(std::int64_t stream, int priority) {
  if (auto* found = find(stream)) found->priority = priority;
  std::ranges::stable_sort(streams_, {}, [](const auto& s) { return s->priority; });
}

void Connection::widen(std::int64_t stream, std::uint64_t bytes) {
  if (alive() && find(stream) != nullptr) ngtcp2_conn_extend_max_stream_offset(quic_, stream, bytes);
}

void Connection::raise_frame_limit(std::size_t payload_bytes_max) {
  frame_bytes_max_ = std::max(frame_bytes_max_, payload_bytes_max);
  for (auto& stream : streams_) stream->in.raise_limit(frame_bytes_max_);
}

std::size_t Connection::held_bytes(std::int64_t stream) const {
  const auto* found = find(stream);
  return found == nullptr ? 0 : found->out.held_bytes();
}

std::size_t Connection::own_bytes(std::int64_t stream) const {
  const auto* found = find(stream);
  return found == nullptr ? 0 : found->out.own_bytes();
}

void Connection::send(std::int64_t stream, wire::EncodedMessage message) {
  auto* found = find(stream);
  if (found == nullptr || !alive()) return;
  const auto header = wire::frame_header(message);
  SendQueue& out = found->out;
  out.append(BytesView(header.data(), header.size()));
  if (message.large.empty() && message.payload.size() >= wire::large_bytes_min) {
    out.push(std::move(message.payload));
  } else {
    message.in_order([&](BytesView own) { out.append(own); }, [&](const Blob& part) { out.share(part); });
  }
}

bool Connection::send_datagram(wire::FrameKind kind, BytesView payload) {
  if (state_ != State::open) return false;
  const auto* theirs = ngtcp2_conn_get_remote_transport_params(quic_);
  const std::size_t bytes = wire::frame_header_bytes + payload.size();
  if (theirs == nullptr || datagram_frame_bytes_max > theirs->max_datagram_frame_size) return false;
  if (bytes + datagram_overhead_bytes > datagram_frame_bytes_max) return false;
  // What could not be sent for so long is no news any more.
  if (datagrams_.size() == datagrams_waiting_max) datagrams_.pop_front();
  datagrams_.push_back(wire::encode_frame(kind, payload));
  return true;
}

/// No window holds datagrams back: while reading is paused they are lost.
int Connection::on_datagram(std::span<const std::uint8_t> data) {
  brought_data_ = true;
  if (paused_ || bad_input_) return 0;
  wire::FrameReader reader(datagram_frame_bytes_max);
  reader.feed(BytesView(reinterpret_cast<const char*>(data.data()), data.size()));
  auto frame = reader.next();
  if (!frame) {
    bad_input_ = frame.error();
  } else if (!*frame || reader.buffered_bytes() != 0 || reader.in_frame()) {
    bad_input_ = Error{Code::malformed, "a datagram is not one frame"};
  } else {
    events_.push_back(Received{from_datagram, std::move(**frame)});
  }
  return 0;
}

void Connection::finish(std::int64_t stream) {
  if (auto* found = find(stream)) found->out.finish();
}

void Connection::pause(bool paused) {
  paused_ = paused;
  if (paused || !alive()) return;
  for (auto& stream : streams_) give_credit(*stream, 0);
}

void Connection::give_credit(Stream& stream, std::uint64_t bytes) {
  stream.owed_credit += bytes;
  if (paused_ || stream.owed_credit == 0) return;
  ngtcp2_conn_extend_max_stream_offset(quic_, stream.id, stream.owed_credit);
  ngtcp2_conn_extend_max_offset(quic_, stream.owed_credit);
  stream.owed_credit = 0;
}

int Connection::on_data(std::int64_t id, std::span<const std::uint8_t> data, bool end) {
  brought_data_ = true;
  if (newcomer_) {
    newcomer_bytes_ += data.size();
    if (id != 0) bad_input_ = Error{Code::malformed, "a newcomer has one stream"};
    if (newcomer_bytes_ > wire::frame_header_bytes + wire::join_request_bytes_max)
      bad_input_ = Error{Code::too_large, "a newcomer has one request"};
    if (bad_input_) return 0;
  }
  Stream* stream = find(id);
  if (stream == nullptr) {
    if (ngtcp2_conn_is_local_stream(quic_, id)) return 0;
    stream = &add_stream(id, 0);
  }
  if (!data.empty()) {
    stream->in.feed(BytesView(reinterpret_cast<const char*>(data.data()), data.size()));
    take_frames(*stream);
    give_credit(*stream, data.size());
  }
  if (end) {
    if (stream->in.in_frame()) bad_input_ = Error{Code::malformed, "a stream ends within a frame"};
    events_.push_back(StreamEnded{id});
  }
  return 0;
}

void Connection::take_frames(Stream& stream) {
  while (!bad_input_) {
    auto next = stream.in.next();
    if (!next) {
      bad_input_ = next.error();
      return;
    }
    if (!*next) return;
    events_.push_back(Received{stream.id, std::move(**next)});
  }
}

void Connection::on_opened() {
  state_ = State::open;
  if (newcomer_) {
    raise_frame_limit(wire::join_request_bytes_max);
  } else {
    ngtcp2_conn_set_keep_alive_timeout(quic_, static_cast<ngtcp2_duration>(shared_.idle_timeout_ns / 3));
  }
  if (side_ == Side::dialler) {
    const auto* id = ngtcp2_conn_get_dcid(quic_);
    if (id->datalen == connection_id_bytes)
      std::memcpy(peer_instance_.data(), id->data, peer_instance_.size());
  }
  events_.push_back(Opened{});
}

/// What the client wants is known and nothing has been answered yet: who comes by the door is asked for no
/// certificate, and shown the authority that it knows by its fingerprint.
void Connection::on_hello() {
  if (!shared_.open_door || protocol() != join_alpn) return;
  newcomer_ = true;
  gnutls_certificate_server_set_request(session_.get(), GNUTLS_CERT_IGNORE);
  gnutls_credentials_set(session_.get(), GNUTLS_CRD_CERTIFICATE, credentials_->door_handle());
}

Result<void> Connection::judge_again() const {
  const auto identity = shared_.credentials->verify_peer(session_.get(), peer_side());
  if (!identity) return std::unexpected(identity.error());
  return {};
}

int Connection::on_verify() {
  auto identity = shared_.credentials->verify_peer(session_.get(), peer_side());
  if (identity) {
    const auto admitted = host_.admit(*this, *identity);
    if (admitted) {
      const bool node = identity->role == tls::Role::node;
      raise_frame_limit(node ? limits::frame_bytes_max : limits::operator_request_bytes_max);
      peer_ = std::move(*identity);
      return 0;
    }
    refusal_ = admitted.error();
    refusal_->detail = tls::uri(*identity) + ": " + refusal_->detail;
  } else {
    refusal_ = identity.error();
  }
  return GNUTLS_E_CERTIFICATE_ERROR;
}

}  // namespace nodedb::quic
