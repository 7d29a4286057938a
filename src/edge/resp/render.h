// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Redis protocol's way out: replies become bytes of RESP2 or RESP3. RESP2 has no maps, doubles or
// booleans: it shows them as flat arrays, bulk strings and integers, as Redis does. Pure.

#include "base/bytes.h"
#include "base/error.h"
#include "kv/reply.h"

namespace nodedb::resp {

enum class Protocol : std::uint8_t { resp2 = 2, resp3 = 3 };

void render(Bytes& out, const kv::Reply& reply, Protocol protocol);

/// The reply line for a request that the cluster could not serve: docs/redis.md has the table. `write`: it
/// may have taken effect when the code's effect is unknown, and the line then says so.
kv::Reply error_reply(const Error& error, bool write);

}  // namespace nodedb::resp
