// SPDX-License-Identifier: Apache-2.0
#pragma once

// Gathers packets of one destination and size into a single send. When the socket is full the gathered
// packets wait here, and no more space is given until `resume`. Net thread only.

#include <array>
#include <cstdint>
#include <span>

#include "edge/quic/udp_socket.h"

namespace nodedb::quic {

class PacketSink {
 public:
  explicit PacketSink(UdpSocket& socket) : socket_(&socket) {}

  /// Room for one packet of up to `bytes_max`; empty while the socket is full.
  std::span<std::uint8_t> space(std::size_t bytes_max);
  /// The last space given now holds a packet of `bytes` for `to`.
  void commit(const Address& to, std::size_t bytes);
  /// Sends what is gathered, or keeps it if the socket is full.
  void flush();
  /// The socket takes data again.
  void resume();
  bool blocked() const { return blocked_; }

  std::uint64_t packets() const { return packets_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t bytes_max_ = 60 * 1024;
  static constexpr std::size_t segments_max_ = 60;

  UdpSocket* socket_;
  std::array<std::uint8_t, bytes_max_ + 2048> buffer_{};
  std::size_t begin_ = 0;  ///< below it everything is sent
  std::size_t end_ = 0;
  std::size_t spare_ = 0;  ///< where the space last given begins
  std::size_t segment_ = 0;
  std::size_t segments_ = 0;
  bool last_is_short_ = false;
  bool blocked_ = false;
  Address to_;
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace nodedb::quic
