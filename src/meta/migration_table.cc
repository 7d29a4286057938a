// SPDX-License-Identifier: Apache-2.0
#include "meta/migration_table.h"

#include <algorithm>
#include <string>

#include "base/crc32c.h"
#include "meta/codec.h"
#include "meta/rows.h"

namespace nodedb::meta {

namespace {

std::string described(const PersistedMigrationCheckpoint& row) {
  return std::string(name(row.phase())) + ", attempt " + std::to_string(row.attempt);
}

bool follows(MigrationPhase earlier, MigrationPhase later) {
  return static_cast<int>(later) == static_cast<int>(earlier) + 1;
}

}  // namespace

Result<bool> admit(const PersistedMigrationCheckpoint* stored, const PersistedMigrationCheckpoint& next,
                   bool aborting) {
  const std::string who = "migration " + next.migration_id.text();
  if (crc32c(encode(next.payload)) != next.crc32c) {
    return fail(Code::damaged, who + ": the checksum of its checkpoint is wrong");
  }
  if (stored == nullptr) return true;
  if (stored->phase() == next.phase() && next.attempt <= stored->attempt) return false;
  const std::string at = who + " has reached " + described(*stored) + ": ";
  if (next.phase() < stored->phase()) {
    return fail(Code::conflict, at + "it does not go back to " + described(next));
  }
  if (next.attempt < stored->attempt) {
    return fail(Code::conflict, at + described(next) + " is of an earlier try");
  }
  if (aborting) {
    if (next.phase() == MigrationPhase::cutover) return true;
    return fail(Code::conflict, at + "it is being undone");
  }
  if (next.phase() == stored->phase() || follows(stored->phase(), next.phase())) return true;
  return fail(Code::conflict, at + described(next) + " skips a phase");
}

void MigrationStateTable::load_all(const View& view) {
  *this = MigrationStateTable(bugs_);
  for (auto row = view.seek(checkpoint_rows); row->valid() && row->key().starts_with(checkpoint_rows);
       row->next()) {
    absorb_checkpoint(row->key(), row->value());
  }
  for (auto row = view.seek(intent_rows); row->valid() && row->key().starts_with(intent_rows); row->next()) {
    absorb_intent(row->key(), row->value());
  }
}

Result<Batch> MigrationStateTable::upsert(const PersistedMigrationCheckpoint& row) {
  const auto intent = intents_.find(row.migration_id);
  const bool aborting = intent != intents_.end() && intent->second.aborting;
  const auto admitted = admit(get(row.migration_id), row, aborting);
  if (!admitted) return std::unexpected(admitted.error());
  if (!*admitted) return Batch{};
  const Bytes key = checkpoint_key(row.migration_id);
  release(key);
  rows_.insert_or_assign(row.migration_id, row);
  Batch writes{Put{key, encode(row)}};
  if (aborting) {
    MigrationIntent onward = intent->second;
    onward.aborting = false;
    onward.reason.clear();
    onward.compensations.clear();
    for (Write& write : put_intent(onward)) writes.push_back(std::move(write));
  }
  return writes;
}

Batch MigrationStateTable::put_intent(const MigrationIntent& intent) {
  const Bytes key = intent_key(intent.id);
  release(key);
  intents_.insert_or_assign(intent.id, intent);
  return {Put{key, encode(intent)}};
}

Batch MigrationStateTable::remove(MigrationId id) {
  Batch writes;
  const Bytes checkpoint = checkpoint_key(id);
  const Bytes intent = intent_key(id);
  if (rows_.contains(id) || is_quarantined(checkpoint)) writes.push_back(Delete{checkpoint});
  if (intents_.contains(id) || is_quarantined(intent)) writes.push_back(Delete{intent});
  rows_.erase(id);
  intents_.erase(id);
  release(checkpoint);
  release(intent);
  return writes;
}

std::vector<PersistedMigrationCheckpoint> MigrationStateTable::all_checkpoints() const {
  std::vector<PersistedMigrationCheckpoint> all;
  for (const auto& [id, row] : rows_) all.push_back(row);
  return all;
}

const PersistedMigrationCheckpoint* MigrationStateTable::get(MigrationId id) const {
  const auto found = rows_.find(id);
  return found == rows_.end() ? nullptr : &found->second;
}

void MigrationStateTable::absorb_checkpoint(BytesView key, BytesView value) {
  const auto known = row_key_in(key);
  const auto* place = known ? std::get_if<CheckpointKey>(&*known) : nullptr;
  if (place == nullptr) return;  // a key of a later version
  auto row = decode_checkpoint(value, bugs_.row_not_checked);
  if (row && row->migration_id != place->id) {
    row = fail(Code::damaged, "a checkpoint's row lies under another migration's key");
  }
  release(key);
  if (row) {
    rows_.insert_or_assign(place->id, std::move(*row));
  } else {
    rows_.erase(place->id);
    quarantine(key, row.error());
  }
}

void MigrationStateTable::absorb_intent(BytesView key, BytesView value) {
  const auto known = row_key_in(key);
  const auto* place = known ? std::get_if<IntentKey>(&*known) : nullptr;
  if (place == nullptr) return;  // a key of a later version
  auto intent = decode_intent(value);
  if (intent && intent->id != place->id) {
    intent = fail(Code::damaged, "a migration's intent lies under another migration's key");
  }
  release(key);
  if (intent) {
    intents_.insert_or_assign(place->id, std::move(*intent));
  } else {
    intents_.erase(place->id);
    quarantine(key, intent.error());
  }
}

void MigrationStateTable::drop(BytesView from, BytesView to) {
  const auto within = [&](BytesView key) { return key >= from && (to.empty() || key < to); };
  std::erase_if(rows_, [&](const auto& row) { return within(checkpoint_key(row.first)); });
  std::erase_if(intents_, [&](const auto& intent) { return within(intent_key(intent.first)); });
  std::erase_if(quarantined_, [&](const Quarantined& bad) { return within(bad.key); });
}

std::optional<Migration> MigrationStateTable::find(MigrationId id) const {
  const auto intent = intents_.find(id);
  const auto* row = get(id);
  if (intent == intents_.end() || row == nullptr) return std::nullopt;
  return Migration{intent->second, *row};
}

std::optional<Migration> MigrationStateTable::of(VShardId vshard) const {
  for (const auto& [id, intent] : intents_) {
    if (intent.first.vshard == vshard) return find(id);
  }
  return std::nullopt;
}

Result<std::optional<Migration>> MigrationStateTable::look_up(MigrationId id) const {
  for (const Bytes& key : {checkpoint_key(id), intent_key(id)}) {
    const auto bad = std::ranges::find(quarantined_, key, &Quarantined::key);
    if (bad != quarantined_.end()) {
      return fail(Code::damaged, "migration " + id.text() + ": " + bad->error.detail);
    }
  }
  if (rows_.contains(id) != intents_.contains(id)) {
    return fail(Code::damaged, "migration " + id.text() + ": one of its two rows is missing");
  }
  return find(id);
}

Result<std::optional<MigrationId>> MigrationStateTable::holder(VShardId vshard) const {
  for (const auto& [id, intent] : intents_) {
    if (intent.first.vshard == vshard) return id;
  }
  for (const auto& [id, row] : rows_) {
    if (vshard_of(row.payload) == vshard) return id;
  }
  // What cannot be read may be of this vShard, unless the other row of the pair says otherwise.
  for (const Quarantined& bad : quarantined_) {
    const auto key = row_key_in(bad.key);
    const auto* checkpoint = std::get_if<CheckpointKey>(&*key);
    const auto* intent = std::get_if<IntentKey>(&*key);
    if (checkpoint != nullptr && intents_.contains(checkpoint->id)) continue;
    if (intent != nullptr && rows_.contains(intent->id)) continue;
    return fail(Code::damaged, "a migration's row cannot be read: " + bad.error.detail);
  }
  return std::optional<MigrationId>();
}

bool MigrationStateTable::is_quarantined(BytesView key) const {
  return std::ranges::find(quarantined_, key, &Quarantined::key) != quarantined_.end();
}

void MigrationStateTable::release(BytesView key) {
  std::erase_if(quarantined_, [&](const Quarantined& bad) { return bad.key == key; });
}

void MigrationStateTable::quarantine(BytesView key, Error error) {
  quarantined_.push_back({Bytes(key), std::move(error)});
}

}  // namespace nodedb::meta
