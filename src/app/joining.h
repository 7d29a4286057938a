// SPDX-License-Identifier: Apache-2.0
#pragma once

// Before a node is opened: a machine with a token becomes one.

#include "app/config.h"
#include "base/error.h"

namespace nodedb::app {

/// With `config.join`: gets a certificate, unless there is one, and learns whom to dial; fills `certs` and
/// `seeds`. Without: nothing. Blocks. Errors: invalid_state (an operator's certificates are there), and those
/// of quic::join_by_token.
Result<void> join_cluster(Config& config);

}  // namespace nodedb::app
