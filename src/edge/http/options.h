// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the HTTP port listens and what its clients may take. Nobody is asked who they are, so whoever reaches
// the port may read everything: it belongs on loopback, or behind something that asks.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/time.h"

namespace nodedb::http {

struct Options {
  std::string address = "127.0.0.1:7080";  ///< IP:port or [v6]:port; port 0: any
  unsigned connections_max = 64;           ///< those beyond it wait to be accepted
  unsigned connections_per_ip_max = 48;    ///< those beyond it are closed
  /// Of one connection: its request with all headers must fit.
  std::size_t request_bytes_max = 16 * 1024;
  std::size_t path_bytes_max = 2 * 1024;
  /// A connection on which no whole request has come for so long is closed.
  std::int64_t request_ns = 10 * ns_per_s;
  /// A request for which the node has made no answer by then gets one that says so.
  std::int64_t answer_ns = 3 * ns_per_s;
  /// A client that has not taken its whole answer by then is dropped.
  std::int64_t taken_ns = 30 * ns_per_s;
  std::size_t listeners_max = 16;  ///< of events
  /// A listener is dropped that lets more than this wait.
  std::size_t listener_bytes_max = 64 * 1024;
  /// So often a listener is sent something, so that both ends notice when the other one has gone.
  std::int64_t keep_alive_ns = 10 * ns_per_s;
};

}  // namespace nodedb::http
