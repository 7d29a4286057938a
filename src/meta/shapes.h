// SPDX-License-Identifier: Apache-2.0
#pragma once

// Private to meta/'s codec: what its files share. Kinds, how an array begins, and the one place where the
// library's exceptions become errors; then the fields of the shapes that occur inside others. `put` writes
// the fields of a shape without version and kind, `get_…` takes them and expects nothing behind them.

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "meta/admin.h"
#include "meta/migration.h"
#include "meta/pack.h"
#include "meta/recovery.h"
#include "meta/trust.h"
#include "meta/types.h"

namespace nodedb::meta {

inline constexpr std::uint64_t format_version = 1;
inline constexpr std::size_t text_bytes_max = 4096;  // above every text's own cap
inline constexpr std::size_t depth_max = 8;
inline constexpr std::size_t array_max = std::max<std::size_t>(vshard_count, limits::meta_batch_max) + 8;

// Numbers on disk and on the wire: never changed.
enum class Kind : std::uint8_t {
  cluster = 1,
  member = 2,
  placement = 3,
  genesis = 4,
  checkpoint = 5,
  intent = 6,
  history = 7,
  ghost = 8,
  setting = 9,
  token = 10,
  audit_line = 11,
  recovery = 12,
  authority = 13,
  member_trust = 14,
  member_up = 16,
  placement_change = 17,
  cluster_version = 18,
  batch = 19,
  migration_checkpoint = 20,
  migration_abort = 21,
  migration_end = 22,
  ghost_purge = 23,
  member_join = 24,
  member_change = 25,
  setting_change = 26,
  token_create = 27,
  token_claim = 28,
  token_revoke = 29,
  audit_note = 30,
  member_lost = 31,
  result = 32,
  recovery_start = 33,
  recovery_end = 34,
  authority_stage = 35,
  authority_finalise = 36,
  member_trust_report = 37,
  // What a checkpoint says: 48 and the phase.
  add_learner = 48,
  catch_up = 49,
  promote_learner = 50,
  leadership_transfer = 51,
  cutover = 52,
  complete = 53,
};

inline void begin(Packer& out, Kind kind, std::size_t fields) {
  out.array(2 + fields);
  out.number(format_version);
  out.number(static_cast<std::uint64_t>(kind));
}

// One array: version, kind, and what `fill` puts behind them.
template <class Fill>
Bytes packed(Kind kind, std::size_t fields, Fill fill) {
  Bytes bytes;
  Packer out(bytes);
  begin(out, kind, fields);
  fill(out);
  return bytes;
}

// Takes version and kind off. A later version may have any shape behind them, so nothing else is looked at.
inline Kind get_kind(Fields& in, Trouble& trouble) {
  const auto version = in.number<std::uint64_t>();
  if (in.ok() && version != format_version) {
    trouble.refuse(Code::incompatible, "it has version " + std::to_string(version) +
                                           "; this build reads version " + std::to_string(format_version));
  }
  return static_cast<Kind>(in.number<std::uint8_t>());
}

// Unpacks one array and gives it to `get`, behind its version and kind. The only place where the library may
// throw: its exceptions mean bytes that are no MessagePack, or too much of it.
template <class Get>
auto unpacked(BytesView bytes, const char* what, Get get)
    -> Result<decltype(get(std::declval<Fields&>(), Kind(), std::declval<Trouble&>()))> {
  Trouble trouble;
  msgpack::object_handle handle;
  try {
    std::size_t used = 0;
    handle =
        msgpack::unpack(bytes.data(), bytes.size(), used, nullptr, nullptr,
                        msgpack::unpack_limit(array_max, 0, text_bytes_max, text_bytes_max, 0, depth_max));
    if (used != bytes.size()) trouble.refuse(Code::malformed, "bytes are left over");
  } catch (const msgpack::size_overflow&) {
    trouble.refuse(Code::too_large, "an element is larger than its cap");
  } catch (const msgpack::unpack_error&) {
    trouble.refuse(Code::malformed, "the bytes are no MessagePack, or are cut short");
  }
  if (!trouble.ok()) return std::unexpected(trouble.error(what));
  Fields in(handle.get(), trouble);
  const Kind kind = get_kind(in, trouble);
  if (!trouble.ok()) return std::unexpected(trouble.error(what));
  auto value = get(in, kind, trouble);
  if (!trouble.ok()) return std::unexpected(trouble.error(what));
  return value;
}

// `get` may want to find trouble of its own.
template <class Get>
auto unpacked_row(BytesView bytes, Kind wanted, const char* what, Get get) {
  return unpacked(bytes, what, [&](Fields& in, Kind kind, Trouble& trouble) {
    if (kind != wanted) trouble.refuse(Code::malformed, "it is of another kind");
    if constexpr (std::is_invocable_v<Get, Fields&>) {
      return get(in);
    } else {
      return get(in, trouble);
    }
  });
}

// --- codec.cc ---
void put_nodes(Packer& out, const std::vector<NodeId>& nodes);
std::vector<NodeId> get_nodes(Fields& in);
void put(Packer& out, const Placement& placement);
Placement get_placement(Fields& in);

// --- admin_codec.cc ---
inline constexpr std::size_t stamp_fields = 2;
void put(Packer& out, const Stamp& by);
Stamp get_stamp(Fields& in);
void put_digest(Packer& out, const Digest& digest);
Digest get_digest(Fields& in, Trouble& trouble);
MemberState get_member_state(Fields& in);
void put_entry(Packer& out, const MemberJoin& entry);
void put_entry(Packer& out, const MemberChange& entry);
void put_entry(Packer& out, const SettingChange& entry);
void put_entry(Packer& out, const TokenCreate& entry);
void put_entry(Packer& out, const TokenClaim& entry);
void put_entry(Packer& out, const TokenRevoke& entry);
void put_entry(Packer& out, const AuditNote& entry);
MemberJoin get_member_join(Fields& in);
MemberChange get_member_change(Fields& in);
SettingChange get_setting_change(Fields& in);
TokenCreate get_token_create(Fields& in, Trouble& trouble);
TokenClaim get_token_claim(Fields& in, Trouble& trouble);
TokenRevoke get_token_revoke(Fields& in);
AuditNote get_audit_note(Fields& in);

// --- recovery_codec.cc ---
void put_entry(Packer& out, const MemberLost& entry);
void put_entry(Packer& out, const RecoveryStart& entry);
void put_entry(Packer& out, const RecoveryEnd& entry);
MemberLost get_member_lost(Fields& in);
RecoveryStart get_recovery_start(Fields& in);
RecoveryEnd get_recovery_end(Fields& in);
// --- trust_codec.cc ---
void put_entry(Packer& out, const AuthorityStage& entry);
void put_entry(Packer& out, const AuthorityFinalise& entry);
void put_entry(Packer& out, const MemberTrust& entry);
AuthorityStage get_authority_stage(Fields& in, Trouble& trouble);
AuthorityFinalise get_authority_finalise(Fields& in, Trouble& trouble);
MemberTrust get_member_trust(Fields& in, Trouble& trouble);

// --- migration_codec.cc ---
inline constexpr std::size_t checkpoint_fields = 5;
void put(Packer& out, const PersistedMigrationCheckpoint& checkpoint);
PersistedMigrationCheckpoint get_checkpoint(Fields& in, Trouble& trouble);
void put_id(Packer& out, const MigrationId& id);
MigrationId get_id(Fields& in, Trouble& trouble);
void put_steps(Packer& out, const std::vector<Compensation>& steps);
std::vector<Compensation> get_steps(Fields& in);
MigrationOutcome get_outcome(Fields& in);

}  // namespace nodedb::meta
