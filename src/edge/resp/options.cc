// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/options.h"

#include "kv/numbers.h"

namespace nodedb::resp {

bool split_address(const std::string& address, Endpoint& out) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  std::string host = address.substr(0, colon);
  if (host.front() == '[') {
    if (host.back() != ']' || host.size() < 3) return false;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return false;
  }
  const auto port = kv::parse_unsigned(BytesView(address).substr(colon + 1));
  if (!port || *port > 65'535) return false;
  out = {.host = std::move(host), .port = static_cast<std::uint16_t>(*port)};
  return true;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::vector<std::string> Options::validate() const {
  std::vector<std::string> complaints;
  Endpoint endpoint;
  if (!split_address(address, endpoint)) {
    complaints.push_back("the client address must be host:port or [ipv6]:port, not '" + address + "'");
  } else if (!is_loopback(endpoint.host) && password.empty() && !tls()) {
    complaints.push_back("the client address " + address +
                         " can be reached from other machines: set a password, or TLS, or better both, or "
                         "listen on 127.0.0.1");
  }
  if (certificate_file.empty() != key_file.empty()) {
    complaints.push_back("TLS for clients needs both a certificate and a key");
  }
  if (call_timeout_ns <= 0) complaints.push_back("the time of a client's command must be above 0");
  if (connections_max == 0) complaints.push_back("at least one client connection must be allowed");
  return complaints;
}

}  // namespace nodedb::resp
