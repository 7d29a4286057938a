// SPDX-License-Identifier: Apache-2.0
#include <gnutls/gnutls.h>
#include <sys/socket.h>

#include <algorithm>

#include "edge/resp/channel.h"

namespace nodedb::resp {

namespace {

/// One TLS record's worth.
constexpr std::size_t record_bytes_max = 16 * 1024;

class TlsChannel final : public Channel {
 public:
  TlsChannel(std::shared_ptr<const void> context, gnutls_session_t session, int socket)
      : context_(std::move(context)), session_(session), socket_(socket) {}
  ~TlsChannel() override { gnutls_deinit(session_); }
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  Stop handshake() override {
    for (;;) {
      const int result = gnutls_handshake(session_);
      if (result == GNUTLS_E_SUCCESS) return Stop::none;
      if (result == GNUTLS_E_AGAIN) return waiting();
      if (gnutls_error_is_fatal(result) != 0) return Stop::closed;
    }
  }

  Moved read(std::span<char> room) override {
    for (;;) {
      const ssize_t got = gnutls_record_recv(session_, room.data(), room.size());
      if (got > 0) return {.bytes = static_cast<std::size_t>(got)};
      if (got == 0) return {.stop = Stop::ended};
      if (got == GNUTLS_E_AGAIN) return {.stop = waiting()};
      // A client that asks for another handshake is not heard: TLS 1.3 has none.
      if (gnutls_error_is_fatal(static_cast<int>(got)) != 0) return {.stop = Stop::closed};
    }
  }

  Moved write(BytesView bytes) override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      // A record that could not be sent whole is kept by the library; the next call only pushes it on.
      const std::size_t size = held_ != 0 ? held_ : std::min(bytes.size() - done, record_bytes_max);
      const ssize_t sent = held_ != 0 ? gnutls_record_send(session_, nullptr, 0)
                                      : gnutls_record_send(session_, bytes.data() + done, size);
      if (sent >= 0) {
        done += held_ != 0 ? held_ : static_cast<std::size_t>(sent);
        held_ = 0;
      } else if (sent == GNUTLS_E_AGAIN) {
        held_ = size;
        return {.bytes = done, .stop = Stop::want_write};
      } else if (gnutls_error_is_fatal(static_cast<int>(sent)) != 0) {
        return {.bytes = done, .stop = Stop::closed};
      }
    }
    return {.bytes = done};
  }

  bool holds_input() const override { return gnutls_record_check_pending(session_) != 0; }

  void say_goodbye() override {
    gnutls_bye(session_, GNUTLS_SHUT_WR);
    ::shutdown(socket_, SHUT_WR);
  }

 private:
  Stop waiting() const {
    return gnutls_record_get_direction(session_) == 0 ? Stop::want_read : Stop::want_write;
  }

  std::shared_ptr<const void> context_;  // the session points into it; another may be the server's by now
  gnutls_session_t session_;
  int socket_;
  std::size_t held_ = 0;  ///< bytes of the record that the library is still sending
};

std::unexpected<Error> refused(const std::string& what, int code) {
  return fail(Code::unauthenticated, what + ": " + gnutls_strerror(code));
}

constexpr const char* versions = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

}  // namespace

/// Of GnuTLS, what all sessions of one side share.
struct TlsShared {
  gnutls_certificate_credentials_t credentials = nullptr;
  gnutls_priority_t priority = nullptr;

  ~TlsShared() {
    if (priority != nullptr) gnutls_priority_deinit(priority);
    if (credentials != nullptr) gnutls_certificate_free_credentials(credentials);
  }
};

namespace {

gnutls_session_t session_of(const TlsShared& shared, unsigned side, int socket) {
  gnutls_session_t session = nullptr;
  if (gnutls_init(&session, side | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) != GNUTLS_E_SUCCESS) return nullptr;
  gnutls_priority_set(session, shared.priority);
  gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, shared.credentials);
  gnutls_transport_set_int(session, socket);
  return session;
}

}  // namespace

struct TlsContext::State : TlsShared {};
struct TlsTrust::State : TlsShared {};

TlsContext::TlsContext(std::shared_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

Result<std::unique_ptr<TlsContext>> TlsContext::load(const std::string& certificate_file,
                                                     const std::string& key_file) {
  auto state = std::make_shared<State>();
  int result = gnutls_certificate_allocate_credentials(&state->credentials);
  if (result != GNUTLS_E_SUCCESS) return refused("TLS for clients cannot start", result);
  result = gnutls_certificate_set_x509_key_file(state->credentials, certificate_file.c_str(),
                                                key_file.c_str(), GNUTLS_X509_FMT_PEM);
  if (result < 0) {
    return refused(
        "the clients' certificate " + certificate_file + " with key " + key_file + " cannot be used", result);
  }
  result = gnutls_priority_init(&state->priority, versions, nullptr);
  if (result != GNUTLS_E_SUCCESS) return refused("TLS for clients cannot start", result);
  return std::unique_ptr<TlsContext>(new TlsContext(std::move(state)));
}

std::unique_ptr<Channel> TlsContext::accept(int socket) {
  gnutls_session_t session = session_of(*state_, GNUTLS_SERVER, socket);
  if (session == nullptr) return nullptr;
  gnutls_certificate_server_set_request(session, GNUTLS_CERT_IGNORE);
  return std::make_unique<TlsChannel>(state_, session, socket);
}

TlsTrust::TlsTrust(std::shared_ptr<State> state) : state_(std::move(state)) {}
TlsTrust::~TlsTrust() = default;

Result<std::unique_ptr<TlsTrust>> TlsTrust::load(const std::string& authority_file) {
  auto state = std::make_shared<State>();
  int result = gnutls_certificate_allocate_credentials(&state->credentials);
  if (result != GNUTLS_E_SUCCESS) return refused("TLS cannot start", result);
  result =
      gnutls_certificate_set_x509_trust_file(state->credentials, authority_file.c_str(), GNUTLS_X509_FMT_PEM);
  if (result < 0) return refused("the authority " + authority_file + " cannot be used", result);
  if (result == 0) return refused(authority_file + " holds no authority", GNUTLS_E_NO_CERTIFICATE_FOUND);
  result = gnutls_priority_init(&state->priority, versions, nullptr);
  if (result != GNUTLS_E_SUCCESS) return refused("TLS cannot start", result);
  return std::unique_ptr<TlsTrust>(new TlsTrust(std::move(state)));
}

std::unique_ptr<Channel> TlsTrust::connect(int socket) {
  gnutls_session_t session = session_of(*state_, GNUTLS_CLIENT, socket);
  if (session == nullptr) return nullptr;
  gnutls_session_set_verify_cert(session, nullptr, 0);
  return std::make_unique<TlsChannel>(state_, session, socket);
}

}  // namespace nodedb::resp
