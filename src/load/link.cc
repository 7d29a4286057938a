// SPDX-License-Identifier: Apache-2.0
#include "load/link.h"

#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "base/time.h"

namespace nodedb::load {

Link::Link(const Server& to, resp::TlsTrust* trust)
    : socket_(::socket(to.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)), trust_(trust) {
  const int on = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* address = reinterpret_cast<const sockaddr*>(&to.address);
  if (::connect(socket_.get(), address, to.address_bytes) != 0 && errno != EINPROGRESS) fail();
}

void Link::open() {
  if (!channel_) {
    pollfd writable{socket_.get(), POLLOUT, 0};
    if (::poll(&writable, 1, 0) <= 0) return;
    int trouble = 0;
    socklen_t size = sizeof trouble;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &trouble, &size) != 0 || trouble != 0)
      return fail();
    channel_ = trust_ == nullptr ? resp::plain_channel(socket_.get()) : trust_->connect(socket_.get());
    if (!channel_) return fail();
  }
  const resp::Channel::Stop stop = channel_->handshake();
  if (stop == resp::Channel::Stop::none) state_ = State::open;
  if (stop == resp::Channel::Stop::closed || stop == resp::Channel::Stop::ended) fail();
}

std::size_t Link::send(BytesView bytes) {
  const resp::Channel::Moved sent = channel_->write(bytes);
  if (sent.stop == resp::Channel::Stop::closed) fail();
  return sent.bytes;
}

std::size_t Link::receive(std::span<char> room) {
  const resp::Channel::Moved got = channel_->read(room);
  if (got.stop == resp::Channel::Stop::closed || got.stop == resp::Channel::Stop::ended) fail();
  return got.bytes;
}

void Link::wait(bool write, std::int64_t wait_ns) const {
  if (channel_ && channel_->holds_input()) return;
  const bool writes = write || state_ == State::opening;
  pollfd ready{socket_.get(), static_cast<short>(POLLIN | (writes ? POLLOUT : 0)), 0};
  const timespec patience{wait_ns / ns_per_s, wait_ns % ns_per_s};
  ::ppoll(&ready, 1, &patience, nullptr);
}

}  // namespace nodedb::load
