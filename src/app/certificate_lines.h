// SPDX-License-Identifier: Apache-2.0
#pragma once

// When this node's certificate and the authorities that it trusts end: in `status` and for metrics.

#include <string>
#include <vector>

#include "app/json.h"
#include "edge/tls/credentials.h"

namespace nodedb::app {

/// `[{"whose":"node"|"authority","sha256":…,"issuer":…,"from_s":…,"until_s":…,"freshness":…}…]`: our own
/// first, with the authority that it is of. The seconds are since 1970, freshness is edge/tls/expiry.h's.
Json certificates_json(const tls::Credentials& used, std::int64_t now_s);

/// One line for each of a node's certificates that is past two thirds of its life: "node 2's certificate ends
/// at …". `status`: the node's.
std::vector<std::string> endings_of(const Json& status);

}  // namespace nodedb::app
