// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where group 0's rows lie, numbers in keys big-endian: 'c' the cluster; 'm' and the node id in 4 bytes, a
// member; 'p' and the vShard in 2 bytes, its placement; 'g' and a migration's 16 bytes, its latest
// checkpoint; 'i' and the same, its intent; 'h' and an index of group 0 in 8 bytes, the migration that the
// entry there ended; 'x', the vShard and the node, the ghost stub of that vShard on that node; 's' and a
// name, a setting that was changed; 't' and 8 bytes, a join token; 'a', an index of group 0 and 2 bytes, a
// line of the audit log; 'r' and the vShard, its recovery under way; 'f' and 32 bytes, the fingerprint of an
// authority; 'y' and the node id in 4 bytes, what that member trusts. The values are those of meta/codec.h.
// Other keys are for later versions: they are carried along and not looked at.

#include <cstdint>
#include <optional>
#include <variant>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/ids.h"
#include "meta/admin.h"
#include "meta/migration.h"

namespace nodedb::meta {

Bytes cluster_key();
Bytes member_key(NodeId node);
Bytes placement_key(VShardId vshard);
Bytes checkpoint_key(MigrationId id);
Bytes intent_key(MigrationId id);
Bytes history_key(std::uint64_t ended);
Bytes ghost_key(VShardId vshard, NodeId node);
Bytes setting_key(BytesView name);
Bytes token_key(TokenId id);
Bytes audit_key(std::uint64_t at, std::uint16_t nth);
Bytes recovery_key(VShardId vshard);
Bytes authority_key(const Digest& fingerprint);
Bytes member_trust_key(NodeId node);

/// What the keys of one kind of row begin with.
inline constexpr BytesView member_rows = "m";
inline constexpr BytesView placement_rows = "p";
inline constexpr BytesView checkpoint_rows = "g";
inline constexpr BytesView intent_rows = "i";
inline constexpr BytesView history_rows = "h";
inline constexpr BytesView ghost_rows = "x";
inline constexpr BytesView setting_rows = "s";
inline constexpr BytesView token_rows = "t";
inline constexpr BytesView audit_rows = "a";
inline constexpr BytesView authority_rows = "f";

struct ClusterKey {
  bool operator==(const ClusterKey&) const = default;
};
struct CheckpointKey {
  MigrationId id;
  bool operator==(const CheckpointKey&) const = default;
};
struct IntentKey {
  MigrationId id;
  bool operator==(const IntentKey&) const = default;
};
struct HistoryKey {
  std::uint64_t ended = 0;
  bool operator==(const HistoryKey&) const = default;
};
struct GhostKey {
  VShardId vshard;
  NodeId node;
  bool operator==(const GhostKey&) const = default;
};
struct SettingKey {
  Bytes name;
  bool operator==(const SettingKey&) const = default;
};
struct TokenKey {
  TokenId id;
  bool operator==(const TokenKey&) const = default;
};
struct AuditKey {
  std::uint64_t at = 0;
  std::uint16_t nth = 0;
  auto operator<=>(const AuditKey&) const = default;
};
struct RecoveryKey {
  VShardId vshard;
  bool operator==(const RecoveryKey&) const = default;
};
struct AuthorityKey {
  Digest fingerprint;
  bool operator==(const AuthorityKey&) const = default;
};
struct MemberTrustKey {
  NodeId node;
  bool operator==(const MemberTrustKey&) const = default;
};
using RowKey = std::variant<ClusterKey, NodeId, VShardId, CheckpointKey, IntentKey, HistoryKey, GhostKey,
                            SettingKey, TokenKey, AuditKey, RecoveryKey, AuthorityKey, MemberTrustKey>;
/// What a key stands for, or nothing if this build does not know.
std::optional<RowKey> row_key_in(BytesView key);

}  // namespace nodedb::meta
