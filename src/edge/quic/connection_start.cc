// SPDX-License-Identifier: Apache-2.0
// How a connection begins: TLS session, transport parameters, the two ways to make one.
#include <gnutls/crypto.h>

#include <cstring>

#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include "base/limits.h"
#include "base/time.h"
#include "edge/quic/connection.h"
#include "edge/quic/connection_callbacks.h"
#include "edge/quic/late_acks.h"

namespace nodedb::quic {
namespace {

constexpr char priority_text[] =
    "%DISABLE_TLS13_COMPAT_MODE:NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:"
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1";
constexpr std::size_t dial_dcid_bytes = 16;
/// Three classes of stream between nodes; an operator needs one.
constexpr std::uint64_t streams_max = 4;

ngtcp2_settings make_settings(const ConnectionShared& shared, std::int64_t now_ns) {
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.initial_ts = static_cast<ngtcp2_tstamp>(now_ns);
  settings.initial_rtt = 50 * NGTCP2_MILLISECONDS;
  settings.handshake_timeout = static_cast<ngtcp2_duration>(shared.handshake_timeout_ns);
  settings.cc_algo = NGTCP2_CC_ALGO_CUBIC;
  settings.ack_thresh = late_acks::packets_max;
  return settings;
}

ngtcp2_transport_params make_params(const ConnectionShared& shared, Side side) {
  ngtcp2_transport_params params;
  ngtcp2_transport_params_default(&params);
  params.initial_max_stream_data_bidi_local = shared.windows.stream_bytes;
  params.initial_max_stream_data_bidi_remote = shared.windows.stream_bytes;
  params.initial_max_data = shared.windows.connection_bytes;
  params.initial_max_streams_bidi = side == Side::acceptor ? streams_max : 0;
  params.initial_max_streams_uni = 0;
  params.max_idle_timeout = static_cast<ngtcp2_duration>(shared.idle_timeout_ns);
  params.max_ack_delay = static_cast<ngtcp2_duration>(late_acks::promised_ns);
  params.max_datagram_frame_size = datagram_frame_bytes_max;
  params.active_connection_id_limit = 4;
  params.disable_active_migration = 1;
  return params;
}

ngtcp2_addr as_quic(const Address& address) {
  return {const_cast<sockaddr*>(address.raw()), address.size()};
}

}  // namespace

Connection::Connection(ConnectionHost& host, const ConnectionShared& shared, std::uint64_t number, Side side,
                       const Address& local, const Address& remote)
    : host_(host),
      shared_(shared),
      number_(number),
      side_(side),
      local_(local),
      remote_(remote),
      frame_bytes_max_(limits::frame_bytes_max_unauthenticated) {}

ngtcp2_path Connection::path_from(const Address& remote) {
  return {as_quic(local_), as_quic(remote), nullptr};
}

ngtcp2_cid Connection::new_id() const {
  ngtcp2_cid id{};
  id.datalen = connection_id_bytes;
  std::memcpy(id.data, shared_.instance.data(), shared_.instance.size());
  gnutls_rnd(GNUTLS_RND_NONCE, id.data + shared_.instance.size(), id.datalen - shared_.instance.size());
  return id;
}

Result<void> Connection::start_tls() {
  const unsigned side = side_ == Side::dialler ? GNUTLS_CLIENT : GNUTLS_SERVER;
  gnutls_session_t raw = nullptr;
  // No tickets: a resumed session would skip the verification of the certificate. No early data either.
  int rv = gnutls_init(&raw, side | GNUTLS_NO_END_OF_EARLY_DATA | GNUTLS_NO_TICKETS);
  if (rv < 0) return tls::gnutls_failure(Code::invalid_state, "TLS session", rv);
  session_.reset(raw);
  rv = gnutls_priority_set_direct(raw, priority_text, nullptr);
  if (rv < 0) return tls::gnutls_failure(Code::invalid_state, "TLS priorities", rv);
  rv = side_ == Side::dialler ? ngtcp2_crypto_gnutls_configure_client_session(raw)
                              : ngtcp2_crypto_gnutls_configure_server_session(raw);
  if (rv != 0) return fail(Code::invalid_state, "cannot configure TLS for QUIC");
  if (side_ == Side::acceptor) {
    gnutls_certificate_server_set_request(raw, GNUTLS_CERT_REQUIRE);
    gnutls_handshake_set_post_client_hello_function(raw, ConnectionCallbacks::client_hello);
  }
  credentials_ = shared_.credentials;
  reference_ = {ConnectionCallbacks::get_quic, this};
  gnutls_session_set_ptr(raw, &reference_);
  std::vector<gnutls_datum_t> names;
  for (const auto& name : shared_.alpn) names.push_back(tls::datum(name));
  if (side_ == Side::acceptor && shared_.open_door) names.push_back(tls::datum(join_alpn));
  rv = gnutls_alpn_set_protocols(raw, names.data(), static_cast<unsigned>(names.size()),
                                 GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE);
  if (rv < 0) return tls::gnutls_failure(Code::invalid_state, "ALPN", rv);
  rv = gnutls_credentials_set(raw, GNUTLS_CRD_CERTIFICATE, credentials_->handle());
  if (rv < 0) return tls::gnutls_failure(Code::invalid_state, "TLS credentials", rv);
  gnutls_session_set_verify_function(raw, ConnectionCallbacks::verify);
  ngtcp2_conn_set_tls_native_handle(quic_, raw);
  return {};
}

Result<void> Connection::start(const ngtcp2_cid& dcid, const ngtcp2_cid& scid, const Initial* initial,
                               std::int64_t now_ns) {
  const auto path = path_from(remote_);
  const auto callbacks = ConnectionCallbacks::table(side_);
  auto settings = make_settings(shared_, now_ns);
  auto params = make_params(shared_, side_);
  int rv = 0;
  if (initial != nullptr) {
    params.original_dcid = initial->retried_dcid.value_or(initial->header.dcid);
    if (initial->retried_dcid) {
      params.retry_scid = initial->header.dcid;
      params.retry_scid_present = 1;
      settings.token = initial->header.token;
    }
    params.stateless_reset_token_present = 1;
    const auto& secret = shared_.reset_secret;
    if (ngtcp2_crypto_generate_stateless_reset_token(params.stateless_reset_token, secret.data(),
                                                     secret.size(), &scid) != 0) {
      return fail(Code::invalid_state, "cannot make a reset token");
    }
    rv = ngtcp2_conn_server_new(&quic_, &dcid, &scid, &path, initial->header.version, &callbacks, &settings,
                                &params, nullptr, this);
  } else {
    rv = ngtcp2_conn_client_new(&quic_, &dcid, &scid, &path, NGTCP2_PROTO_VER_V1, &callbacks, &settings,
                                &params, nullptr, this);
  }
  if (rv != 0)
    return fail(Code::invalid_state, std::string("cannot begin a connection: ") + ngtcp2_strerror(rv));
  host_.add_route(scid, *this);
  deadline_ns_ = now_ns;
  return start_tls();
}

Result<std::unique_ptr<Connection>> Connection::dial(ConnectionHost& host, const ConnectionShared& shared,
                                                     std::uint64_t number, const Address& local,
                                                     const Address& remote, std::int64_t now_ns) {
  std::unique_ptr<Connection> made(new Connection(host, shared, number, Side::dialler, local, remote));
  ngtcp2_cid dcid{};
  dcid.datalen = dial_dcid_bytes;
  gnutls_rnd(GNUTLS_RND_NONCE, dcid.data, dcid.datalen);
  if (auto started = made->start(dcid, made->new_id(), nullptr, now_ns); !started) {
    return std::unexpected(started.error());
  }
  return made;
}

Result<std::unique_ptr<Connection>> Connection::accept(ConnectionHost& host, const ConnectionShared& shared,
                                                       std::uint64_t number, const Address& local,
                                                       const Address& remote, const Initial& initial,
                                                       std::int64_t now_ns) {
  std::unique_ptr<Connection> made(new Connection(host, shared, number, Side::acceptor, local, remote));
  made->first_dcid_ = initial.header.dcid;
  const auto& theirs = initial.header.scid;
  if (theirs.datalen == connection_id_bytes) {
    std::memcpy(made->peer_instance_.data(), theirs.data, made->peer_instance_.size());
  }
  if (auto started = made->start(theirs, made->new_id(), &initial, now_ns); !started) {
    return std::unexpected(started.error());
  }
  host.add_route(initial.header.dcid, *made);
  return made;
}

}  // namespace nodedb::quic
