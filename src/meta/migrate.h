// SPDX-License-Identifier: Apache-2.0
#pragma once

// Private to meta/'s machine: what the entries about migrations do to the rows.

#include "meta/draft.h"
#include "meta/entries.h"

namespace nodedb::meta {

/// Refusals: conflict if a migration moves the vShard now, or a recovery is under way.
Step unheld(Draft& draft, VShardId vshard);

/// `index` is the entry's. AddLearner of an unknown id begins a migration; Cutover changes the route, in the
/// same entry, and leaves a ghost stub on the source.
Step reach(Draft& draft, Index index, const PersistedMigrationCheckpoint& checkpoint);
Step abort(Draft& draft, const MigrationAbort& entry);
Step end(Draft& draft, Index index, const MigrationEnd& entry);
/// Forgets the migration and keeps its history, whatever it has reached. Refusals: invalid_state if the entry
/// has ended another one.
Step close(Draft& draft, Index index, MigrationId id, MigrationOutcome outcome, const std::string& reason,
           std::uint64_t ts_ms);
Step purge(Draft& draft, const GhostPurge& entry);

}  // namespace nodedb::meta
