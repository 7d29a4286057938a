// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the Redis port behaves. Defaults suit a server on a LAN.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/time.h"

namespace nodedb::resp {

/// When a command for one slot, led by another node, is answered MOVED instead of being forwarded.
enum class Redirect : std::uint8_t {
  never,
  when_aware,  ///< to connections that have shown that they know of clusters
  always,
};

struct Options {
  std::string address = "127.0.0.1:6379";  ///< host:port or [v6]:port to listen on; port 0: any
  std::string password;                    ///< empty: none is asked for
  std::string certificate_file;            ///< TLS on if both are set; PEM
  std::string key_file;
  std::string version = "0.1.0";  ///< of this program, for INFO
  Redirect redirect = Redirect::when_aware;
  std::int64_t call_timeout_ns = 10 * ns_per_s;  ///< a command's time in the cluster
  std::size_t connections_max = limits::clients_max;
  /// Reading from a connection pauses while its requests and unread answers hold more than this.
  std::size_t connection_bytes_max = limits::client_bytes_max;
  /// As above, over all connections, at three quarters of this, with what their requests are about to call
  /// up; one that holds nothing may always go on. Above it, the connection that holds most is dropped.
  std::size_t total_bytes_max = limits::clients_bytes_max;
  /// Half-read requests of all connections; above it, one that adds to them is dropped.
  std::size_t input_bytes_max = limits::clients_input_bytes_max;
  /// A connection with more unread answers than this is dropped.
  std::size_t output_bytes_max = limits::client_output_bytes_max;
  /// A connection that has read none of its waiting answers for so long is dropped.
  std::int64_t stalled_ns = 60 * ns_per_s;
  /// Patience for a TLS handshake.
  std::int64_t handshake_ns = 10 * ns_per_s;

  bool tls() const { return !certificate_file.empty() || !key_file.empty(); }
  /// Every complaint at once; empty if all is well. With neither password nor TLS only a loopback address is
  /// fine.
  std::vector<std::string> validate() const;
};

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
};
/// "host:port" or "[v6]:port". Nothing if it is neither.
bool split_address(const std::string& address, Endpoint& out);
bool is_loopback(const std::string& host);

}  // namespace nodedb::resp
