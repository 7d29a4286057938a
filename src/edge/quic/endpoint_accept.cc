// SPDX-License-Identifier: Apache-2.0
// What an endpoint does with datagrams that belong to no connection: the part that strangers can reach. Each
// answer is smaller than its cause or limited in rate, and memory is bounded by the caps on connections.
#include <gnutls/crypto.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/time.h"
#include "edge/quic/endpoint.h"

namespace nodedb::quic {
namespace {

constexpr std::int64_t resets_per_s = 200;
constexpr std::int64_t retry_valid_ns = 10 * ns_per_s;
/// RFC 9000, 10.3: a reset is shorter than its cause, so that two endpoints cannot reset each other for ever.
constexpr std::size_t reset_bytes_max = 43;
constexpr std::size_t reset_bytes_min = 21;

ngtcp2_cid to_id(const std::uint8_t* bytes, std::size_t size) {
  ngtcp2_cid id{};
  ngtcp2_cid_init(&id, bytes, std::min<std::size_t>(size, NGTCP2_MAX_CIDLEN));
  return id;
}

}  // namespace

void Endpoint::unroutable(const Address& from, std::span<const std::uint8_t> bytes,
                          const ngtcp2_version_cid& ids) {
  if (ids.version != 0) return begin_accepted(from, bytes);
  // A stateless reset has no valid connection id: only its address tells whom it may concern.
  for (auto& [number, entry] : connections_) {
    if (!entry.connection->alive() || !(entry.connection->remote() == from)) continue;
    entry.connection->read(from, bytes, now_ns_);
    touch_number(number);
    if (!entry.connection->alive()) return;
  }
  ++stats_.unroutable;
  send_reset(from, bytes, ids);
}

void Endpoint::begin_accepted(const Address& from, std::span<const std::uint8_t> bytes) {
  Connection::Initial initial;
  if (!options_.accept || ngtcp2_accept(&initial.header, bytes.data(), bytes.size()) != 0) {
    ++stats_.unroutable;
    return;
  }
  if (connections_.size() >= options_.connections_max || handshakes_ >= options_.handshakes_max) {
    ++stats_.connections_refused;
    return;
  }
  if (needs_retry(from, initial)) return send_retry(from, initial.header);
  auto made = Connection::accept(*this, shared_, next_number_, local(), from, initial, now_ns_);
  if (!made) {
    ++stats_.unroutable;
    return;
  }
  keep(std::move(*made)).read(from, bytes, now_ns_);
}

bool Endpoint::needs_retry(const Address& from, Connection::Initial& initial) {
  const auto& token = initial.header.token;
  if (token.len > 0 && token.base[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY) {
    ngtcp2_cid before{};
    const int rv = ngtcp2_crypto_verify_retry_token(
        &before, token.base, token.len, retry_secret_.data(), retry_secret_.size(), initial.header.version,
        from.raw(), from.size(), &initial.header.dcid, static_cast<ngtcp2_duration>(retry_valid_ns),
        static_cast<ngtcp2_tstamp>(now_ns_));
    if (rv != 0) return true;
    initial.retried_dcid = before;
    return false;
  }
  initial.header.token = {};
  return handshakes_ >= options_.handshakes_before_retry;
}

void Endpoint::send_retry(const Address& from, const ngtcp2_pkt_hd& header) {
  std::array<std::uint8_t, connection_id_bytes> luck{};
  gnutls_rnd(GNUTLS_RND_NONCE, luck.data(), luck.size());
  const auto id = to_id(luck.data(), luck.size());
  std::array<std::uint8_t, NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN> token{};
  const auto token_bytes = ngtcp2_crypto_generate_retry_token(
      token.data(), retry_secret_.data(), retry_secret_.size(), header.version, from.raw(), from.size(), &id,
      &header.dcid, static_cast<ngtcp2_tstamp>(now_ns_));
  if (token_bytes < 0) return;
  std::array<std::uint8_t, NGTCP2_MAX_UDP_PAYLOAD_SIZE> packet{};
  const auto n = ngtcp2_crypto_write_retry(packet.data(), packet.size(), header.version, &header.scid, &id,
                                           &header.dcid, token.data(), static_cast<std::size_t>(token_bytes));
  if (n <= 0) return;
  ++stats_.retries_sent;
  send_alone(from, std::span(packet).first(static_cast<std::size_t>(n)));
}

void Endpoint::send_reset(const Address& from, std::span<const std::uint8_t> packet,
                          const ngtcp2_version_cid& ids) {
  if (!options_.accept || packet.size() <= reset_bytes_min + 1 || ids.dcidlen != connection_id_bytes) return;
  if (now_ns_ - reset_allowance_at_ns_ >= ns_per_s) {
    reset_allowance_at_ns_ = now_ns_;
    reset_allowance_ = resets_per_s;
  }
  if (reset_allowance_-- <= 0) return;
  const auto id = to_id(ids.dcid, ids.dcidlen);
  std::array<std::uint8_t, NGTCP2_STATELESS_RESET_TOKENLEN> token{};
  if (ngtcp2_crypto_generate_stateless_reset_token(token.data(), options_.reset_secret.data(),
                                                   options_.reset_secret.size(), &id) != 0) {
    return;
  }
  std::array<std::uint8_t, reset_bytes_max> luck{};
  gnutls_rnd(GNUTLS_RND_NONCE, luck.data(), luck.size());
  std::array<std::uint8_t, reset_bytes_max> reset{};
  const std::size_t size = std::min(reset_bytes_max, packet.size() - 1);
  const auto n =
      ngtcp2_pkt_write_stateless_reset(reset.data(), size, token.data(), luck.data(), size - token.size());
  if (n <= 0) return;
  ++stats_.resets_sent;
  send_alone(from, std::span(reset).first(static_cast<std::size_t>(n)));
}

void Endpoint::send_version_negotiation(const Address& to, const ngtcp2_version_cid& ids) {
  std::uint8_t luck = 0;
  gnutls_rnd(GNUTLS_RND_NONCE, &luck, 1);
  const std::uint32_t versions[] = {NGTCP2_PROTO_VER_V1};
  std::array<std::uint8_t, NGTCP2_MAX_UDP_PAYLOAD_SIZE> packet{};
  const auto n = ngtcp2_pkt_write_version_negotiation(packet.data(), packet.size(), luck, ids.scid,
                                                      ids.scidlen, ids.dcid, ids.dcidlen, versions, 1);
  if (n > 0) send_alone(to, std::span(packet).first(static_cast<std::size_t>(n)));
}

void Endpoint::send_alone(const Address& to, std::span<const std::uint8_t> packet) {
  ++stats_.packets_sent;
  stats_.bytes_sent += packet.size();
  socket_.send(to, packet, packet.size());
}

}  // namespace nodedb::quic
