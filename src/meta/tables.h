// SPDX-License-Identifier: Apache-2.0
#pragma once

// Group 0's rows as a node looks at them: members, placement, migrations by id, settings, tokens, audit. A
// copy for reading, fed with the row changes of each applied entry; the truth is in the state store. Owned by
// the core thread.

#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "meta/migration.h"
#include "meta/migration_table.h"
#include "meta/recovery.h"
#include "meta/rows.h"
#include "meta/settings.h"
#include "meta/trust.h"
#include "meta/types.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb::meta {

struct Tables {
  std::optional<Cluster> cluster;  ///< nothing until the first rows come
  std::map<NodeId, Member> members;
  /// By vShard, `vshard_count` of them; without replicas where there is no row.
  std::vector<Placement> placement = std::vector<Placement>(vshard_count, Placement{Epoch(0), {}});
  MigrationStateTable migrations;
  std::map<std::pair<VShardId, NodeId>, GhostStub> ghosts;  ///< by vShard and the node that keeps it
  std::map<std::uint64_t, MigrationHistory> history;        ///< by the index of group 0 that ended it
  std::map<std::string, std::string> setting_rows;          ///< those that were changed
  Settings settings;                                        ///< all of them, in force
  std::map<TokenId, Token> tokens;
  std::map<AuditKey, AuditLine> audit;      ///< the latest last
  std::map<VShardId, Recovery> recoveries;  ///< under way
  std::map<Digest, Authority>
      authorities;  ///< as the exchange of the authority has it; none before the first
  std::map<NodeId, MemberTrust> trusts;

  /// Takes in one change of a row. Keys that this build does not know are ignored. Errors, with nothing
  /// changed: malformed, incompatible, too_large (the row), damaged (a row under another's key). A bad
  /// row of a migration is no error: it is quarantined (MigrationStateTable).
  Result<void> absorb(const Write& write);
  /// The member with this certificate, if there is one.
  const Member* find(const Uuid& uuid) const;

 private:
  struct Store;
  struct Erase;
  void drop(BytesView from, BytesView to);
};

/// The rows that a new cluster starts with, in key order.
std::vector<Put> rows_of(const Genesis& genesis);

}  // namespace nodedb::meta
