// SPDX-License-Identifier: Apache-2.0
// How a connection ends: which error is told to the peer, and what is said about it here.
#include <utility>

#include "base/time.h"
#include "edge/quic/connection.h"

namespace nodedb::quic {
namespace {

constexpr std::uint64_t crypto_error_base = 0x100;  // RFC 9000, 20.1: plus the TLS alert
constexpr std::uint64_t crypto_error_end = 0x200;
constexpr std::size_t reason_bytes_max = 200;

std::string printable(const std::uint8_t* bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size && i < reason_bytes_max; ++i) {
    text += bytes[i] >= 0x20 && bytes[i] < 0x7f ? static_cast<char>(bytes[i]) : '?';
  }
  return text;
}

std::string alert_text(std::uint64_t alert) {
  const char* known = gnutls_alert_get_name(static_cast<gnutls_alert_description_t>(alert));
  return known != nullptr ? known : "TLS alert " + std::to_string(alert);
}

}  // namespace

void Connection::close(CloseCode code, std::string text, std::int64_t now_ns) {
  if (!alive()) return;
  ngtcp2_connection_close_error error;
  ngtcp2_connection_close_error_default(&error);
  const std::string said(name(code));
  ngtcp2_connection_close_error_set_application_error(&error, static_cast<std::uint64_t>(code),
                                                      reinterpret_cast<const std::uint8_t*>(said.data()),
                                                      said.size());
  reason_ = {CloseReason::Kind::closed_here, code, text.empty() ? said : std::move(text)};
  start_closing(error, now_ns);
}

void Connection::start_closing(const ngtcp2_connection_close_error& error, std::int64_t now_ns) {
  close_packet_.resize(NGTCP2_MAX_UDP_PAYLOAD_SIZE);
  ngtcp2_pkt_info info{};
  const auto n =
      ngtcp2_conn_write_connection_close(quic_, nullptr, &info, close_packet_.data(), close_packet_.size(),
                                         &error, static_cast<ngtcp2_tstamp>(now_ns));
  streams_.clear();
  if (n <= 0) return leave(State::dead, reason_);
  close_packet_.resize(static_cast<std::size_t>(n));
  repeat_close_ = true;
  leave(State::closing, reason_);
  deadline_ns_ = now_ns + 3 * static_cast<std::int64_t>(ngtcp2_conn_get_pto(quic_));
}

void Connection::leave(State state, CloseReason reason) {
  state_ = state;
  reason_ = std::move(reason);
}

void Connection::fail_with(int error, std::int64_t now_ns) {
  using Kind = CloseReason::Kind;
  if (!alive()) return;
  switch (error) {
    case NGTCP2_ERR_DRAINING:
      leave(State::draining,
            was_reset_ ? CloseReason{Kind::reset, {}, "the peer lost the connection"} : reason_from_peer());
      deadline_ns_ = now_ns + 3 * static_cast<std::int64_t>(ngtcp2_conn_get_pto(quic_));
      return;
    case NGTCP2_ERR_IDLE_CLOSE:
      return leave(State::dead, {Kind::timeout, {}, "nothing was heard for the idle timeout"});
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      return leave(State::dead, {Kind::timeout, {}, "the handshake took too long"});
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RETRY:
    case NGTCP2_ERR_CLOSING:
      return leave(State::dead, {Kind::error, {}, ngtcp2_strerror(error)});
    default:
      break;
  }
  ngtcp2_connection_close_error told;
  ngtcp2_connection_close_error_default(&told);
  if (error == NGTCP2_ERR_CRYPTO) {
    const auto alert = ngtcp2_conn_get_tls_alert(quic_);
    ngtcp2_connection_close_error_set_transport_error_tls_alert(&told, alert, nullptr, 0);
    reason_ = {Kind::refused, {}, alert_text(alert)};
    if (refusal_) reason_.text = std::string(nodedb::name(refusal_->code)) + ": " + refusal_->detail;
  } else {
    ngtcp2_connection_close_error_set_transport_error_liberr(&told, error, nullptr, 0);
    reason_ = {Kind::error, {}, ngtcp2_strerror(error)};
  }
  start_closing(told, now_ns);
}

CloseReason Connection::reason_from_peer() const {
  using Kind = CloseReason::Kind;
  ngtcp2_connection_close_error error;
  ngtcp2_conn_get_connection_close_error(quic_, &error);
  const auto said = printable(error.reason, error.reasonlen);
  if (error.type == NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION) {
    const auto code = static_cast<CloseCode>(error.error_code);
    return {Kind::closed_by_peer, code, "the peer closed: " + std::string(name(code))};
  }
  if (error.error_code >= crypto_error_base && error.error_code < crypto_error_end) {
    return {
        Kind::refused, {}, "the peer refused us: " + alert_text(error.error_code - crypto_error_base), true};
  }
  return {Kind::closed_by_peer,
          {},
          "the peer closed with transport error " + std::to_string(error.error_code) + " " + said};
}

}  // namespace nodedb::quic
