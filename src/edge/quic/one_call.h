// SPDX-License-Identifier: Apache-2.0
#pragma once

// One request to one node over a connection of its own, for tools and newcomers: blocking, on any thread,
// with a loop of its own.

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "edge/tls/credentials.h"
#include "wire/frame.h"

namespace nodedb::quic {

struct OneCall {
  std::string address;  ///< host:port
  wire::FrameKind ask{};
  wire::FrameKind answer{};
  Bytes request;
  std::size_t answer_bytes_max = 0;
  std::int64_t timeout_ns = 0;
};

/// Credentials of a newcomer go by the door. Errors: unreachable (nobody answered), unauthenticated (one
/// refused the other), wrong_cluster, forbidden, timeout (the request was sent; it may have taken effect),
/// malformed, busy.
Result<Bytes> call_once(OneCall call, tls::Credentials credentials);

}  // namespace nodedb::quic
