// SPDX-License-Identifier: Apache-2.0
#pragma once

// Data commands: where each goes. One vShard: one call. Several: the commands that Redis clients expect to
// work across slots are spread and gathered (MGET, MSET, DEL, UNLINK, EXISTS, TOUCH), not atomically; for the
// others the answer is CROSSSLOT. Pure.

#include <optional>

#include "edge/resp/gateway.h"
#include "edge/resp/local.h"

namespace nodedb::resp {

inline constexpr std::string_view cross_slot_text = "CROSSSLOT Keys in request don't hash to the same slot";

/// Pre: the arity fits.
Outcome plan_data(Gateway& gateway, Session& session, const kv::CommandSpec& spec, const kv::Argv& argv);

/// Puts a command into the open transaction: QUEUED, or the error that breaks it. `local`: null for a data
/// command.
kv::Reply enqueue(Gateway& gateway, Session& session, const kv::CommandSpec& spec, const LocalCommand* local,
                  const kv::Argv& argv);

/// The one slot of all `keys`. Nothing when there are several. Pre: at least one key.
std::optional<std::uint16_t> common_slot(const std::vector<BytesView>& keys);

/// A MOVED reply, if this connection is to go elsewhere for `slot`.
std::optional<kv::Reply> redirect(const Gateway& gateway, const Session& session, std::uint16_t slot,
                                  bool write);

}  // namespace nodedb::resp
