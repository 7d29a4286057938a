// SPDX-License-Identifier: Apache-2.0
// The entries about migrations and joins, against the machine.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "meta/decide.h"
#include "meta/rows.h"
#include "tests/unit/meta/migration_examples.h"

namespace nodedb::meta {
namespace {

using test::code;
using test::migration;
using test::moved;
using test::payload;
using test::source;
using test::target;
using test::World;

MigrationCheckpoint entry(MigrationPayload said, std::uint32_t attempt = 0, std::uint8_t id = 1) {
  return {make_checkpoint(migration(id), attempt, std::move(said), 5)};
}
MigrationCheckpoint entry(MigrationPhase phase, std::uint32_t attempt = 0, std::uint8_t id = 1) {
  return entry(payload(phase), attempt, id);
}

MigrationAbort abort_of(std::uint8_t id = 1) {
  return {migration(id), "asked to", {}};
}
MigrationEnd end_of(MigrationOutcome outcome, std::uint8_t id = 1) {
  return {migration(id), outcome, 1'700'000'001'000};
}

class Migrate : public ::testing::Test {
 protected:
  void reach(MigrationPhase last) {
    for (const MigrationPhase phase : migration_phases) {
      if (phase > last) break;
      ASSERT_TRUE(world.submit(entry(phase)).has_value()) << name(phase);
    }
  }
  const Placement& placement() const { return world.tables.placement[moved.value]; }
  std::optional<Migration> now() const { return world.tables.migrations.find(migration(1)); }
  // The entry is refused and no row changes.
  void refused(const MetaEntry& what, Code why) {
    const auto before = world.rows;
    EXPECT_EQ(code(world.submit(what)), why);
    EXPECT_EQ(world.rows, before);
  }
  // The entry is answered well, and no row changes.
  void known(const MetaEntry& what) {
    EXPECT_TRUE(world.submit(what).has_value());
    EXPECT_EQ(world.writes, 0u);
  }

  World world{test::five_nodes()};
};

TEST_F(Migrate, TheWholeWay) {
  ASSERT_TRUE(world.submit(entry(MigrationPhase::add_learner)).has_value());
  const auto begun = world.index();
  ASSERT_TRUE(now().has_value());
  EXPECT_EQ(now()->intent.begun, begun);
  EXPECT_EQ(now()->intent.epoch, Epoch(3));
  for (const auto phase :
       {MigrationPhase::catch_up, MigrationPhase::promote_learner, MigrationPhase::leadership_transfer}) {
    ASSERT_TRUE(world.submit(entry(phase)).has_value());
    EXPECT_EQ(placement().epoch, Epoch(3));
  }
  ASSERT_TRUE(world.submit(entry(MigrationPhase::cutover)).has_value());
  const auto cutover = world.index();
  EXPECT_EQ(placement(), (Placement{Epoch(4), {NodeId(2), target, NodeId(3)}})) << "in the source's place";
  EXPECT_EQ(world.tables.ghosts.at({moved, source}),
            (GhostStub{moved, source, target, Epoch(4), cutover, migration(1)}));
  EXPECT_EQ(now()->intent.cutover, cutover);
  ASSERT_TRUE(world.submit(entry(MigrationPhase::complete)).has_value());
  EXPECT_EQ(now()->intent.pause_us, 1'234u);
  ASSERT_TRUE(world.submit(end_of(MigrationOutcome::completed)).has_value());
  EXPECT_EQ(now(), std::nullopt);
  EXPECT_EQ(world.rows.count(checkpoint_key(migration(1))) + world.rows.count(intent_key(migration(1))), 0u);
  EXPECT_EQ(world.tables.history.at(world.index()),
            (MigrationHistory{migration(1), moved, source, target, MigrationOutcome::completed, 0, 1'234, "",
                              world.index(), 1'700'000'000'000, 1'700'000'001'000}));
}

TEST_F(Migrate, TheSameEntryTwiceIsOnce) {
  for (const MigrationPhase phase : migration_phases) {
    ASSERT_TRUE(world.submit(entry(phase)).has_value());
    const Epoch epoch = placement().epoch;
    known(entry(phase));
    EXPECT_EQ(placement().epoch, epoch);
  }
  ASSERT_TRUE(world.submit(entry(MigrationPhase::complete, 1)).has_value()) << "a new try";
  EXPECT_EQ(now()->checkpoint.attempt, 1u);
  ASSERT_TRUE(world.submit(end_of(MigrationOutcome::completed)).has_value());
  known(end_of(MigrationOutcome::completed));
  known(end_of(MigrationOutcome::aborted));
}

TEST_F(Migrate, ANewTryOfCutoverDoesNotRaiseTheEpochAgain) {
  reach(MigrationPhase::cutover);
  const auto before = now()->intent;
  ASSERT_TRUE(world.submit(entry(MigrationPhase::cutover, 1)).has_value());
  EXPECT_EQ(now()->intent, before);
  EXPECT_EQ(placement().epoch, Epoch(4));
  EXPECT_EQ(world.tables.ghosts.size(), 1u);
}

TEST_F(Migrate, PhasesDoNotGoBackNorAreTheySkipped) {
  refused(entry(MigrationPhase::catch_up), Code::not_found);
  reach(MigrationPhase::catch_up);
  refused(entry(MigrationPhase::add_learner), Code::conflict);
  refused(entry(MigrationPhase::add_learner, 3), Code::conflict);
  refused(entry(MigrationPhase::leadership_transfer), Code::conflict);
  refused(entry(MigrationPhase::cutover), Code::conflict);
}

TEST_F(Migrate, NonsenseDoesNotBegin) {
  const auto with = [](auto change) {
    AddLearnerCheckpoint first = test::first_of(moved);
    change(first);
    return entry(first);
  };
  refused(with([](auto& it) { it.target = NodeId(9); }), Code::not_found);
  refused(with([](auto& it) { it.source = NodeId(9); }), Code::not_found);
  refused(with([](auto& it) { it.target = it.source; }), Code::invalid_state);
  refused(with([](auto& it) { it.source = NodeId(5); }), Code::invalid_state);
  refused(with([](auto& it) { it.target = NodeId(3); }), Code::invalid_state);
  refused(with([](auto& it) { it.source_group = GroupId(9); }), Code::invalid_state);
  refused(entry(MigrationPhase::add_learner, 1), Code::not_found);  // a retry of nothing
  ASSERT_TRUE(world.tables.absorb(Delete{placement_key(moved)}).has_value());
  world.rows.erase(placement_key(moved));
  refused(entry(MigrationPhase::add_learner), Code::not_found);
}

TEST_F(Migrate, ATargetMustHaveReportedItself) {
  ASSERT_TRUE(world.submit(MemberJoin{test::uuid(77), "new:1", ""}).has_value());
  AddLearnerCheckpoint first = test::first_of(moved);
  first.target = NodeId(6);
  refused(entry(first), Code::invalid_state);
  ASSERT_TRUE(world.submit(MemberUp{NodeId(6), Incarnation(1), "new:1", "", "", "", 100}).has_value());
  EXPECT_TRUE(world.submit(entry(first)).has_value());
}

TEST_F(Migrate, AVShardIsMovedByOneAtATime) {
  reach(MigrationPhase::add_learner);
  const auto second = entry(MigrationPhase::add_learner, 0, 2);
  refused(second, Code::conflict);
  EXPECT_NE(world.submit(second).error().detail.find(migration(1).text()), std::string::npos);
  refused(PlacementChange{moved, {Epoch(4), {NodeId(1)}}}, Code::conflict);
  EXPECT_TRUE(world.submit(entry(payload(MigrationPhase::add_learner, VShardId(10)), 0, 2)).has_value());
  EXPECT_TRUE(world.submit(PlacementChange{VShardId(11), {Epoch(4), {NodeId(1)}}}).has_value());
}

TEST_F(Migrate, ABatchSeesWhatItBegan) {
  refused(MetaBatch{{entry(MigrationPhase::add_learner), entry(MigrationPhase::add_learner, 0, 2)}},
          Code::conflict);
  EXPECT_TRUE(world.tables.migrations.intents().empty());
  EXPECT_TRUE(
      world
          .submit(MetaBatch{{entry(MigrationPhase::add_learner), entry(MigrationPhase::catch_up), abort_of(),
                             end_of(MigrationOutcome::aborted), entry(MigrationPhase::add_learner, 0, 2)}})
          .has_value());
  EXPECT_EQ(world.tables.migrations.holder(moved), migration(2));
  EXPECT_EQ(world.tables.history.size(), 1u);
}

TEST_F(Migrate, WhatHasEndedIsNotBegunAgainByALateEntry) {
  reach(MigrationPhase::catch_up);
  ASSERT_TRUE(world.submit(abort_of()).has_value());
  ASSERT_TRUE(world.submit(end_of(MigrationOutcome::aborted)).has_value());
  refused(entry(MigrationPhase::add_learner), Code::conflict);
  refused(entry(MigrationPhase::promote_learner), Code::not_found);
  refused(abort_of(), Code::not_found);
  EXPECT_TRUE(world.submit(entry(MigrationPhase::add_learner, 0, 2)).has_value());
}

TEST_F(Migrate, APayloadOfAnotherMoveIsRefused) {
  reach(MigrationPhase::catch_up);
  refused(entry(payload(MigrationPhase::promote_learner, VShardId(10))), Code::invalid_state);
  refused(entry(PromoteLearnerCheckpoint{moved, NodeId(5), group_of(moved)}), Code::invalid_state);
  refused(entry(PromoteLearnerCheckpoint{moved, target, GroupId(1)}), Code::invalid_state);
}

TEST_F(Migrate, AWrongChecksumChangesNothing) {
  for (const MigrationPhase phase : migration_phases) {
    MigrationCheckpoint bad = entry(phase);
    bad.checkpoint.crc32c ^= 0x100;
    if (phase != MigrationPhase::add_learner) {
      refused(bad, Code::damaged);
    } else {
      refused(bad, Code::damaged);
      EXPECT_TRUE(world.tables.migrations.intents().empty());
    }
    ASSERT_TRUE(world.submit(entry(phase)).has_value());
  }
}

TEST_F(Migrate, CompleteRecordsThatTheSourceWasGivenUp) {
  reach(MigrationPhase::cutover);
  ASSERT_TRUE(world.submit(entry(CompleteCheckpoint{moved, 7, false})).has_value());
  EXPECT_EQ(world.tables.migrations.of(moved)->intent.pause_us, 7u);
  EXPECT_TRUE(world.tables.ghosts.contains({moved, NodeId(1)})) << "it is there should the source come back";
}

TEST_F(Migrate, CutoverNeedsTheEpochThatItBeganAt) {
  reach(MigrationPhase::leadership_transfer);
  world.rows[placement_key(moved)] = encode(Placement{Epoch(4), placement().replicas});
  refused(entry(MigrationPhase::cutover), Code::conflict);
  world.rows[placement_key(moved)] = encode(Placement{Epoch(3), {NodeId(2), NodeId(3)}});
  refused(entry(MigrationPhase::cutover), Code::conflict);
}

TEST_F(Migrate, AbortIsPossibleUpToCutover) {
  refused(abort_of(), Code::not_found);
  for (const MigrationPhase phase : migration_phases) {
    ASSERT_TRUE(world.submit(entry(phase)).has_value());
    World other(world.rows);
    const auto answer = other.submit(abort_of());
    if (phase >= MigrationPhase::cutover) {
      EXPECT_EQ(code(answer), Code::invalid_state);
      EXPECT_NE(answer.error().detail.find("undo"), std::string::npos);
      continue;
    }
    ASSERT_TRUE(answer.has_value());
    const auto intent = other.tables.migrations.find(migration(1))->intent;
    EXPECT_TRUE(intent.aborting);
    EXPECT_EQ(intent.reason, "asked to");
    EXPECT_EQ(intent.compensations, compensations_for(phase));
    EXPECT_TRUE(other.submit(abort_of()).has_value());
    EXPECT_EQ(other.writes, 0u) << "asked twice";
    EXPECT_EQ(code(other.submit(entry(phase, 4))), Code::conflict);
    EXPECT_EQ(code(other.submit(end_of(MigrationOutcome::completed))), Code::invalid_state);
    EXPECT_TRUE(other.submit(end_of(MigrationOutcome::aborted)).has_value());
    EXPECT_EQ(other.tables.history.at(other.index()).reason, "asked to");
    EXPECT_EQ(other.tables.placement[moved.value].epoch, Epoch(3));
    EXPECT_TRUE(other.tables.ghosts.empty());
  }
}

TEST_F(Migrate, ACutoverThatComesAfterTheAbortWins) {
  for (const auto phase : {MigrationPhase::catch_up, MigrationPhase::leadership_transfer}) {
    World other(world.rows);
    for (const MigrationPhase step : migration_phases) {
      if (step > phase) break;
      ASSERT_TRUE(other.submit(entry(step)).has_value());
    }
    ASSERT_TRUE(other.submit(abort_of()).has_value());
    ASSERT_TRUE(other.submit(entry(MigrationPhase::cutover)).has_value());
    EXPECT_EQ(other.tables.placement[moved.value].epoch, Epoch(4));
    EXPECT_FALSE(other.tables.migrations.find(migration(1))->intent.aborting);
    EXPECT_EQ(code(other.submit(end_of(MigrationOutcome::aborted))), Code::invalid_state);
    EXPECT_EQ(code(other.submit(abort_of())), Code::invalid_state);
  }
}

TEST_F(Migrate, EndsOnlyWhereItMay) {
  for (const MigrationPhase phase : migration_phases) {
    ASSERT_TRUE(world.submit(entry(phase)).has_value());
    refused(end_of(MigrationOutcome::aborted), Code::invalid_state);
    if (phase != MigrationPhase::complete) refused(end_of(MigrationOutcome::completed), Code::invalid_state);
  }
}

TEST_F(Migrate, BackAndForthLeavesOneGhost) {
  reach(MigrationPhase::complete);
  ASSERT_TRUE(world.submit(end_of(MigrationOutcome::completed)).has_value());
  AddLearnerCheckpoint back = test::first_of(moved);
  std::swap(back.source, back.target);
  const GroupId group = group_of(moved);
  ASSERT_TRUE(world.submit(entry(back, 0, 2)).has_value());
  ASSERT_TRUE(world.submit(entry(CatchUpCheckpoint{moved, Index(50)}, 0, 2)).has_value());
  ASSERT_TRUE(world.submit(entry(PromoteLearnerCheckpoint{moved, source, group}, 0, 2)).has_value());
  ASSERT_TRUE(
      world.submit(entry(LeadershipTransferCheckpoint{moved, true, source, group}, 0, 2)).has_value());
  ASSERT_TRUE(world.submit(entry(CutoverCheckpoint{moved, source, group}, 0, 2)).has_value());
  EXPECT_EQ(placement(), (Placement{Epoch(5), {NodeId(2), source, NodeId(3)}}));
  ASSERT_EQ(world.tables.ghosts.size(), 1u);
  const GhostStub ghost = world.tables.ghosts.begin()->second;
  EXPECT_EQ(ghost.node, target);
  known(GhostPurge{moved, source, ghost.cutover});
  known(GhostPurge{moved, target, ghost.cutover - 1});
  ASSERT_TRUE(world.submit(GhostPurge{moved, target, ghost.cutover}).has_value());
  EXPECT_TRUE(world.tables.ghosts.empty());
  known(GhostPurge{moved, target, ghost.cutover});
}

TEST_F(Migrate, TheOldestHistoryIsForgotten) {
  for (std::uint64_t i = 0; i < limits::migration_history_max; ++i) {
    MigrationHistory old;
    old.id = test::uuid(9);
    old.ended = 2 + i;  // below what comes
    old.vshard = moved;
    const Put put{history_key(old.ended), encode(old)};
    world.rows[put.key] = put.value;
    ASSERT_TRUE(world.tables.absorb(put).has_value());
  }
  for (std::uint64_t i = 0; i < limits::migration_history_max + 2; ++i) (void)world.submit(ClusterVersion{1});
  reach(MigrationPhase::complete);
  ASSERT_TRUE(world.submit(end_of(MigrationOutcome::completed)).has_value());
  EXPECT_EQ(world.tables.history.size(), limits::migration_history_max);
  EXPECT_EQ(world.tables.history.begin()->first, 3u);
  EXPECT_EQ(world.tables.history.rbegin()->second.id, migration(1));
}

TEST_F(Migrate, ADamagedRowOfTheMigrationHalts) {
  reach(MigrationPhase::catch_up);
  for (const Bytes& key : {checkpoint_key(migration(1)), intent_key(migration(1))}) {
    World other(world.rows);
    Bytes& bad = other.rows[key];
    bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 4);
    for (const MetaEntry& about : {MetaEntry(entry(MigrationPhase::promote_learner)), MetaEntry(abort_of()),
                                   MetaEntry(end_of(MigrationOutcome::aborted))}) {
      EXPECT_EQ(other.apply(encode(about)).error().code, Code::damaged);
    }
    EXPECT_TRUE(other.submit(entry(payload(MigrationPhase::add_learner, VShardId(10)), 0, 2)).has_value());
    EXPECT_EQ(code(other.submit(entry(MigrationPhase::add_learner, 0, 3))), Code::conflict);
  }
}

TEST_F(Migrate, TablesQuarantineABadRowAndTakeTheRest) {
  reach(MigrationPhase::catch_up);
  EXPECT_TRUE(world.tables.absorb(Put{checkpoint_key(migration(1)), "rot"}).has_value());
  EXPECT_EQ(world.tables.migrations.quarantined().size(), 1u);
  EXPECT_EQ(world.tables.absorb(Put{ghost_key(moved, source), "rot"}).error().code, Code::malformed);
  EXPECT_EQ(world.tables.absorb(Put{history_key(4), "rot"}).error().code, Code::malformed);
  ASSERT_TRUE(world.tables.absorb(DeleteRange{"", ""}).has_value());
  EXPECT_TRUE(world.tables.migrations.quarantined().empty());
  EXPECT_TRUE(world.tables.migrations.intents().empty());
}

TEST(Join, GivesIdsThatAreNeverReused) {
  World world;
  EXPECT_EQ(world.tables.cluster->next_node, NodeId(4));
  const MemberJoin join{test::uuid(50), "new:1", "client:1"};
  ASSERT_TRUE(world.submit(join).has_value());
  EXPECT_EQ(world.tables.members.at(NodeId(4)), (Member{NodeId(4),
                                                        test::uuid(50),
                                                        "new:1",
                                                        "client:1",
                                                        Incarnation(),
                                                        MemberState::joining,
                                                        "",
                                                        "",
                                                        100,
                                                        {}}));
  EXPECT_TRUE(world.submit(join).has_value());
  EXPECT_EQ(world.writes, 0u) << "known";
  world.rows.erase(member_key(NodeId(4)));
  ASSERT_TRUE(world.submit(join).has_value());
  EXPECT_TRUE(world.tables.members.contains(NodeId(5)));
  EXPECT_EQ(world.tables.cluster->next_node, NodeId(6));
}

TEST(Join, KnownMembersKeepTheirIdAndNamelessOnesAreRefused) {
  World world;
  EXPECT_TRUE(world.submit(MemberJoin{test::uuid(2), "elsewhere:1", ""}).has_value());
  EXPECT_EQ(world.writes, 0u);
  EXPECT_EQ(code(world.submit(MemberJoin{test::uuid(60), "", ""})), Code::invalid_state);
  EXPECT_EQ(code(world.submit(MemberJoin{{}, "a:1", ""})), Code::invalid_state);
}

TEST(Join, ThereIsALastOne) {
  World world;
  for (std::size_t i = 3; i < limits::nodes_max; ++i) {
    ASSERT_TRUE(
        world.submit(MemberJoin{test::uuid(static_cast<std::uint8_t>(50 + i)), "n:1", ""}).has_value());
  }
  EXPECT_EQ(code(world.submit(MemberJoin{test::uuid(200), "n:1", ""})), Code::too_large);
  EXPECT_EQ(world.tables.members.size(), limits::nodes_max);
}

}  // namespace
}  // namespace nodedb::meta
