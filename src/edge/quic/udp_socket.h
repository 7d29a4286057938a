// SPDX-License-Identifier: Apache-2.0
#pragma once

// One non-blocking UDP socket that moves many datagrams per system call: UDP_GRO and recvmmsg inward,
// UDP_SEGMENT outward, then sendmmsg where the kernel refuses segments. Net thread only.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "edge/quic/address.h"

namespace nodedb::quic {

class UdpSocket {
 public:
  /// What comes in; implemented by the endpoint.
  class Receiver {
   public:
    virtual ~Receiver() = default;
    virtual void datagram(const Address& from, std::span<const std::uint8_t> bytes) = 0;
  };

  /// Binds to `at`; port 0 lets the system choose. Errors: invalid_state, with the system's reason.
  static Result<UdpSocket> open(const Address& at);

  UdpSocket(UdpSocket&& other) noexcept;
  UdpSocket& operator=(UdpSocket&& other) noexcept;
  ~UdpSocket();

  int descriptor() const { return fd_; }
  const Address& local() const { return local_; }
  /// Gives the descriptor away; the caller closes it, and this object still reads and writes through it.
  int release();
  int receive_buffer_bytes() const { return receive_buffer_bytes_; }

  /// Hands over what has arrived, at most a bounded number of reads. True if more may be waiting.
  bool receive(Receiver& receiver);
  /// Sends `bytes` as datagrams of `segment` bytes (the last may be shorter). Returns how many bytes are
  /// dealt with, sent or dropped as a lossy network may; fewer than given means that the socket is full.
  std::size_t send(const Address& to, std::span<const std::uint8_t> bytes, std::size_t segment);

 private:
  struct Buffers;
  UdpSocket(int fd, Address local);

  bool receive_once(Receiver& receiver);
  std::size_t send_segmented(const Address& to, std::span<const std::uint8_t> bytes, std::size_t segment);
  std::size_t send_many(const Address& to, std::span<const std::uint8_t> bytes, std::size_t segment);

  int fd_ = -1;
  bool owned_ = true;
  bool segments_work_ = true;
  int receive_buffer_bytes_ = 0;
  Address local_;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace nodedb::quic
