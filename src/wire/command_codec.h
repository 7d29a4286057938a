// SPDX-License-Identifier: Apache-2.0
#pragma once

// The payload of a Raft entry of kind `command`: when it was stamped, whose write it is, and what the state
// machine is to do. Version byte, wall i64, logical varint, gateway varint; for a gateway other than 0
// incarnation, sequence and first_outstanding as varints; the command up to the end.

#include "base/bytes.h"
#include "base/error.h"
#include "base/hlc.h"
#include "wire/messages.h"

namespace nodedb::wire {

struct CommandEntry {
  Hlc hlc;             ///< the leader's, at append
  SessionStamp stamp;  ///< gateway 0: no session (the node's own clean-up); then all of it is zero
  BytesView command;   ///< for StateMachine::apply; a view into what was decoded
  bool operator==(const CommandEntry&) const = default;
};

/// Pre: the stamp is zero, or gateway >= 1, incarnation >= 1 and sequence >= first_outstanding >= 1.
Blob encode_command(const CommandEntry& entry);
/// What `encode_command` requires holds of what comes out. Errors: malformed, incompatible.
Result<CommandEntry> decode_command(BytesView payload);

/// Is this a stamp that the session rules can judge, or none at all?
bool well_formed(const SessionStamp& stamp);

}  // namespace nodedb::wire
