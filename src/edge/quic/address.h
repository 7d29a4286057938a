// SPDX-License-Identifier: Apache-2.0
#pragma once

// A UDP socket address as a value, and the text forms "192.0.2.1:7100", "[2001:db8::1]:7100" and "host:7100".

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace nodedb::quic {

struct HostPort {
  std::string host;  ///< without brackets
  std::uint16_t port = 0;
};
/// Errors: malformed.
Result<HostPort> split_host_port(std::string_view text);

class Address {
 public:
  Address() = default;
  Address(const sockaddr* raw, socklen_t size);

  /// An IP address, not a name. Errors: malformed.
  static Result<Address> from_ip(std::string_view host, std::uint16_t port);

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  int family() const { return storage_.ss_family; }
  std::uint16_t port() const;
  std::string text() const;
  /// The same place as a socket of `family` writes it (IPv4 within IPv6); unchanged where there is none.
  Address for_family(int family) const;

  friend bool operator==(const Address& a, const Address& b);

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

/// Without the port: for what is counted or remembered of a machine.
std::string host_of(const Address& address);

}  // namespace nodedb::quic
