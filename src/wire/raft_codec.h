// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes of one Raft message and of a pulse, inside a frame's payload. All numbers but clock readings are
// varints: they are small. Entries of an append carry no index: they follow `previous` without a gap.

#include "base/error.h"
#include "raft/liveness.h"
#include "raft/types.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::wire {

/// Pre: the entries of an Append are numbered from previous.index + 1 on, without a gap.
void put_message(Writer& out, const raft::Message& message);
/// About how many bytes `put_message` adds: never less.
std::size_t message_bytes(const raft::Message& message, Counted counted);
/// Trouble is left in the reader. What comes out keeps the precondition above; config entries decode, noops
/// are empty.
raft::Message get_message(Reader& in);

void put_pulse(Writer& out, const raft::Pulse& pulse);
raft::Pulse get_pulse(Reader& in);

}  // namespace nodedb::wire
