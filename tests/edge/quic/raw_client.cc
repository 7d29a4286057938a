// SPDX-License-Identifier: Apache-2.0
#include "tests/edge/quic/raw_client.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "edge/base/clock.h"
#include "edge/quic/address.h"

namespace nodedb::quic {
namespace {

ngtcp2_tstamp now() {
  return static_cast<ngtcp2_tstamp>(edge::monotonic_time().ns);
}

class RawClient {
 public:
  explicit RawClient(const RawPlan& plan) : plan_(plan) {
    const auto where = split_host_port(plan.address);
    remote_ = *Address::from_ip(where->host, where->port);
    fd_ = ::socket(remote_.family(), SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fd_ < 0 || ::connect(fd_, remote_.raw(), remote_.size()) != 0) throw std::runtime_error("socket");
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&bound), &size);
    local_ = Address(reinterpret_cast<const sockaddr*>(&bound), size);
    path_ = {{local_.raw(), local_.size()}, {remote_.raw(), remote_.size()}, nullptr};
    start_quic();
    start_tls();
  }
  ~RawClient() {
    ngtcp2_conn_del(quic_);
    gnutls_deinit(tls_);
    gnutls_certificate_free_credentials(credentials_);
    ::close(fd_);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  RawOutcome run() {
    const auto end = now() + static_cast<ngtcp2_tstamp>(plan_.patience_ms) * NGTCP2_MILLISECONDS;
    while (now() < end && !over_) {
      write();
      if (plan_.stop_after_first_flight || over_) break;
      pollfd wait{fd_, POLLIN, 0};
      ::poll(&wait, 1, 5);
      read();
      if (!over_ && ngtcp2_conn_get_expiry(quic_) <= now()) note(ngtcp2_conn_handle_expiry(quic_, now()));
    }
    return outcome_;
  }

 private:
  static RawClient& self(void* user_data) { return *static_cast<RawClient*>(user_data); }

  void start_quic() {
    ngtcp2_callbacks callbacks{};
    callbacks.client_initial = ngtcp2_crypto_client_initial_cb;
    callbacks.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb;
    callbacks.recv_retry = ngtcp2_crypto_recv_retry_cb;
    callbacks.encrypt = ngtcp2_crypto_encrypt_cb;
    callbacks.decrypt = ngtcp2_crypto_decrypt_cb;
    callbacks.hp_mask = ngtcp2_crypto_hp_mask_cb;
    callbacks.update_key = ngtcp2_crypto_update_key_cb;
    callbacks.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
    callbacks.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
    callbacks.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb;
    callbacks.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
    callbacks.rand = [](std::uint8_t* to, std::size_t size, const ngtcp2_rand_ctx*) {
      gnutls_rnd(GNUTLS_RND_NONCE, to, size);
    };
    callbacks.get_new_connection_id = [](ngtcp2_conn*, ngtcp2_cid* id, std::uint8_t* token, std::size_t size,
                                         void*) {
      id->datalen = size;
      gnutls_rnd(GNUTLS_RND_NONCE, id->data, size);
      gnutls_rnd(GNUTLS_RND_NONCE, token, NGTCP2_STATELESS_RESET_TOKENLEN);
      return 0;
    };
    callbacks.handshake_completed = [](ngtcp2_conn*, void* user_data) {
      self(user_data).outcome_.completed = true;
      return 0;
    };
    callbacks.handshake_confirmed = [](ngtcp2_conn*, void* user_data) {
      self(user_data).outcome_.confirmed = true;
      return 0;
    };
    callbacks.recv_stream_data = [](ngtcp2_conn*, std::uint32_t, std::int64_t, std::uint64_t,
                                    const std::uint8_t* data, std::size_t size, void* user_data, void*) {
      if (size > 0) self(user_data).outcome_.received.append(reinterpret_cast<const char*>(data), size);
      return 0;
    };
    ngtcp2_settings settings;
    ngtcp2_settings_default(&settings);
    settings.initial_ts = now();
    ngtcp2_transport_params params;
    ngtcp2_transport_params_default(&params);
    params.initial_max_data = params.initial_max_stream_data_bidi_local = 1024 * 1024;
    params.max_idle_timeout = 5 * NGTCP2_SECONDS;
    ngtcp2_cid dcid{};
    ngtcp2_cid scid{};
    dcid.datalen = 12;
    scid.datalen = 8;
    gnutls_rnd(GNUTLS_RND_NONCE, dcid.data, dcid.datalen);
    gnutls_rnd(GNUTLS_RND_NONCE, scid.data, scid.datalen);
    if (ngtcp2_conn_client_new(&quic_, &dcid, &scid, &path_, NGTCP2_PROTO_VER_V1, &callbacks, &settings,
                               &params, nullptr, this) != 0) {
      throw std::runtime_error("ngtcp2");
    }
  }

  void start_tls() {
    gnutls_certificate_allocate_credentials(&credentials_);
    if (!plan_.certificate.empty() &&
        gnutls_certificate_set_x509_key_file(credentials_, plan_.certificate.c_str(), plan_.key.c_str(),
                                             GNUTLS_X509_FMT_PEM) < 0) {
      throw std::runtime_error("certificate");
    }
    gnutls_init(&tls_,
                GNUTLS_CLIENT | GNUTLS_NO_END_OF_EARLY_DATA | GNUTLS_NO_TICKETS | GNUTLS_FORCE_CLIENT_CERT);
    gnutls_priority_set_direct(tls_, "%DISABLE_TLS13_COMPAT_MODE:NORMAL:-VERS-ALL:+VERS-TLS1.3", nullptr);
    ngtcp2_crypto_gnutls_configure_client_session(tls_);
    reference_ = {[](ngtcp2_crypto_conn_ref* r) { return self(r->user_data).quic_; }, this};
    gnutls_session_set_ptr(tls_, &reference_);
    const gnutls_datum_t alpn{reinterpret_cast<unsigned char*>(const_cast<char*>(plan_.alpn.data())),
                              static_cast<unsigned>(plan_.alpn.size())};
    gnutls_alpn_set_protocols(tls_, &alpn, 1, 0);
    gnutls_credentials_set(tls_, GNUTLS_CRD_CERTIFICATE, credentials_);
    // It sends its certificate whatever CA the server asks for, and trusts anybody.
    gnutls_session_set_verify_function(tls_, [](gnutls_session_t) { return 0; });
    ngtcp2_conn_set_tls_native_handle(quic_, tls_);
  }

  void write() {
    const bool next_stream = written_ == plan_.bytes.size() && opened_ < plan_.streams;
    if (outcome_.confirmed && (opened_ == 0 || next_stream) && !plan_.bytes.empty()) {
      note(ngtcp2_conn_open_bidi_stream(quic_, &stream_, nullptr));
      ++opened_;
      written_ = 0;
    }
    if (outcome_.confirmed && !plan_.datagram.empty()) write_datagram();
    for (;;) {
      std::array<std::uint8_t, 1500> packet{};
      ngtcp2_ssize taken = -1;
      const bool dripping = plan_.byte_every_ms > 0;
      const bool held_back = dripping && now() < next_byte_at_;
      const bool data = stream_ >= 0 && written_ < plan_.bytes.size() && !held_back;
      ngtcp2_vec piece{reinterpret_cast<std::uint8_t*>(plan_.bytes.data()) + written_,
                       dripping ? 1 : plan_.bytes.size() - written_};
      const auto n = ngtcp2_conn_writev_stream(quic_, nullptr, nullptr, packet.data(), packet.size(), &taken,
                                               NGTCP2_WRITE_STREAM_FLAG_NONE, data ? stream_ : -1, &piece,
                                               data ? 1 : 0, now());
      if (taken > 0) written_ += static_cast<std::size_t>(taken);
      if (taken > 0)
        next_byte_at_ = now() + static_cast<ngtcp2_tstamp>(plan_.byte_every_ms) * NGTCP2_MILLISECONDS;
      if (n == NGTCP2_ERR_STREAM_DATA_BLOCKED) break;
      if (n < 0) return note(static_cast<int>(n));
      if (n == 0) break;
      [[maybe_unused]] const auto sent = ::send(fd_, packet.data(), static_cast<std::size_t>(n), 0);
    }
    ngtcp2_conn_update_pkt_tx_time(quic_, now());
  }

  void write_datagram() {
    Bytes& datagram = plan_.datagram;
    std::array<std::uint8_t, 1500> packet{};
    const ngtcp2_vec piece{reinterpret_cast<std::uint8_t*>(datagram.data()), datagram.size()};
    int accepted = 0;
    const auto n =
        ngtcp2_conn_writev_datagram(quic_, nullptr, nullptr, packet.data(), packet.size(), &accepted,
                                    NGTCP2_WRITE_DATAGRAM_FLAG_NONE, 0, &piece, 1, now());
    if (n < 0) return note(static_cast<int>(n));
    [[maybe_unused]] const auto sent = ::send(fd_, packet.data(), static_cast<std::size_t>(n), 0);
    if (accepted != 0) datagram.clear();  // else the packet was needed for something more urgent
  }

  void read() {
    std::array<std::uint8_t, 65536> packet{};
    for (;;) {
      const auto n = ::recv(fd_, packet.data(), packet.size(), 0);
      if (n <= 0 || over_) return;
      note(ngtcp2_conn_read_pkt(quic_, &path_, nullptr, packet.data(), static_cast<std::size_t>(n), now()));
    }
  }

  void note(int error) {
    if (error == 0 || over_) return;
    over_ = true;
    outcome_.local_error = ngtcp2_strerror(error);
    if (error != NGTCP2_ERR_DRAINING) return;
    ngtcp2_connection_close_error close;
    ngtcp2_conn_get_connection_close_error(quic_, &close);
    auto& to = close.type == NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION ? outcome_.application_error
                                                                                 : outcome_.transport_error;
    to = close.error_code;
  }

  RawPlan plan_;
  int fd_ = -1;
  Address local_;
  Address remote_;
  ngtcp2_path path_{};
  ngtcp2_conn* quic_ = nullptr;
  gnutls_session_t tls_ = nullptr;
  gnutls_certificate_credentials_t credentials_ = nullptr;
  ngtcp2_crypto_conn_ref reference_{};
  std::int64_t stream_ = -1;
  std::size_t written_ = 0;
  int opened_ = 0;
  ngtcp2_tstamp next_byte_at_ = 0;
  bool over_ = false;
  RawOutcome outcome_;
};

}  // namespace

RawOutcome run_raw(const RawPlan& plan) {
  return RawClient(plan).run();
}

}  // namespace nodedb::quic
