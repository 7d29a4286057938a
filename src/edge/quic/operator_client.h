// SPDX-License-Identifier: Apache-2.0
#pragma once

// One operator request to one node, for command-line tools: blocking, on any thread, with a loop of its own.

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::quic {

/// Dials `address` with DIR's client certificate (role operator) and returns the node's answer. Errors: those
/// of tls::Credentials::load; unreachable (nobody answered), unauthenticated (one refused the other), timeout
/// (the request was sent; it may have taken effect), malformed, busy.
Result<Bytes> call_operator(const std::string& address, const std::string& certs, Bytes request,
                            std::int64_t timeout_ns);

}  // namespace nodedb::quic
