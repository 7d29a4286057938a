// SPDX-License-Identifier: Apache-2.0
// The table of migrations by itself: what it stores, admits, forgets, and what it does not believe.
#include "meta/migration_table.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "meta/rows.h"
#include "tests/unit/meta/migration_examples.h"

namespace nodedb::meta {
namespace {

using test::migration;
using test::payload;

PersistedMigrationCheckpoint row(MigrationPhase phase, std::uint32_t attempt = 0, std::uint8_t id = 1) {
  return make_checkpoint(migration(id), attempt, payload(phase), 77);
}

// A store of rows, with a table over it.
struct Stored {
  test::MapView::Rows rows;
  MigrationStateTable table;

  void store(const Batch& writes) {
    for (const Write& write : writes) {
      if (const auto* put = std::get_if<Put>(&write)) {
        rows.insert_or_assign(put->key, put->value);
      } else {
        rows.erase(std::get<Delete>(write).key);
      }
    }
  }
  void upsert(const PersistedMigrationCheckpoint& checkpoint) { store(table.upsert(checkpoint).value()); }
  MigrationStateTable reloaded() const {
    MigrationStateTable loaded;
    loaded.load_all(test::MapView(rows));
    return loaded;
  }
};

Code refusal(MigrationStateTable& table, const PersistedMigrationCheckpoint& checkpoint) {
  const auto writes = table.upsert(checkpoint);
  EXPECT_FALSE(writes.has_value());
  return writes ? Code::unsupported : writes.error().code;
}

MigrationIntent intent(std::uint8_t id = 1) {
  MigrationIntent made;
  made.id = migration(id);
  made.first = test::first_of(test::moved);
  made.epoch = Epoch(3);
  made.begun = 20;
  made.reason = "x";
  return made;
}

// --- the five of the seed ---

TEST(MigrationTable, WhatIsStoredIsThereAfterARestart) {
  Stored stored;
  stored.upsert(row(MigrationPhase::add_learner));
  const MigrationStateTable after = stored.reloaded();
  ASSERT_NE(after.get(migration(1)), nullptr);
  EXPECT_EQ(*after.get(migration(1)), row(MigrationPhase::add_learner));
}

TEST(MigrationTable, TheSamePhaseAndAttemptAgainChangesNothing) {
  Stored stored;
  stored.upsert(row(MigrationPhase::catch_up));
  auto again = row(MigrationPhase::catch_up);
  again.ts_ms = 99;
  EXPECT_EQ(stored.table.upsert(again).value(), Batch{});
  EXPECT_EQ(stored.table.all_checkpoints(), std::vector{row(MigrationPhase::catch_up)});
}

TEST(MigrationTable, WhatIsRemovedStaysAway) {
  Stored stored;
  stored.upsert(row(MigrationPhase::complete, 1));
  stored.store(stored.table.put_intent(intent()));
  stored.store(stored.table.remove(migration(1)));
  EXPECT_TRUE(stored.rows.empty());
  EXPECT_EQ(stored.reloaded().get(migration(1)), nullptr);
  EXPECT_EQ(stored.table.remove(migration(1)), Batch{});
}

TEST(MigrationTable, TheChecksumNoticesAChangedPayload) {
  for (const MigrationPhase phase : migration_phases) {
    const Bytes good = encode(payload(phase));
    EXPECT_EQ(row(phase).crc32c, crc32c(good));
    for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
      Bytes bad = good;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
      EXPECT_NE(crc32c(bad), crc32c(good));
    }
  }
}

TEST(MigrationTable, EveryPayloadComesBack) {
  for (const MigrationPhase phase : migration_phases) {
    EXPECT_EQ(decode_payload(encode(payload(phase))), payload(phase));
    EXPECT_EQ(phase_of(payload(phase)), phase);
    EXPECT_EQ(vshard_of(payload(phase)), test::moved);
  }
}

// --- what is admitted ---

TEST(MigrationTable, PhasesFollowEachOtherAndNeverGoBack) {
  Stored stored;
  for (const MigrationPhase phase : migration_phases) {
    stored.upsert(row(phase));
    for (const MigrationPhase other : migration_phases) {
      const int ahead = static_cast<int>(other) - static_cast<int>(phase);
      if (ahead == 0 || ahead == 1) continue;
      EXPECT_EQ(refusal(stored.table, row(other)), Code::conflict);
      EXPECT_EQ(refusal(stored.table, row(other, 9)), Code::conflict) << "a new try neither";
    }
    EXPECT_EQ(stored.table.get(migration(1))->phase(), phase);
  }
}

TEST(MigrationTable, AttemptsRise) {
  Stored stored;
  stored.upsert(row(MigrationPhase::catch_up, 2));
  EXPECT_EQ(stored.table.upsert(row(MigrationPhase::catch_up, 1)).value(), Batch{}) << "known";
  EXPECT_EQ(refusal(stored.table, row(MigrationPhase::promote_learner, 1)), Code::conflict);
  stored.upsert(row(MigrationPhase::catch_up, 3));
  EXPECT_EQ(stored.reloaded().get(migration(1))->attempt, 3u);
  stored.upsert(row(MigrationPhase::promote_learner, 3));
}

TEST(MigrationTable, AWrongChecksumIsRefused) {
  Stored stored;
  auto bad = row(MigrationPhase::catch_up);
  bad.crc32c ^= 1;
  EXPECT_EQ(refusal(stored.table, bad), Code::damaged);
  EXPECT_TRUE(stored.table.all_checkpoints().empty());
}

TEST(MigrationTable, WhileAbortingOnlyCutoverIsAdmittedAndItWins) {
  Stored stored;
  stored.upsert(row(MigrationPhase::catch_up, 1));
  MigrationIntent aborting = intent();
  aborting.aborting = true;
  aborting.compensations = {Compensation::remove_learner};
  stored.store(stored.table.put_intent(aborting));
  EXPECT_EQ(refusal(stored.table, row(MigrationPhase::promote_learner, 1)), Code::conflict);
  EXPECT_EQ(refusal(stored.table, row(MigrationPhase::catch_up, 2)), Code::conflict);
  EXPECT_EQ(refusal(stored.table, row(MigrationPhase::cutover, 0)), Code::conflict) << "an earlier try";
  EXPECT_EQ(stored.table.upsert(row(MigrationPhase::catch_up, 1)).value(), Batch{});
  stored.upsert(row(MigrationPhase::cutover, 1));
  const auto onward = stored.reloaded().find(migration(1));
  ASSERT_TRUE(onward.has_value());
  EXPECT_FALSE(onward->intent.aborting);
  EXPECT_EQ(onward->intent.reason, "");
  EXPECT_TRUE(onward->intent.compensations.empty());
  EXPECT_EQ(onward->checkpoint.phase(), MigrationPhase::cutover);
}

// --- what is not believed ---

TEST(MigrationTable, EveryFlippedBitOfARowIsNoticed) {
  Stored stored;
  stored.upsert(row(MigrationPhase::promote_learner, 2));
  stored.store(stored.table.put_intent(intent()));
  for (const auto& [key, good] : stored.rows) {
    for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
      Stored other;
      other.rows = stored.rows;
      Bytes& bad = other.rows[key];
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
      const MigrationStateTable loaded = other.reloaded();
      ASSERT_EQ(loaded.quarantined().size(), 1u);
      EXPECT_EQ(loaded.quarantined()[0].key, key);
      EXPECT_EQ(loaded.quarantined()[0].error.code, Code::damaged);
      EXPECT_EQ(loaded.find(migration(1)), std::nullopt);
      EXPECT_EQ(loaded.look_up(migration(1)).error().code, Code::damaged);
      EXPECT_EQ(loaded.holder(test::moved), migration(1)) << "the other row tells";
      EXPECT_EQ(loaded.holder(VShardId(1)), std::nullopt);
    }
  }
}

TEST(MigrationTable, EveryCutOfARowIsNoticed) {
  Stored stored;
  stored.upsert(row(MigrationPhase::promote_learner, 2));
  const auto [key, good] = *stored.rows.begin();
  for (std::size_t size = 0; size < good.size(); ++size) {
    stored.rows[key] = good.substr(0, size);
    EXPECT_EQ(stored.reloaded().quarantined().size(), 1u);
  }
}

TEST(MigrationTable, ARowUnderAnothersKeyIsDamaged) {
  MigrationStateTable table;
  table.absorb_checkpoint(checkpoint_key(migration(2)), encode(row(MigrationPhase::catch_up)));
  table.absorb_intent(intent_key(migration(2)), encode(intent()));
  EXPECT_EQ(table.quarantined().size(), 2u);
  EXPECT_EQ(table.quarantined()[0].error.code, Code::damaged);
  EXPECT_EQ(table.quarantined()[1].error.code, Code::damaged);
}

TEST(MigrationTable, OneBadRowDoesNotHideTheOthers) {
  Stored stored;
  for (std::uint8_t id = 1; id <= 5; ++id) stored.upsert(row(MigrationPhase::catch_up, 0, id));
  stored.rows[checkpoint_key(migration(3))] = "rot";
  const MigrationStateTable loaded = stored.reloaded();
  EXPECT_EQ(loaded.all_checkpoints().size(), 4u);
  ASSERT_EQ(loaded.quarantined().size(), 1u);
  EXPECT_EQ(loaded.quarantined()[0].key, checkpoint_key(migration(3)));
}

TEST(MigrationTable, QuarantineEndsWhenASoundRowComesOrTheRowGoes) {
  MigrationStateTable table;
  const Bytes key = checkpoint_key(migration(1));
  table.absorb_checkpoint(key, "rot");
  table.absorb_checkpoint(key, "more rot");
  EXPECT_EQ(table.quarantined().size(), 1u);
  table.absorb_checkpoint(key, encode(row(MigrationPhase::catch_up)));
  EXPECT_TRUE(table.quarantined().empty());
  EXPECT_NE(table.get(migration(1)), nullptr);
  table.absorb_checkpoint(key, "rot");
  EXPECT_EQ(table.get(migration(1)), nullptr) << "what was stored is rotten now";
  table.drop(key, key + '\0');
  EXPECT_TRUE(table.quarantined().empty());
}

TEST(MigrationTable, WhatCannotBeReadMayHoldAnyVShard) {
  MigrationStateTable table;
  EXPECT_EQ(table.holder(test::moved), std::nullopt);
  table.absorb_intent(intent_key(migration(1)), "rot");
  EXPECT_EQ(table.holder(test::moved).error().code, Code::damaged);
  table.absorb_checkpoint(checkpoint_key(migration(1)), encode(row(MigrationPhase::catch_up)));
  EXPECT_EQ(table.holder(test::moved), migration(1));
  EXPECT_EQ(table.holder(VShardId(1)), std::nullopt);
  EXPECT_EQ(table.of(test::moved), std::nullopt);
}

TEST(MigrationTable, HalfAMigrationIsDamage) {
  MigrationStateTable table;
  (void)table.upsert(row(MigrationPhase::catch_up));
  EXPECT_EQ(table.look_up(migration(1)).error().code, Code::damaged);
  (void)table.put_intent(intent());
  EXPECT_EQ(table.look_up(migration(1)).value()->intent, intent());
  EXPECT_EQ(table.look_up(migration(2)).value(), std::nullopt);
  EXPECT_EQ(table.of(test::moved)->checkpoint, row(MigrationPhase::catch_up));
}

TEST(MigrationCodec, RowsComeBackAndOneIsNoOther) {
  const MigrationHistory history{
      migration(1), test::moved, NodeId(1), NodeId(4), MigrationOutcome::aborted, 3, 40, "why", 50, 60, 70};
  const GhostStub ghost{test::moved, NodeId(1), NodeId(4), Epoch(4), 33, migration(1)};
  EXPECT_EQ(decode_checkpoint(encode(row(MigrationPhase::complete, 5))), row(MigrationPhase::complete, 5));
  EXPECT_EQ(decode_intent(encode(intent())), intent());
  EXPECT_EQ(decode_history(encode(history)), history);
  EXPECT_EQ(decode_ghost(encode(ghost)), ghost);
  EXPECT_EQ(decode_checkpoint(encode(intent())).error().code, Code::malformed);
  EXPECT_EQ(decode_intent(encode(row(MigrationPhase::complete))).error().code, Code::malformed);
  EXPECT_EQ(decode_ghost(encode(history)).error().code, Code::malformed);
  EXPECT_EQ(decode_history(encode(ghost)).error().code, Code::malformed);
  EXPECT_EQ(decode_payload(encode(ghost)).error().code, Code::incompatible);
}

TEST(MigrationCodec, TheIdIsTextForWhoeverReadsTheBytes) {
  const Bytes bytes = encode(row(MigrationPhase::catch_up));
  EXPECT_NE(bytes.find(migration(1).text()), Bytes::npos);
}

TEST(MigrationRowKeys, AreReadBack) {
  const MigrationId id = migration(1);
  EXPECT_EQ(row_key_in(checkpoint_key(id)), RowKey(CheckpointKey{id}));
  EXPECT_EQ(row_key_in(intent_key(id)), RowKey(IntentKey{id}));
  EXPECT_EQ(row_key_in(history_key(0x0102030405060708)), RowKey(HistoryKey{0x0102030405060708}));
  EXPECT_EQ(row_key_in(ghost_key(VShardId(1023), NodeId(7))), RowKey(GhostKey{VShardId(1023), NodeId(7)}));
  EXPECT_EQ(row_key_in("x\xff\xff....").has_value(), false) << "no such vShard";
}

}  // namespace
}  // namespace nodedb::meta
