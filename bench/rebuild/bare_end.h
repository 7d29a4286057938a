// SPDX-License-Identifier: Apache-2.0
#pragma once

// One end of a QUIC connection with as little around ngtcp2 as it needs to carry a load: no frames, no queues
// (all bytes are alike, so every stream is sent from one block of memory), no routes. What QUIC itself costs,
// with the socket code of the transport. One thread.

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>

#include "bench/rebuild/carrier.h"
#include "edge/quic/packet_sink.h"
#include "edge/quic/udp_socket.h"
#include "edge/tls/credentials.h"
#include "edge/tls/handles.h"

namespace nodedb::bench {

class BareEnd final : quic::UdpSocket::Receiver {
 public:
  static Result<std::unique_ptr<BareEnd>> open(const std::string& certs, Tally& tally);
  ~BareEnd() override;

  const quic::Address& local() const { return socket_.local(); }
  /// Dials, if there is somebody to dial, and carries the load until `stop` is set.
  void run(const quic::Address* dial, Load load, const std::atomic<bool>& stop);

 private:
  struct Callbacks;
  struct Stream {
    std::int64_t id = -1;
    std::size_t unsent = 0;  ///< bytes that are to be sent
    bool blocked = false;    ///< by the peer's window, within one turn
  };

  BareEnd(quic::UdpSocket socket, tls::Credentials credentials, Tally& tally);
  void datagram(const quic::Address& from, std::span<const std::uint8_t> bytes) override;
  bool begin(const quic::Address& peer, const ngtcp2_pkt_hd* initial);
  bool begin_tls(bool server);
  void open_streams();
  void take(std::int64_t stream, std::size_t bytes);
  void give_pulse();
  Stream* next_sendable();
  ngtcp2_ssize write_packet(std::span<std::uint8_t> room);
  /// True: there is more to say.
  bool write();
  void wait(bool busy);

  quic::UdpSocket socket_;
  quic::PacketSink sink_;
  tls::Credentials credentials_;
  Tally& tally_;
  Load load_;
  quic::Address peer_;
  tls::SessionHandle session_;
  ngtcp2_crypto_conn_ref reference_{};
  ngtcp2_conn* quic_ = nullptr;
  bool dialler_ = false;
  bool failed_ = false;
  std::int64_t now_ns_ = 0;
  Stream small_;
  Stream bulk_;
  std::size_t returned_bytes_ = 0;           ///< of messages
  std::deque<std::int64_t> pulses_sent_ns_;  ///< those that have not come back
  std::int64_t next_pulse_ns_ = 0;
};

}  // namespace nodedb::bench
