// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a Raft entry, a group's hard state and its log base are stored. Each record ends in a CRC-32C that also
// covers where the record belongs (group, and for an entry its index), so that a record in the wrong place
// is as damaged as one with flipped bits. Layout, docs/formats.md: version u8, kind u8, fields, crc u32.

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "raft/types.h"

namespace nodedb::wire {

/// The position from which a stored log goes on, and the config in force there.
struct LogBaseRecord {
  raft::Position at;
  raft::Config config;
  bool operator==(const LogBaseRecord&) const = default;
};

Bytes encode_entry(GroupId group, const raft::Entry& entry);
Bytes encode_hard_state(GroupId group, const raft::HardState& hard);
Bytes encode_log_base(GroupId group, const LogBaseRecord& base);

// Errors of all: damaged (the detail names group and index), incompatible (a later version).
Result<raft::Entry> decode_entry(GroupId group, Index index, BytesView record);
Result<raft::HardState> decode_hard_state(GroupId group, BytesView record);
Result<LogBaseRecord> decode_log_base(GroupId group, BytesView record);

}  // namespace nodedb::wire
