// SPDX-License-Identifier: Apache-2.0
// Every row of the table in docs/migration.md, and what holds for all facts whatever.
#include "meta/decide.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "meta/migration_table.h"
#include "tests/unit/meta/migration_examples.h"

namespace nodedb::meta {
namespace {

using test::has_node;
using test::moved;
using test::source;
using test::target;

constexpr NodeId other{2};
const std::vector<NodeId> old_voters{NodeId(1), NodeId(2), NodeId(3)};
const std::vector<NodeId> new_voters{NodeId(2), NodeId(3), NodeId(4)};
const DecideLimits limits;
constexpr std::int64_t for_ever = 1'000'000'000'000;

Migration at(MigrationPhase phase, std::uint32_t attempt = 0) {
  Migration record;
  record.intent.id = test::migration(1);
  record.intent.first = test::first_of(moved);
  record.checkpoint = make_checkpoint(record.intent.id, attempt, test::payload(phase), 0);
  return record;
}

Migration aborting(MigrationPhase phase) {
  Migration record = at(phase);
  record.intent.aborting = true;
  record.intent.compensations = compensations_for(phase);
  return record;
}

MigrationFacts facts(std::vector<NodeId> voters, std::vector<NodeId> outgoing = {},
                     std::vector<NodeId> learners = {}) {
  MigrationFacts made;
  made.group = GroupFacts{.leader = source,
                          .term = Term(2),
                          .voters = std::move(voters),
                          .outgoing = std::move(outgoing),
                          .learners = std::move(learners),
                          .config_index = Index(40),
                          .config_committed = true,
                          .transferring = false,
                          .target = std::nullopt};
  made.source_reachable = made.target_reachable = true;
  made.target_holds_replica = true;
  return made;
}
MigrationFacts before() {
  return facts(old_voters);
}
MigrationFacts learning() {
  MigrationFacts made = facts(old_voters, {}, {target});
  made.group->target = GroupFacts::Follower{Index(100), true, 3, 100, 1'000};
  return made;
}
MigrationFacts joint() {
  MigrationFacts made = facts(new_voters, old_voters);
  made.group->target = GroupFacts::Follower{Index(100), true, 0, 0, 0};
  return made;
}
MigrationFacts after() {
  MigrationFacts made = facts(new_voters);
  made.group->leader = target;
  return made;
}

Action decided(const Migration& record, const MigrationFacts& known) {
  return decide(record, known, limits);
}

template <class Change>
MigrationFacts with(MigrationFacts known, Change change) {
  change(known);
  return known;
}
const auto uncommitted = [](MigrationFacts& it) { it.group->config_committed = false; };

void waits(const Migration& record, const MigrationFacts& known) {
  const Action action = decided(record, known);
  ASSERT_TRUE(std::holds_alternative<Wait>(action)) << action.index();
  EXPECT_FALSE(std::get<Wait>(action).why.empty());
}
void orders(const Migration& record, const MigrationFacts& known, NodeId to, const Order& order) {
  const Action action = decided(record, known);
  ASSERT_TRUE(std::holds_alternative<GiveOrder>(action)) << action.index();
  EXPECT_EQ(std::get<GiveOrder>(action).to, to);
  EXPECT_EQ(std::get<GiveOrder>(action).order, order);
}
void advances(const Migration& record, const MigrationFacts& known, const MigrationPayload& payload) {
  EXPECT_EQ(decided(record, known), Action(Advance(payload, record.checkpoint.attempt)));
}

const OrderReplace replace{source, target};
const OrderTransfer transfer{target, 500'000};

TEST(Decide, WithoutALeaderItWaits) {
  for (const MigrationPhase phase : migration_phases) {
    waits(at(phase), MigrationFacts{});
    if (phase < MigrationPhase::cutover) waits(aborting(phase), MigrationFacts{});
  }
}

TEST(Decide, AddLearner) {
  const Migration record = at(MigrationPhase::add_learner);
  orders(record, before(), source, OrderLearner{target});
  waits(record, with(before(), [](auto& it) { it.target_reachable = false; }));
  waits(record, with(before(), [](auto& it) { it.target_holds_replica = false; }));
  waits(record, with(before(), [](auto& it) { it.target_holds_replica.reset(); }));
  waits(record, with(learning(), uncommitted));
  advances(record, learning(), CatchUpCheckpoint{moved, Index(40)});
  advances(record, joint(), CatchUpCheckpoint{moved, Index(40)});
  advances(record, after(), CatchUpCheckpoint{moved, Index(40)});
}

TEST(Decide, CatchUp) {
  const Migration record = at(MigrationPhase::catch_up);
  orders(record, learning(), source, replace);
  const auto behind = [&](auto change) { waits(record, with(learning(), change)); };
  behind([](auto& it) { it.group->target->lag_entries = 65; });
  behind([](auto& it) { it.group->target->lag_bytes = 256 * 1024 + 1; });
  behind([](auto& it) { it.group->target->lag_ns = 200'000'001; });
  behind([](auto& it) { it.group->target->streaming = false; });
  behind([](auto& it) { it.group->target->match = Index(39); });
  behind([](auto& it) { it.group->target.reset(); });
  behind([](auto& it) { *it.group->target = {Index(29), true, 0, 0, 0}; });
  behind([](auto& it) { it.target_unapplied = 65; });
  behind([](auto& it) { it.target_fenced = true; });
  behind(uncommitted);
  const PromoteLearnerCheckpoint promoted{moved, target, group_of(moved)};
  advances(record, joint(), promoted);
  waits(record, with(joint(), uncommitted));
  advances(record, after(), promoted);
  orders(record, before(), source, OrderLearner{target});
  waits(record, with(before(), [](auto& it) { it.target_reachable = false; }));
  waits(record, with(before(), [](auto& it) { it.target_holds_replica = false; }));
  waits(record, with(before(), [](auto& it) { it.target_holds_replica.reset(); }));
  waits(record, facts({NodeId(2), NodeId(3), NodeId(5)}, old_voters));
}

TEST(Decide, ANewTryOfALearnerThatWasReAddedNeedsTheLaterConfig) {
  const Migration record = at(MigrationPhase::catch_up);
  waits(record, with(learning(), [](auto& it) { it.group->config_index = Index(101); }));
}

TEST(Decide, PromoteLearner) {
  const Migration record = at(MigrationPhase::promote_learner);
  const auto moves_to = [](NodeId leader) {
    return LeadershipTransferCheckpoint{moved, true, leader, group_of(moved)};
  };
  advances(record, joint(), moves_to(target));
  advances(record, with(joint(), [](auto& it) { it.group->leader = other; }), moves_to(other));
  waits(record, with(joint(), uncommitted));
  waits(record, with(joint(), [](auto& it) { it.group->target->match = Index(39); }));
  waits(record, with(joint(), [](auto& it) { it.group->target.reset(); }));
  advances(record,
           with(joint(),
                [](auto& it) {
                  it.group->target.reset();
                  it.group->leader = target;
                }),
           moves_to(target));
  advances(record, after(), moves_to(target));
  orders(record, learning(), source, replace);
  orders(record, before(), source, OrderLearner{target});
}

TEST(Decide, LeadershipTransfer) {
  const Migration record = at(MigrationPhase::leadership_transfer);
  orders(record, joint(), source, transfer);
  waits(record, with(joint(), [](auto& it) { it.target_unapplied = 65; }));
  waits(record, with(joint(), [](auto& it) { it.target_fenced = true; }));
  waits(record, with(joint(), [](auto& it) { it.group->transferring = true; }));
  waits(record, with(joint(), uncommitted));
  orders(record, with(joint(), [](auto& it) { it.group->leader = target; }), target, OrderLeave{});
  orders(record, with(joint(), [](auto& it) { it.group->leader = other; }), other, OrderLeave{});
  waits(record, with(after(), uncommitted));
  advances(record, after(), CutoverCheckpoint{moved, target, group_of(moved)});
  orders(record, learning(), source, replace);
  orders(record, before(), source, OrderLearner{target});
}

TEST(Decide, Cutover) {
  const Migration record = at(MigrationPhase::cutover);
  waits(record, after());
  EXPECT_NE(std::get<Wait>(decided(record, after())).why.find("node 1"), std::string::npos);
  MigrationFacts applied;
  applied.source_applied_cutover = true;
  applied.pause_us = 77;
  advances(record, applied, CompleteCheckpoint{moved, 77, true});
}

TEST(Decide, Complete) {
  const Migration record = at(MigrationPhase::complete);
  const auto holds = [](std::optional<bool> holds_it, MigrationFacts known) {
    known.source_holds_replica = holds_it;
    return known;
  };
  EXPECT_EQ(decided(record, holds(false, {})), Action(End{MigrationOutcome::completed}));
  waits(record, holds(std::nullopt, after()));
  waits(record, holds(true, {}));
  orders(record, holds(true, after()), source, OrderDrop{Index(40), Term(2)});
  waits(record, holds(true, with(after(), uncommitted)));
  waits(record, holds(true, before()));
}

TEST(Decide, AbortingUndoesStepByStep) {
  const Migration record = aborting(MigrationPhase::leadership_transfer);
  waits(record, with(joint(), [](auto& it) { it.group->knows_abort = false; }));
  const auto led_by_target = [](MigrationFacts& it) { it.group->leader = target; };
  orders(record, with(joint(), led_by_target), target, OrderTransfer{source, 500'000});
  orders(record,
         with(joint(),
              [](auto& it) {
                it.group->leader = target;
                it.source_reachable = false;
              }),
         target, OrderTransfer{other, 500'000});
  waits(record, with(joint(), [](auto& it) {
          it.group->leader = target;
          it.group->transferring = true;
        }));
  orders(record, joint(), source, OrderLeaveBack{});
  waits(record, with(joint(), uncommitted));
  waits(record, facts({NodeId(2), NodeId(3), NodeId(5)}, old_voters));
  orders(record, learning(), source, OrderRemoveLearner{target});
  waits(record, with(learning(), uncommitted));
  waits(record, with(before(), uncommitted));
  const auto holds = [](std::optional<bool> holds_it, bool reachable) {
    MigrationFacts known = before();
    known.target_holds_replica = holds_it;
    known.target_reachable = reachable;
    return known;
  };
  orders(record, holds(true, true), target, OrderDrop{Index(40), Term(2)});
  waits(record, holds(std::nullopt, true));
  const Action undone = End{MigrationOutcome::aborted};
  EXPECT_EQ(decided(record, holds(false, true)), undone);
  EXPECT_EQ(decided(record, holds(std::nullopt, false)), undone);
  EXPECT_EQ(decided(record, holds(true, false)), undone) << "a dead target holds nothing up";
}

TEST(Decide, AnAbortThatComesTooLateGoesForward) {
  for (const MigrationPhase phase : migration_phases) {
    if (phase >= MigrationPhase::cutover) continue;
    advances(aborting(phase), after(), CutoverCheckpoint{moved, target, group_of(moved)});
  }
}

TEST(Decide, PatienceEndsInANewTryAndThenInGivingUp) {
  const auto stuck = [](std::int64_t ns) {
    MigrationFacts known = before();
    known.target_reachable = false;
    known.without_progress_ns = ns;
    return known;
  };
  const MigrationPhase phase = MigrationPhase::add_learner;
  for (std::uint32_t attempt = 0; attempt <= 8; ++attempt) {
    const std::int64_t patience = limits.patience_ns << std::min(attempt, 3u);
    waits(at(phase, attempt), stuck(patience));
    const Action action = decided(at(phase, attempt), stuck(patience + 1));
    if (attempt < 8) {
      EXPECT_EQ(action, Action(Advance(test::payload(phase), attempt + 1)));
    } else {
      ASSERT_TRUE(std::holds_alternative<GiveUp>(action));
      EXPECT_NE(std::get<GiveUp>(action).reason.find("node 4"), std::string::npos);
      EXPECT_EQ(std::get<GiveUp>(action).compensations, compensations_for(phase));
    }
  }
}

TEST(Decide, NobodyWaitsForATargetThatIsLost) {
  MigrationFacts known = before();
  known.target_reachable = false;
  known.target_lost = true;
  const Action action = decided(at(MigrationPhase::add_learner), known);
  EXPECT_EQ(action,
            Action(GiveUp("node 4, the target, is lost", compensations_for(MigrationPhase::add_learner))));
  MigrationFacts late;
  late.target_lost = true;
  waits(at(MigrationPhase::cutover), late);
}

TEST(Decide, AfterCutoverItTriesForEver) {
  MigrationFacts stuck;
  stuck.without_progress_ns = for_ever;
  for (const MigrationPhase phase : {MigrationPhase::cutover, MigrationPhase::complete}) {
    EXPECT_EQ(decided(at(phase, 1000), stuck), Action(Advance(test::payload(phase), 1001)));
  }
  waits(aborting(MigrationPhase::catch_up), stuck);
}

TEST(Decide, ARetryDoesNotGetInTheWayOfProgress) {
  MigrationFacts late = learning();
  late.without_progress_ns = for_ever;
  advances(at(MigrationPhase::add_learner, 8), late, CatchUpCheckpoint{moved, Index(40)});
  MigrationFacts gone;
  gone.source_holds_replica = false;
  gone.without_progress_ns = for_ever;
  EXPECT_EQ(decided(at(MigrationPhase::complete), gone), Action(End{MigrationOutcome::completed}));
}

// --- whatever the facts ---

std::vector<NodeId> some_nodes(Rng& rng) {
  std::vector<NodeId> nodes;
  for (std::uint32_t node = 1; node <= 5; ++node) {
    if (rng.below(2) == 0) nodes.push_back(NodeId(node));
  }
  return nodes;
}

std::optional<bool> maybe(Rng& rng) {
  const auto drawn = rng.below(3);
  return drawn == 2 ? std::nullopt : std::optional(drawn == 1);
}

MigrationFacts any_facts(Rng& rng) {
  MigrationFacts made;
  const auto coin = [&] { return rng.below(2) == 0; };
  if (rng.below(8) != 0) {
    made.group = GroupFacts{.leader = NodeId(static_cast<std::uint32_t>(1 + rng.below(5))),
                            .term = Term(1),
                            .voters = some_nodes(rng),
                            .outgoing = coin() ? some_nodes(rng) : std::vector<NodeId>(),
                            .learners = coin() ? some_nodes(rng) : std::vector<NodeId>(),
                            .config_index = Index(rng.below(100)),
                            .config_committed = coin(),
                            .transferring = coin(),
                            .knows_abort = coin(),
                            .target = std::nullopt};
    if (coin()) {
      made.group->target =
          GroupFacts::Follower{Index(rng.below(100)), coin(), rng.below(130), rng.below(600'000),
                               static_cast<std::int64_t>(rng.below(400'000'000))};
    }
  }
  made.source_applied_cutover = coin();
  made.source_holds_replica = maybe(rng);
  made.target_holds_replica = maybe(rng);
  made.target_unapplied = rng.below(130);
  made.target_fenced = coin();
  made.source_reachable = coin();
  made.target_reachable = coin();
  made.without_progress_ns = coin() ? 0 : static_cast<std::int64_t>(rng.below(200'000'000'000));
  return made;
}

// Is what the checkpoint claims in the facts?
bool true_of(const MigrationPayload& payload, const MigrationFacts& known) {
  const auto& group = known.group;
  const bool votes = group && group->config_committed && has_node(group->voters, target);
  switch (phase_of(payload)) {
    case MigrationPhase::add_learner:
      return true;
    case MigrationPhase::catch_up:
      return group && group->config_committed &&
             std::get<CatchUpCheckpoint>(payload).learner_index == group->config_index &&
             (votes || has_node(group->learners, target));
    case MigrationPhase::promote_learner:
      return votes && (has_node(group->outgoing, source) || !has_node(group->voters, source));
    case MigrationPhase::leadership_transfer:
      return votes;
    case MigrationPhase::cutover:
      return votes && group->outgoing.empty() && !has_node(group->voters, source);
    case MigrationPhase::complete:
      return known.source_applied_cutover;
  }
  return false;
}

RC_GTEST_PROP(DecideProperty, HoldsWhateverTheFacts, (std::uint64_t seed)) {
  Rng rng(seed);
  for (int round = 0; round < 200; ++round) {
    const MigrationPhase phase = migration_phases.at(static_cast<std::size_t>(rng.below(6)));
    const auto attempt = static_cast<std::uint32_t>(rng.below(12));
    Migration record = at(phase, attempt);
    if (phase < MigrationPhase::cutover && rng.below(3) == 0) {
      record.intent = aborting(phase).intent;
    }
    const MigrationFacts known = any_facts(rng);
    const Action action = decided(record, known);
    RC_ASSERT(decided(record, known) == action);
    if (const auto* advance = std::get_if<Advance>(&action)) {
      const auto next = make_checkpoint(record.intent.id, advance->attempt, advance->payload, 0);
      RC_ASSERT(admit(&record.checkpoint, next, record.intent.aborting).value_or(false));
      if (next.phase() != phase) RC_ASSERT(true_of(advance->payload, known));
    } else if (const auto* given_up = std::get_if<GiveUp>(&action)) {
      RC_ASSERT(phase < MigrationPhase::cutover && !record.intent.aborting);
      RC_ASSERT(attempt >= limits.attempts_max && !given_up->reason.empty());
    } else if (const auto* end = std::get_if<End>(&action)) {
      RC_ASSERT((end->outcome == MigrationOutcome::aborted) == record.intent.aborting);
      if (!record.intent.aborting) RC_ASSERT(known.source_holds_replica == false);
      if (record.intent.aborting) RC_ASSERT(!has_node(known.group->learners, target));
    } else if (const auto* order = std::get_if<GiveOrder>(&action)) {
      RC_ASSERT(order->to != NodeId() && !order->why.empty());
      if (std::holds_alternative<OrderDrop>(order->order)) {
        RC_ASSERT(known.group->config_committed && !has_node(known.group->voters, order->to) &&
                  !has_node(known.group->learners, order->to));
      }
    }
  }
}

}  // namespace
}  // namespace nodedb::meta
