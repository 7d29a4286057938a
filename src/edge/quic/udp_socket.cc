// SPDX-License-Identifier: Apache-2.0
#include "edge/quic/udp_socket.h"

#include <netinet/udp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace nodedb::quic {
namespace {

constexpr std::size_t messages_per_read = 16;
constexpr std::size_t message_bytes = 64 * 1024;
constexpr int reads_per_turn = 4;
constexpr std::size_t messages_per_send = 64;
constexpr int wanted_buffer_bytes = 4 * 1024 * 1024;

std::unexpected<Error> system_failure(const std::string& what) {
  return fail(Code::invalid_state, what + ": " + std::system_category().message(errno));
}

void set_option(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);  // each is a wish: the socket works without it
}

/// The size of the coalesced datagrams in one message, or its whole size.
std::size_t segment_of(msghdr& message, std::size_t whole) {
  for (auto* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO) continue;
    int size = 0;
    std::memcpy(&size, CMSG_DATA(c), sizeof size);
    if (size > 0) return static_cast<std::size_t>(size);
  }
  return std::max<std::size_t>(whole, 1);
}

}  // namespace

struct UdpSocket::Buffers {
  std::array<mmsghdr, messages_per_read> messages{};
  std::array<iovec, messages_per_read> vectors{};
  std::array<sockaddr_storage, messages_per_read> from{};
  std::array<std::array<char, CMSG_SPACE(sizeof(int))>, messages_per_read> control{};
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(messages_per_read * message_bytes);
};

UdpSocket::UdpSocket(int fd, Address local) : fd_(fd), local_(local), buffers_(std::make_unique<Buffers>()) {}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      owned_(other.owned_),
      segments_work_(other.segments_work_),
      receive_buffer_bytes_(other.receive_buffer_bytes_),
      local_(other.local_),
      buffers_(std::move(other.buffers_)) {}

UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(owned_, other.owned_);
  segments_work_ = other.segments_work_;
  receive_buffer_bytes_ = other.receive_buffer_bytes_;
  local_ = other.local_;
  std::swap(buffers_, other.buffers_);
  return *this;
}

UdpSocket::~UdpSocket() {
  if (fd_ >= 0 && owned_) ::close(fd_);
}

int UdpSocket::release() {
  owned_ = false;
  return fd_;
}

Result<UdpSocket> UdpSocket::open(const Address& at) {
  const int fd = ::socket(at.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return system_failure("cannot make a UDP socket");
  UdpSocket socket(fd, at);
  if (at.family() == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (::bind(fd, at.raw(), at.size()) != 0) return system_failure("cannot listen on " + at.text());
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0)
    return system_failure("getsockname");
  socket.local_ = Address(reinterpret_cast<const sockaddr*>(&bound), size);
  set_option(fd, SOL_SOCKET, SO_RCVBUF, wanted_buffer_bytes);
  set_option(fd, SOL_SOCKET, SO_SNDBUF, wanted_buffer_bytes);
  set_option(fd, SOL_UDP, UDP_GRO, 1);
  // QUIC packets must not be fragmented (RFC 9000, section 14): probe the path instead.
  if (at.family() == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
  set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  int actual = 0;
  size = sizeof actual;
  if (::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &actual, &size) == 0) socket.receive_buffer_bytes_ = actual / 2;
  return socket;
}

bool UdpSocket::receive(Receiver& receiver) {
  for (int i = 0; i < reads_per_turn; ++i) {
    if (!receive_once(receiver)) return false;
  }
  return true;
}

bool UdpSocket::receive_once(Receiver& receiver) {
  auto& b = *buffers_;
  for (std::size_t i = 0; i < messages_per_read; ++i) {
    b.vectors[i] = {b.bytes.data() + i * message_bytes, message_bytes};
    auto& header = b.messages[i].msg_hdr;
    header = {};
    header.msg_name = &b.from[i];
    header.msg_namelen = sizeof b.from[i];
    header.msg_iov = &b.vectors[i];
    header.msg_iovlen = 1;
    header.msg_control = b.control[i].data();
    header.msg_controllen = b.control[i].size();
  }
  const int count = ::recvmmsg(fd_, b.messages.data(), messages_per_read, MSG_DONTWAIT, nullptr);
  if (count <= 0) return count < 0 && errno == EINTR;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    auto& header = b.messages[i].msg_hdr;
    const std::size_t whole = b.messages[i].msg_len;
    const std::size_t segment = segment_of(header, whole);
    const Address from(reinterpret_cast<const sockaddr*>(&b.from[i]), header.msg_namelen);
    const auto* data = b.bytes.data() + i * message_bytes;
    for (std::size_t at = 0; at < whole; at += segment) {
      receiver.datagram(from, {data + at, std::min(segment, whole - at)});
    }
  }
  return count == static_cast<int>(messages_per_read);
}

std::size_t UdpSocket::send(const Address& to, std::span<const std::uint8_t> bytes, std::size_t segment) {
  if (segments_work_ && bytes.size() > segment) return send_segmented(to, bytes, segment);
  return send_many(to, bytes, segment);
}

std::size_t UdpSocket::send_segmented(const Address& to, std::span<const std::uint8_t> bytes,
                                      std::size_t segment) {
  iovec vector{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> control{};
  msghdr message{};
  message.msg_name = const_cast<sockaddr*>(to.raw());
  message.msg_namelen = to.size();
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  auto* c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_UDP;
  c->cmsg_type = UDP_SEGMENT;
  c->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
  const auto size = static_cast<std::uint16_t>(segment);
  std::memcpy(CMSG_DATA(c), &size, sizeof size);
  for (;;) {
    if (::sendmsg(fd_, &message, MSG_DONTWAIT) >= 0) return bytes.size();
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return 0;
    // EIO and EINVAL: no checksum offload, an old kernel, or a path below the segment size.
    if (errno == EIO || errno == ENOPROTOOPT || errno == EOPNOTSUPP) segments_work_ = false;
    return send_many(to, bytes, segment);
  }
}

std::size_t UdpSocket::send_many(const Address& to, std::span<const std::uint8_t> bytes,
                                 std::size_t segment) {
  std::array<mmsghdr, messages_per_send> messages{};
  std::array<iovec, messages_per_send> vectors{};
  std::size_t done = 0;
  while (done < bytes.size()) {
    unsigned count = 0;
    for (std::size_t at = done; at < bytes.size() && count < messages_per_send; at += segment, ++count) {
      vectors[count] = {const_cast<std::uint8_t*>(bytes.data() + at), std::min(segment, bytes.size() - at)};
      auto& header = messages[count].msg_hdr;
      header = {};
      header.msg_name = const_cast<sockaddr*>(to.raw());
      header.msg_namelen = to.size();
      header.msg_iov = &vectors[count];
      header.msg_iovlen = 1;
    }
    const int sent = ::sendmmsg(fd_, messages.data(), count, MSG_DONTWAIT);
    if (sent > 0) {
      done = std::min(bytes.size(), done + static_cast<std::size_t>(sent) * segment);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return done;
    done = std::min(bytes.size(), done + segment);  // unreachable or too large for the path: as good as lost
  }
  return done;
}

}  // namespace nodedb::quic
