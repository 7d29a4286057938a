// SPDX-License-Identifier: Apache-2.0
#include "tests/edge/http/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace nodedb::http {

HttpClient::HttpClient(std::uint16_t port, int patience_ms) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{patience_ms / 1000, patience_ms % 1000 * 1000};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return;
  ::close(socket_);
  socket_ = -1;
}

HttpClient::~HttpClient() {
  if (socket_ >= 0) ::close(socket_);
}

HttpClient::HttpClient(HttpClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), unread_(std::move(other.unread_)) {}

bool HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool HttpClient::receive() {
  char block[16 * 1024];
  const ssize_t got = ::recv(socket_, block, sizeof block, 0);
  if (got <= 0) return false;
  unread_.append(block, static_cast<std::size_t>(got));
  return true;
}

std::string HttpClient::read_until(std::string_view text) {
  std::size_t at = std::string::npos;
  while ((at = unread_.find(text)) == std::string::npos && receive()) {
  }
  const std::size_t end = at == std::string::npos ? unread_.size() : at + text.size();
  std::string taken = unread_.substr(0, end);
  unread_.erase(0, end);
  return taken;
}

Reply HttpClient::read_reply(bool head) {
  Reply reply;
  const std::string top = read_until("\r\n\r\n");
  if (!top.ends_with("\r\n\r\n") || top.size() < 12) return reply;
  reply.status = std::atoi(top.c_str() + 9);
  for (std::size_t at = top.find("\r\n") + 2; at + 2 < top.size();) {
    const std::size_t end = top.find("\r\n", at);
    const std::size_t colon = top.find(": ", at);
    if (colon < end) {
      std::string name = top.substr(at, colon - at);
      std::ranges::transform(name, name.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
      reply.headers[name] = top.substr(colon + 2, end - colon - 2);
    }
    at = end + 2;
  }
  const auto length = static_cast<std::size_t>(std::atoll(reply.headers["content-length"].c_str()));
  if (head) return reply;
  while (unread_.size() < length && receive()) {
  }
  reply.body = unread_.substr(0, length);
  unread_.erase(0, length);
  return reply;
}

Reply HttpClient::get(const std::string& target) {
  if (!send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n")) return {};
  return read_reply();
}

bool HttpClient::closed_by_peer() {
  char block[4096];
  ssize_t got = 0;
  while ((got = ::recv(socket_, block, sizeof block, 0)) > 0) {
  }
  return got == 0 || errno == ECONNRESET;
}

void HttpClient::shrink_receive_buffer() {
  const int bytes = 4096;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

Reply http_get(std::uint16_t port, const std::string& target) {
  HttpClient client(port);
  return client.connected() ? client.get(target) : Reply{};
}

}  // namespace nodedb::http
