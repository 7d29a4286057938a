// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes of group 0's entries, rows and replies, and of the genesis: MessagePack arrays that begin with a
// format version and a kind (docs/formats.md). It lives here and not in wire/ because the machine needs it
// and meta is below wire. The library that packs stays inside the codec, and so do its exceptions.
//
// Errors of every decoder: incompatible (a later version, or a kind that this build does not know), too_large
// (over a cap), malformed. A checkpoint's and an intent's row end with a CRC-32C over all before it: a row
// that fails it is damaged, and so is a checkpoint's row whose payload fails its own.

#include "base/bytes.h"
#include "base/error.h"
#include "meta/admin.h"
#include "meta/entries.h"
#include "meta/migration.h"
#include "meta/recovery.h"
#include "meta/types.h"

namespace nodedb::meta {

// Texts are cut to their caps (limits::address_bytes_max, migration_reason_bytes_max): longer ones are
// refused where they enter.
Bytes encode(const Genesis& genesis);
Bytes encode(const Cluster& cluster);
Bytes encode(const Member& member);
Bytes encode(const Placement& placement);
Bytes encode(const MigrationPayload& payload);  ///< what a checkpoint's crc32c is of
Bytes encode(const PersistedMigrationCheckpoint& checkpoint);
Bytes encode(const MigrationIntent& intent);
Bytes encode(const MigrationHistory& history);
Bytes encode(const GhostStub& ghost);
Bytes encode(const Setting& setting);
Bytes encode(const Token& token);
Bytes encode(const AuditLine& line);
Bytes encode(const Recovery& recovery);
Bytes encode(const Authority& authority);
Bytes encode(const MemberTrust& trust);  ///< the row
Bytes encode(const MetaEntry& entry);

Result<Genesis> decode_genesis(BytesView bytes);
Result<Cluster> decode_cluster(BytesView bytes);
Result<Member> decode_member(BytesView bytes);
Result<Placement> decode_placement(BytesView bytes);
Result<MigrationPayload> decode_payload(BytesView bytes);
/// `unchecked`: whatever its checksums are; only under the planted bug row_not_checked.
Result<PersistedMigrationCheckpoint> decode_checkpoint(BytesView bytes, bool unchecked = false);
Result<MigrationIntent> decode_intent(BytesView bytes);
Result<MigrationHistory> decode_history(BytesView bytes);
Result<GhostStub> decode_ghost(BytesView bytes);
Result<Setting> decode_setting(BytesView bytes);
Result<Token> decode_token(BytesView bytes);
Result<Recovery> decode_recovery(BytesView bytes);
Result<AuditLine> decode_audit_line(BytesView bytes);
Result<Authority> decode_authority(BytesView bytes);
Result<MemberTrust> decode_member_trust(BytesView bytes);
/// A checkpoint's payload is not held against its crc32c here: the machine does that, and answers `damaged`.
Result<MetaEntry> decode_entry(BytesView bytes);

/// The machine's reply to an entry: done, or why not.
Bytes encode_result(const Result<void>& result);
/// The entry's result; `malformed` or `incompatible` also when the bytes are no result.
Result<void> decode_result(BytesView bytes);

}  // namespace nodedb::meta
