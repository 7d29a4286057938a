// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an entry of group 0 can say. One alternative a meaning; meta/codec.h gives each its bytes,
// meta/machine.h its effect.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "meta/admin.h"
#include "meta/migration.h"
#include "meta/recovery.h"
#include "meta/trust.h"
#include "meta/types.h"

namespace nodedb::meta {

/// A migration has got this far. With AddLearner and an unknown id, one begins.
struct MigrationCheckpoint {
  PersistedMigrationCheckpoint checkpoint;
  bool operator==(const MigrationCheckpoint&) const = default;
};
/// Undo it. What must be undone in the phase that it has reached is done even if `compensations` lacks it.
struct MigrationAbort {
  MigrationId id;
  std::string reason;
  std::vector<Compensation> compensations;
  bool operator==(const MigrationAbort&) const = default;
};
/// Nothing is left to do: forget the migration, keep its history.
struct MigrationEnd {
  MigrationId id;
  MigrationOutcome outcome = MigrationOutcome::completed;
  std::uint64_t ts_ms = 0;  ///< wall clock at the proposal; shown, never decided on
  bool operator==(const MigrationEnd&) const = default;
};
/// Every live member has applied `cutover`: nobody needs the stub any more.
struct GhostPurge {
  VShardId vshard;
  NodeId node;
  std::uint64_t cutover{};
  bool operator==(const GhostPurge&) const = default;
};

using SingleEntry = std::variant<MemberUp, PlacementChange, ClusterVersion, MemberJoin, MigrationCheckpoint,
                                 MigrationAbort, MigrationEnd, GhostPurge, MemberChange, SettingChange,
                                 TokenCreate, TokenClaim, TokenRevoke, AuditNote, MemberLost, RecoveryStart,
                                 RecoveryEnd, AuthorityStage, AuthorityFinalise, MemberTrust>;

/// All of them or, if one fails, none. Batches do not nest.
struct MetaBatch {
  std::vector<SingleEntry> entries;
  bool operator==(const MetaBatch&) const = default;
};

using MetaEntry = std::variant<MemberUp, PlacementChange, ClusterVersion, MemberJoin, MigrationCheckpoint,
                               MigrationAbort, MigrationEnd, GhostPurge, MemberChange, SettingChange,
                               TokenCreate, TokenClaim, TokenRevoke, AuditNote, MemberLost, RecoveryStart,
                               RecoveryEnd, AuthorityStage, AuthorityFinalise, MemberTrust, MetaBatch>;

/// Says who asks, and when, in every entry that tells it. (meta/audit.cc)
void stamp(MetaEntry& entry, const Stamp& by);

}  // namespace nodedb::meta
