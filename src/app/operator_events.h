// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an operator asks, as the node takes it. Pure.

#include <string>

#include "app/operator_protocol.h"
#include "node/event.h"

namespace nodedb::app {

/// `name` stands in the operator's certificate; the answer comes with `tag`. Pre: not a request for keys,
/// which are clients' business (app/key_desk.h).
node::Event event_of(const OperatorRequest& request, std::uint64_t tag, const std::string& name);

}  // namespace nodedb::app
