// SPDX-License-Identifier: Apache-2.0
#pragma once

// A peer without manners: QUIC by hand, with any certificate or none and any bytes on its streams. Runs on a
// thread of its own, blocking, while the test's thread runs the honest transports.

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace nodedb::quic {

struct RawPlan {
  std::string address = {};      ///< whom to dial
  std::string certificate = {};  ///< file; empty: none
  std::string key = {};
  std::string alpn = "nodedb/1";
  Bytes bytes = {};                      ///< written on the first stream once the handshake is confirmed
  int streams = 1;                       ///< the same bytes on each
  std::int64_t byte_every_ms = 0;        ///< write them one by one
  Bytes datagram = {};                   ///< sent then in a DATAGRAM frame
  bool stop_after_first_flight = false;  ///< a half-open handshake
  std::int64_t patience_ms = 4000;
};

struct RawOutcome {
  bool completed = false;  ///< our side of the handshake
  bool confirmed = false;  ///< the server accepted us
  std::optional<std::uint64_t> application_error;
  std::optional<std::uint64_t> transport_error;
  std::string local_error;  ///< ngtcp2's or GnuTLS's complaint
  Bytes received;
};

/// Until the server closes or patience ends.
RawOutcome run_raw(const RawPlan& plan);

}  // namespace nodedb::quic
