// SPDX-License-Identifier: Apache-2.0
#include "edge/quic/connection_callbacks.h"

#include <gnutls/crypto.h>

namespace nodedb::quic {

ngtcp2_callbacks ConnectionCallbacks::table(Side side) {
  ngtcp2_callbacks table{};
  if (side == Side::dialler) {
    table.client_initial = ngtcp2_crypto_client_initial_cb;
    table.recv_retry = ngtcp2_crypto_recv_retry_cb;
  } else {
    table.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
  }
  table.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb;
  table.encrypt = ngtcp2_crypto_encrypt_cb;
  table.decrypt = ngtcp2_crypto_decrypt_cb;
  table.hp_mask = ngtcp2_crypto_hp_mask_cb;
  table.update_key = ngtcp2_crypto_update_key_cb;
  table.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
  table.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
  table.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb;
  table.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
  table.handshake_completed = handshake_completed;
  table.handshake_confirmed = handshake_confirmed;
  table.recv_stream_data = stream_data;
  table.recv_datagram = datagram;
  table.acked_stream_data_offset = stream_acknowledged;
  table.stream_close = stream_closed;
  table.stream_reset = stream_reset;
  table.recv_stateless_reset = stateless_reset;
  table.get_new_connection_id = new_connection_id;
  table.remove_connection_id = remove_connection_id;
  table.rand = random;
  return table;
}

int ConnectionCallbacks::client_hello(gnutls_session_t session) {
  const auto* reference = static_cast<const ngtcp2_crypto_conn_ref*>(gnutls_session_get_ptr(session));
  self(reference->user_data).on_hello();
  return 0;
}

int ConnectionCallbacks::verify(gnutls_session_t session) {
  const auto* reference = static_cast<const ngtcp2_crypto_conn_ref*>(gnutls_session_get_ptr(session));
  return self(reference->user_data).on_verify();
}

ngtcp2_conn* ConnectionCallbacks::get_quic(ngtcp2_crypto_conn_ref* reference) {
  return self(reference->user_data).quic_;
}

int ConnectionCallbacks::handshake_completed(ngtcp2_conn*, void* user_data) {
  auto& connection = self(user_data);
  // Nobody is let in unverified, but by the door, and then as nobody.
  if (!connection.peer_ && !connection.newcomer_) return NGTCP2_ERR_CALLBACK_FAILURE;
  if (connection.side_ == Side::acceptor) connection.on_opened();
  return 0;
}

int ConnectionCallbacks::handshake_confirmed(ngtcp2_conn*, void* user_data) {
  auto& connection = self(user_data);
  // Only this tells a dialler that the peer accepted its certificate: the handshake completes before that.
  if (connection.side_ == Side::dialler) connection.on_opened();
  return 0;
}

int ConnectionCallbacks::stream_data(ngtcp2_conn*, std::uint32_t flags, std::int64_t id, std::uint64_t,
                                     const std::uint8_t* data, std::size_t size, void* user_data, void*) {
  return self(user_data).on_data(id, {data, size}, (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0);
}

int ConnectionCallbacks::datagram(ngtcp2_conn*, std::uint32_t, const std::uint8_t* data, std::size_t size,
                                  void* user_data) {
  return self(user_data).on_datagram({data, size});
}

int ConnectionCallbacks::stream_acknowledged(ngtcp2_conn*, std::int64_t id, std::uint64_t offset,
                                             std::uint64_t size, void* user_data, void*) {
  if (auto* stream = self(user_data).find(id)) stream->out.acknowledged(offset + size);
  return 0;
}

int ConnectionCallbacks::stream_closed(ngtcp2_conn*, std::uint32_t, std::int64_t id, std::uint64_t,
                                       void* user_data, void*) {
  auto& connection = self(user_data);
  connection.remove_stream(id);
  connection.events_.push_back(StreamEnded{id});
  return 0;
}

int ConnectionCallbacks::stream_reset(ngtcp2_conn*, std::int64_t id, std::uint64_t, std::uint64_t,
                                      void* user_data, void*) {
  self(user_data).events_.push_back(StreamEnded{id});
  return 0;
}

int ConnectionCallbacks::stateless_reset(ngtcp2_conn*, const ngtcp2_pkt_stateless_reset*, void* user_data) {
  self(user_data).was_reset_ = true;
  return 0;
}

int ConnectionCallbacks::new_connection_id(ngtcp2_conn*, ngtcp2_cid* id, std::uint8_t* token,
                                           std::size_t size, void* user_data) {
  auto& connection = self(user_data);
  if (size != connection_id_bytes) return NGTCP2_ERR_CALLBACK_FAILURE;
  *id = connection.new_id();
  const auto& secret = connection.shared_.reset_secret;
  if (ngtcp2_crypto_generate_stateless_reset_token(token, secret.data(), secret.size(), id) != 0) {
    return NGTCP2_ERR_CALLBACK_FAILURE;
  }
  connection.host_.add_route(*id, connection);
  return 0;
}

int ConnectionCallbacks::remove_connection_id(ngtcp2_conn*, const ngtcp2_cid* id, void* user_data) {
  self(user_data).host_.remove_route(*id);
  return 0;
}

void ConnectionCallbacks::random(std::uint8_t* to, std::size_t size, const ngtcp2_rand_ctx*) {
  gnutls_rnd(GNUTLS_RND_NONCE, to, size);
}

}  // namespace nodedb::quic
