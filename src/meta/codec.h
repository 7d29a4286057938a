// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes of group 0's entries, rows and replies, and of the genesis: MessagePack arrays that begin with a
// format version and a kind (docs/formats.md). It lives here and not in wire/ because the machine needs it
// and meta is below wire. The library that packs stays inside codec.cc, and so do its exceptions.
//
// Errors of every decoder: incompatible (a later version, or a kind that this build does not know), too_large
// (over a cap), malformed.

#include "base/bytes.h"
#include "base/error.h"
#include "meta/entries.h"
#include "meta/types.h"

namespace nodedb::meta {

// Texts are cut to limits::address_bytes_max: longer ones are refused where they enter.
Bytes encode(const Genesis& genesis);
Bytes encode(const Cluster& cluster);
Bytes encode(const Member& member);
Bytes encode(const Placement& placement);
Bytes encode(const MetaEntry& entry);

Result<Genesis> decode_genesis(BytesView bytes);
Result<Cluster> decode_cluster(BytesView bytes);
Result<Member> decode_member(BytesView bytes);
Result<Placement> decode_placement(BytesView bytes);
Result<MetaEntry> decode_entry(BytesView bytes);

/// The machine's reply to an entry: done, or why not.
Bytes encode_result(const Result<void>& result);
/// The entry's result; `malformed` or `incompatible` also when the bytes are no result.
Result<void> decode_result(BytesView bytes);

}  // namespace nodedb::meta
