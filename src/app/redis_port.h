// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Redis port as the client port of a node whose state machine is kv's.

#include "app/client_port.h"
#include "app/config.h"

namespace nodedb::app {

/// None without an address for it. Errors of opening it: those of resp::Server::open; not_found, forbidden or
/// malformed for the password file.
OpenClientPort redis_port(const Config& config);

}  // namespace nodedb::app
