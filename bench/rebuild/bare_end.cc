// SPDX-License-Identifier: Apache-2.0
#include "bench/rebuild/bare_end.h"

#include <gnutls/crypto.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include "base/time.h"
#include "edge/base/clock.h"

namespace nodedb::bench {

namespace {

constexpr std::size_t id_bytes = 8;
constexpr std::uint64_t stream_window_bytes = 8u << 20;
constexpr std::uint64_t connection_window_bytes = 16u << 20;
constexpr std::size_t turn_bytes_max = 256 * 1024;
constexpr std::int64_t quiet_ns =
    ns_per_ms;  ///< as the transport rounds its deadlines when it has nothing to send
constexpr std::size_t bulk_unsent_bytes = 1u << 30;
constexpr char priorities[] =
    "%DISABLE_TLS13_COMPAT_MODE:NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL:+GROUP-"
    "X25519";

/// What every stream carries.
const std::array<std::uint8_t, 64 * 1024> block{};

ngtcp2_cid random_id() {
  ngtcp2_cid id{};
  id.datalen = id_bytes;
  gnutls_rnd(GNUTLS_RND_NONCE, id.data, id.datalen);
  return id;
}

}  // namespace

struct BareEnd::Callbacks {
  static BareEnd& self(void* user_data) { return *static_cast<BareEnd*>(user_data); }
  static ngtcp2_conn* get_quic(ngtcp2_crypto_conn_ref* reference) { return self(reference->user_data).quic_; }
  static void random(std::uint8_t* to, std::size_t size, const ngtcp2_rand_ctx*) {
    gnutls_rnd(GNUTLS_RND_NONCE, to, size);
  }
  static int new_id(ngtcp2_conn*, ngtcp2_cid* id, std::uint8_t* token, std::size_t, void*) {
    *id = random_id();
    gnutls_rnd(GNUTLS_RND_NONCE, token, NGTCP2_STATELESS_RESET_TOKENLEN);
    return 0;
  }
  static int data(ngtcp2_conn* quic, std::uint32_t, std::int64_t stream, std::uint64_t, const std::uint8_t*,
                  std::size_t size, void* user_data, void*) {
    ngtcp2_conn_extend_max_stream_offset(quic, stream, size);
    ngtcp2_conn_extend_max_offset(quic, size);
    self(user_data).take(stream, size);
    return 0;
  }

  static ngtcp2_callbacks table() {
    ngtcp2_callbacks table{};
    table.client_initial = ngtcp2_crypto_client_initial_cb;
    table.recv_retry = ngtcp2_crypto_recv_retry_cb;
    table.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
    table.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb;
    table.encrypt = ngtcp2_crypto_encrypt_cb;
    table.decrypt = ngtcp2_crypto_decrypt_cb;
    table.hp_mask = ngtcp2_crypto_hp_mask_cb;
    table.update_key = ngtcp2_crypto_update_key_cb;
    table.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
    table.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
    table.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb;
    table.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
    table.recv_stream_data = data;
    table.get_new_connection_id = new_id;
    table.rand = random;
    return table;
  }
};

BareEnd::BareEnd(quic::UdpSocket socket, tls::Credentials credentials, Tally& tally)
    : socket_(std::move(socket)), sink_(socket_), credentials_(std::move(credentials)), tally_(tally) {}

BareEnd::~BareEnd() {
  if (quic_ != nullptr) ngtcp2_conn_del(quic_);
}

Result<std::unique_ptr<BareEnd>> BareEnd::open(const std::string& certs, Tally& tally) {
  auto credentials = tls::Credentials::load(certs, tls::Holder::node);
  if (!credentials) return std::unexpected(credentials.error());
  auto socket = quic::UdpSocket::open(*quic::Address::from_ip("127.0.0.1", 0));
  if (!socket) return std::unexpected(socket.error());
  return std::unique_ptr<BareEnd>(new BareEnd(std::move(*socket), std::move(*credentials), tally));
}

bool BareEnd::begin_tls(bool server) {
  gnutls_session_t raw = nullptr;
  const unsigned side = server ? GNUTLS_SERVER : GNUTLS_CLIENT;
  if (gnutls_init(&raw, side | GNUTLS_NO_END_OF_EARLY_DATA | GNUTLS_NO_TICKETS) < 0) return false;
  session_.reset(raw);
  gnutls_priority_set_direct(raw, priorities, nullptr);
  if (server)
    ngtcp2_crypto_gnutls_configure_server_session(raw);
  else
    ngtcp2_crypto_gnutls_configure_client_session(raw);
  reference_ = {Callbacks::get_quic, this};
  gnutls_session_set_ptr(raw, &reference_);
  const gnutls_datum_t name = tls::datum("bare");
  gnutls_alpn_set_protocols(raw, &name, 1, GNUTLS_ALPN_MANDATORY);
  gnutls_credentials_set(raw, GNUTLS_CRD_CERTIFICATE, credentials_.handle());
  ngtcp2_conn_set_tls_native_handle(quic_, raw);
  return true;
}

/// With the first packet of a client as the server, without as the client.
bool BareEnd::begin(const quic::Address& peer, const ngtcp2_pkt_hd* initial) {
  peer_ = peer;
  const ngtcp2_path path{
      {const_cast<sockaddr*>(local().raw()), local().size()}, {peer_.raw(), peer_.size()}, nullptr};
  const ngtcp2_callbacks callbacks = Callbacks::table();
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.initial_ts = static_cast<ngtcp2_tstamp>(now_ns_);
  settings.cc_algo = NGTCP2_CC_ALGO_CUBIC;
  ngtcp2_transport_params params;
  ngtcp2_transport_params_default(&params);
  params.initial_max_stream_data_bidi_local = stream_window_bytes;
  params.initial_max_stream_data_bidi_remote = stream_window_bytes;
  params.initial_max_data = connection_window_bytes;
  params.initial_max_streams_bidi = 2;
  params.max_ack_delay = 2 * NGTCP2_MILLISECONDS;
  const ngtcp2_cid own = random_id();
  const ngtcp2_cid theirs = initial != nullptr ? initial->scid : random_id();
  int rv = 0;
  if (initial != nullptr) {
    params.original_dcid = initial->dcid;
    rv = ngtcp2_conn_server_new(&quic_, &theirs, &own, &path, initial->version, &callbacks, &settings,
                                &params, nullptr, this);
  } else {
    rv = ngtcp2_conn_client_new(&quic_, &theirs, &own, &path, NGTCP2_PROTO_VER_V1, &callbacks, &settings,
                                &params, nullptr, this);
  }
  return rv == 0 && begin_tls(initial != nullptr);
}

void BareEnd::datagram(const quic::Address& from, std::span<const std::uint8_t> bytes) {
  if (quic_ == nullptr) {
    ngtcp2_pkt_hd header{};
    if (ngtcp2_accept(&header, bytes.data(), bytes.size()) != 0) return;
    failed_ = !begin(from, &header);
  }
  if (failed_) return;
  const ngtcp2_path path{
      {const_cast<sockaddr*>(local().raw()), local().size()}, {peer_.raw(), peer_.size()}, nullptr};
  failed_ = ngtcp2_conn_read_pkt(quic_, &path, nullptr, bytes.data(), bytes.size(),
                                 static_cast<ngtcp2_tstamp>(now_ns_)) != 0;
}

void BareEnd::open_streams() {
  if (!dialler_ || small_.id >= 0 || ngtcp2_conn_get_handshake_completed(quic_) == 0) return;
  failed_ = ngtcp2_conn_open_bidi_stream(quic_, &small_.id, nullptr) != 0 ||
            ngtcp2_conn_open_bidi_stream(quic_, &bulk_.id, nullptr) != 0;
  small_.unsent = static_cast<std::size_t>(load_.outstanding) * message_bytes;
  bulk_.unsent = load_.bulk ? bulk_unsent_bytes : 0;
}

/// The dialler's streams are the first two: what comes on the first is sent back.
void BareEnd::take(std::int64_t stream, std::size_t bytes) {
  if (stream != 0) {
    tally_.bulk_bytes += bytes;
    return;
  }
  small_.id = 0;
  if (!dialler_) {
    small_.unsent += bytes;
    return;
  }
  returned_bytes_ += bytes;
  for (; returned_bytes_ >= message_bytes; returned_bytes_ -= message_bytes) {
    if (load_.outstanding > 0) {
      ++tally_.messages;
      small_.unsent += message_bytes;
    } else {
      tally_.pulses_ms.push_back(static_cast<double>(now_ns_ - pulses_sent_ns_.front()) / ns_per_ms);
      pulses_sent_ns_.pop_front();
    }
  }
}

void BareEnd::give_pulse() {
  if (!dialler_ || !load_.pulses || small_.id < 0 || now_ns_ < next_pulse_ns_) return;
  next_pulse_ns_ = now_ns_ + pulse_ns;
  pulses_sent_ns_.push_back(now_ns_);
  small_.unsent += message_bytes;
}

BareEnd::Stream* BareEnd::next_sendable() {
  for (Stream* one : {&small_, &bulk_})
    if (one->id >= 0 && one->unsent > 0 && !one->blocked) return one;
  return nullptr;
}

ngtcp2_ssize BareEnd::write_packet(std::span<std::uint8_t> room) {
  ngtcp2_pkt_info info{};
  for (;;) {
    Stream* stream = next_sendable();
    const std::size_t bytes = stream != nullptr ? std::min(stream->unsent, block.size()) : 0;
    ngtcp2_vec vector{const_cast<std::uint8_t*>(block.data()), bytes};
    ngtcp2_ssize taken = -1;
    const auto n = ngtcp2_conn_writev_stream(
        quic_, nullptr, &info, room.data(), room.size(), &taken,
        stream != nullptr ? NGTCP2_WRITE_STREAM_FLAG_MORE : NGTCP2_WRITE_STREAM_FLAG_NONE,
        stream != nullptr ? stream->id : -1, &vector, stream != nullptr ? 1 : 0,
        static_cast<ngtcp2_tstamp>(now_ns_));
    if (stream != nullptr && taken > 0) stream->unsent -= static_cast<std::size_t>(taken);
    if (n == NGTCP2_ERR_WRITE_MORE) continue;
    if (n == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
      stream->blocked = true;
      continue;
    }
    return n;
  }
}

bool BareEnd::write() {
  small_.blocked = bulk_.blocked = false;
  if (load_.bulk && bulk_.id >= 0) bulk_.unsent = bulk_unsent_bytes;
  bool more = false;
  for (std::size_t written = 0; !failed_;) {
    const auto room = sink_.space(ngtcp2_conn_get_max_tx_udp_payload_size(quic_));
    if (room.empty()) break;
    const auto n = write_packet(room);
    failed_ = n < 0;
    if (n <= 0) break;
    sink_.commit(peer_, static_cast<std::size_t>(n));
    written += static_cast<std::size_t>(n);
    more = written >= turn_bytes_max;
    if (more) break;
  }
  ngtcp2_conn_update_pkt_tx_time(quic_, static_cast<ngtcp2_tstamp>(now_ns_));
  sink_.flush();
  return more;
}

void BareEnd::wait(bool busy) {
  constexpr std::int64_t stop_seen_ns = 50 * ns_per_ms;
  std::int64_t until = now_ns_ + stop_seen_ns;
  if (quic_ != nullptr) {
    std::int64_t deadline = std::min(
        until, static_cast<std::int64_t>(std::min<ngtcp2_tstamp>(ngtcp2_conn_get_expiry(quic_), never.ns)));
    if (next_sendable() == nullptr) deadline = std::max(deadline, now_ns_ + quiet_ns);
    until = std::min(until, deadline);
  }
  if (dialler_ && load_.pulses && small_.id >= 0) until = std::min(until, next_pulse_ns_);
  const std::int64_t left = busy ? 0 : std::max<std::int64_t>(0, until - now_ns_);
  const timespec timeout{left / ns_per_s, left % ns_per_s};
  pollfd event{socket_.descriptor(), static_cast<short>(sink_.blocked() ? POLLIN | POLLOUT : POLLIN), 0};
  ::ppoll(&event, 1, &timeout, nullptr);
}

void BareEnd::run(const quic::Address* dial, Load load, const std::atomic<bool>& stop) {
  load_ = load;
  dialler_ = dial != nullptr;
  now_ns_ = edge::monotonic_time().ns;
  if (dialler_) failed_ = !begin(*dial, nullptr);
  bool busy = dialler_;
  while (!stop && !failed_) {
    wait(busy);
    now_ns_ = edge::monotonic_time().ns;
    busy = socket_.receive(*this);
    if (quic_ == nullptr) continue;
    if (ngtcp2_conn_get_expiry(quic_) <= static_cast<ngtcp2_tstamp>(now_ns_))
      failed_ = failed_ || ngtcp2_conn_handle_expiry(quic_, static_cast<ngtcp2_tstamp>(now_ns_)) != 0;
    open_streams();
    give_pulse();
    if (sink_.blocked()) sink_.resume();
    busy = (!failed_ && write()) || busy;
  }
}

}  // namespace nodedb::bench
