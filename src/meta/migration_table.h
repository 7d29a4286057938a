// SPDX-License-Identifier: Apache-2.0
#pragma once

// The migrations that are under way, by id: rows of group 0 as the metadata machine changes them and as a
// node looks at them. One implementation of both: the machine loads it from its view, changes it, and stores
// the writes that come back; a node absorbs those writes. A row that fails its checksum is never dropped in
// silence and never believed: it is quarantined until a sound one takes its place.

#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "meta/bugs.h"
#include "meta/migration.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb::meta {

/// May `next` replace `stored`? True: store it. False: it is already known (same id and phase, the same or an
/// earlier attempt): nothing to do. Errors: damaged (checksum), conflict (its phase goes backwards, skips
/// one, or comes with an attempt that falls). An aborting migration admits nothing new but Cutover, from any
/// phase: the config has moved already, and forward is the only way that is true.
Result<bool> admit(const PersistedMigrationCheckpoint* stored, const PersistedMigrationCheckpoint& next,
                   bool aborting = false);

class MigrationStateTable {
 public:
  explicit MigrationStateTable(PlantedBugs bugs = {}) : bugs_(bugs) {}

  /// A row that cannot be trusted, and why.
  struct Quarantined {
    Bytes key;
    Error error;
    bool operator==(const Quarantined&) const = default;
  };

  /// Takes in all rows of the view (keys of meta/rows.h), each verified by its checksum. A bad one is
  /// quarantined, never skipped in silence; the others are loaded.
  void load_all(const View& view);
  /// Stores a checkpoint by the rules of `admit`, and stops aborting if it is Cutover. Returns the rows to
  /// persist, none if it was known. Errors: as `admit`.
  Result<Batch> upsert(const PersistedMigrationCheckpoint& row);
  /// Stores an intent as it is. Returns the row to persist.
  Batch put_intent(const MigrationIntent& intent);
  /// Forgets both rows. Returns what to persist, nothing if the id is not known.
  Batch remove(MigrationId id);

  std::vector<PersistedMigrationCheckpoint> all_checkpoints() const;
  const PersistedMigrationCheckpoint* get(MigrationId id) const;

  /// One change of a row, as the machine stored it. An unreadable value is quarantined.
  void absorb_checkpoint(BytesView key, BytesView value);
  void absorb_intent(BytesView key, BytesView value);
  void drop(BytesView from, BytesView to);  ///< keys from `from` up to, without, `to`; empty: to the end

  /// The intents that are sound, by id.
  const std::map<MigrationId, MigrationIntent>& intents() const { return intents_; }
  /// The migration, if both its rows are sound.
  std::optional<Migration> find(MigrationId id) const;
  /// The live migration of a vShard, if there is one and both its rows are sound.
  std::optional<Migration> of(VShardId vshard) const;
  const std::vector<Quarantined>& quarantined() const { return quarantined_; }

  /// As `find` and `of`, for who must not guess. Errors: damaged (a row that would tell is quarantined or
  /// missing).
  Result<std::optional<Migration>> look_up(MigrationId id) const;
  Result<std::optional<MigrationId>> holder(VShardId vshard) const;

 private:
  bool is_quarantined(BytesView key) const;
  void release(BytesView key);
  void quarantine(BytesView key, Error error);

  PlantedBugs bugs_;
  std::map<MigrationId, PersistedMigrationCheckpoint> rows_;
  std::map<MigrationId, MigrationIntent> intents_;
  std::vector<Quarantined> quarantined_;
};

}  // namespace nodedb::meta
