// SPDX-License-Identifier: Apache-2.0
#include "edge/quic/address.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace nodedb::quic {
namespace {

template <class T>
T view_as(const sockaddr* raw) {
  T copy{};
  std::memcpy(&copy, raw, sizeof copy);
  return copy;
}

}  // namespace

Result<HostPort> split_host_port(std::string_view text) {
  const auto bad = [&] {
    return fail(Code::malformed, "not an address like host:port: " + std::string(text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return bad();
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return bad();
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad();
  }
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc{} || end != port_text.data() + port_text.size()) return bad();
  return HostPort{std::string(host), port};
}

Address::Address(const sockaddr* raw, socklen_t size) : size_(size) {
  if (size_ > sizeof storage_) size_ = sizeof storage_;
  std::memcpy(&storage_, raw, size_);
}

Result<Address> Address::from_ip(std::string_view host, std::uint16_t port) {
  const std::string text(host);
  sockaddr_in v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return Address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return Address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  }
  return fail(Code::malformed, text + " is not an IP address");
}

std::uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(view_as<sockaddr_in>(raw()).sin_port);
  if (family() == AF_INET6) return ntohs(view_as<sockaddr_in6>(raw()).sin6_port);
  return 0;
}

std::string Address::text() const {
  char host[INET6_ADDRSTRLEN] = {};
  if (family() == AF_INET) {
    const auto v4 = view_as<sockaddr_in>(raw());
    inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
    return std::string(host) + ":" + std::to_string(port());
  }
  if (family() == AF_INET6) {
    const auto v6 = view_as<sockaddr_in6>(raw());
    inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(port());
  }
  return "?";
}

Address Address::for_family(int wanted) const {
  if (wanted != AF_INET6 || family() != AF_INET) return *this;
  const auto v4 = view_as<sockaddr_in>(raw());
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = v4.sin_port;
  v6.sin6_addr.s6_addr[10] = 0xff;
  v6.sin6_addr.s6_addr[11] = 0xff;
  std::memcpy(&v6.sin6_addr.s6_addr[12], &v4.sin_addr, 4);
  return Address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

bool operator==(const Address& a, const Address& b) {
  if (a.family() != b.family() || a.port() != b.port()) return false;
  if (a.family() == AF_INET) {
    return view_as<sockaddr_in>(a.raw()).sin_addr.s_addr == view_as<sockaddr_in>(b.raw()).sin_addr.s_addr;
  }
  const auto x = view_as<sockaddr_in6>(a.raw());
  const auto y = view_as<sockaddr_in6>(b.raw());
  return std::memcmp(&x.sin6_addr, &y.sin6_addr, sizeof x.sin6_addr) == 0 &&
         x.sin6_scope_id == y.sin6_scope_id;
}

std::string host_of(const Address& address) {
  const auto where = split_host_port(address.text());
  return where ? where->host : address.text();
}

}  // namespace nodedb::quic
