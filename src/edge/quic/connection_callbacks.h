// SPDX-License-Identifier: Apache-2.0
#pragma once

// ngtcp2's table of callbacks for a side, each of which records something in the Connection.

#include "edge/quic/connection.h"

namespace nodedb::quic {

struct ConnectionCallbacks {
  static ngtcp2_callbacks table(Side side);
  /// GnuTLS has understood what a client wants.
  static int client_hello(gnutls_session_t session);
  /// GnuTLS asks it to judge the peer's certificate.
  static int verify(gnutls_session_t session);
  static ngtcp2_conn* get_quic(ngtcp2_crypto_conn_ref* reference);

 private:
  static Connection& self(void* user_data) { return *static_cast<Connection*>(user_data); }
  static int handshake_completed(ngtcp2_conn*, void* user_data);
  static int handshake_confirmed(ngtcp2_conn*, void* user_data);
  static int stream_data(ngtcp2_conn*, std::uint32_t flags, std::int64_t id, std::uint64_t offset,
                         const std::uint8_t* data, std::size_t size, void* user_data, void*);
  static int datagram(ngtcp2_conn*, std::uint32_t flags, const std::uint8_t* data, std::size_t size,
                      void* user_data);
  static int stream_acknowledged(ngtcp2_conn*, std::int64_t id, std::uint64_t offset, std::uint64_t size,
                                 void* user_data, void*);
  static int stream_closed(ngtcp2_conn*, std::uint32_t flags, std::int64_t id, std::uint64_t code,
                           void* user_data, void*);
  static int stream_reset(ngtcp2_conn*, std::int64_t id, std::uint64_t final_size, std::uint64_t code,
                          void* user_data, void*);
  static int stateless_reset(ngtcp2_conn*, const ngtcp2_pkt_stateless_reset*, void* user_data);
  static int new_connection_id(ngtcp2_conn*, ngtcp2_cid* id, std::uint8_t* token, std::size_t size,
                               void* user_data);
  static int remove_connection_id(ngtcp2_conn*, const ngtcp2_cid* id, void* user_data);
  static void random(std::uint8_t* to, std::size_t size, const ngtcp2_rand_ctx*);
};

}  // namespace nodedb::quic
