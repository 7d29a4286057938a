// SPDX-License-Identifier: Apache-2.0
#include "meta/decide.h"

#include <algorithm>
#include <limits>

#include "base/names.h"
#include "base/node_list.h"

namespace nodedb::meta {

namespace {

Wait no_leader() {
  return {"no leader of the group is known"};
}
Wait uncommitted() {
  return {"the group's latest config is not committed yet"};
}
Wait foreign() {
  return {"the group is in a change of config that is not this migration's"};
}

// One look at one migration.
class Judge {
 public:
  Judge(const Migration& record, const MigrationFacts& facts, const DecideLimits& limits, PlantedBugs bugs)
      : record_(record), facts_(facts), limits_(limits), first_(record.intent.first), bugs_(bugs) {}

  // Without patience: what is possible or needed now.
  Action judged() const {
    const MigrationPhase phase = record_.checkpoint.phase();
    // A migration never aborts from Cutover on: the machine sees to that.
    if (record_.intent.aborting && phase < MigrationPhase::cutover) return undo();
    switch (phase) {
      case MigrationPhase::add_learner:
        return add_learner();
      case MigrationPhase::catch_up:
        return catch_up();
      case MigrationPhase::promote_learner:
        return promote_learner();
      case MigrationPhase::leadership_transfer:
        return leadership_transfer();
      case MigrationPhase::cutover:
        return cutover();
      case MigrationPhase::complete:
        return complete();
    }
    return Wait{"the record is in a phase that this build does not know"};
  }

 private:
  Advance reached(MigrationPayload payload) const { return {std::move(payload), record_.checkpoint.attempt}; }

  // The target votes, the source does not, and nothing is in flight.
  bool is_final(const GroupFacts& group) const {
    return group.config_committed && group.outgoing.empty() && contains(group.voters, first_.target) &&
           !contains(group.voters, first_.source);
  }
  // The joint config that replaces the source by the target.
  bool is_ours(const GroupFacts& group) const {
    return contains(group.voters, first_.target) && contains(group.outgoing, first_.source);
  }
  bool is_in(const GroupFacts& group, NodeId node) const {
    return contains(group.voters, node) || contains(group.outgoing, node) || contains(group.learners, node);
  }

  Action order_learner(const GroupFacts& group) const {
    if (!group.config_committed) return uncommitted();
    if (!facts_.target_reachable) return Wait{named(first_.target) + ", the target, cannot be reached"};
    // What the leader sends it before that is lost and has to be sent again.
    if (facts_.target_holds_replica != true)
      return Wait{named(first_.target) + ", the target, has not made its replica yet"};
    return GiveOrder{group.leader, OrderLearner{first_.target},
                     named(first_.target) + " becomes a learner of the group"};
  }

  // Towards the joint config, from whatever the group has now. Pre: neither final nor ours.
  Action towards_joint(const GroupFacts& group) const {
    if (!group.outgoing.empty()) return group.config_committed ? foreign() : uncommitted();
    if (!group.config_committed) return uncommitted();
    const bool learner = contains(group.learners, first_.target);
    if (!learner && !contains(group.voters, first_.target)) return order_learner(group);
    if (auto behind = lag(group); learner && !behind.empty()) return Wait{std::move(behind)};
    return GiveOrder{group.leader, OrderReplace{first_.source, first_.target},
                     named(first_.target) + " gets the vote of " + named(first_.source)};
  }

  // How far the learner is behind, in words; empty when it is near enough.
  std::string lag(const GroupFacts& group) const {
    if (bugs_.lag_ignored) return {};
    const std::string who = named(first_.target) + ", the target, ";
    if (!group.target) return who + "is not followed by the leader yet";
    const GroupFacts::Follower& it = *group.target;
    Index needed = group.config_index;
    if (const auto* said = std::get_if<CatchUpCheckpoint>(&record_.checkpoint.payload)) {
      needed = std::max(needed, said->learner_index);
    }
    if (!it.streaming) return who + "is still being sent the copy";
    if (it.match < needed) {
      return who + "has the log up to " + std::to_string(it.match.value) + ", and needs " +
             std::to_string(needed.value);
    }
    if (it.lag_entries > limits_.lag_entries_max || it.lag_bytes > limits_.lag_bytes_max ||
        it.lag_ns > limits_.lag_ns_max) {
      return who + "is behind by " + std::to_string(it.lag_entries) + " entries, " +
             std::to_string(it.lag_bytes) + " bytes, " + std::to_string(it.lag_ns / 1'000'000) + " ms";
    }
    return unfit();
  }

  // Why the target cannot lead now, though it has the log; empty when it can.
  std::string unfit() const {
    if (facts_.target_fenced)
      return named(first_.target) + ", the target, has just started and may not lead for a moment";
    // Whoever leads answers only when it has applied.
    if (facts_.target_unapplied <= limits_.lag_entries_max) return {};
    return named(first_.target) + ", the target, has " + std::to_string(facts_.target_unapplied) +
           " entries still to apply";
  }

  Action add_learner() const {
    if (!facts_.group) return no_leader();
    const GroupFacts& group = *facts_.group;
    if (!contains(group.learners, first_.target) && !contains(group.voters, first_.target)) {
      return order_learner(group);
    }
    if (!group.config_committed) return uncommitted();
    return reached(CatchUpCheckpoint{first_.vshard, group.config_index});
  }

  Action catch_up() const {
    if (!facts_.group) return no_leader();
    const GroupFacts& group = *facts_.group;
    if (is_ours(group) && !group.config_committed) return uncommitted();
    if (!is_final(group) && !is_ours(group)) return towards_joint(group);
    return reached(PromoteLearnerCheckpoint{first_.vshard, first_.target, first_.source_group});
  }

  Action promote_learner() const {
    if (!facts_.group) return no_leader();
    const GroupFacts& group = *facts_.group;
    if (!is_final(group)) {
      if (!is_ours(group)) return towards_joint(group);
      if (!group.config_committed) return uncommitted();
      const bool confirmed =
          group.leader == first_.target || (group.target && group.target->match >= group.config_index);
      if (!confirmed) return Wait{named(first_.target) + ", the target, does not have the joint config yet"};
    }
    const NodeId next = group.leader == first_.source ? first_.target : group.leader;
    return reached(LeadershipTransferCheckpoint{first_.vshard, true, next, first_.source_group});
  }

  Action leadership_transfer() const {
    if (!facts_.group) return no_leader();
    const GroupFacts& group = *facts_.group;
    if (is_final(group)) return reached(CutoverCheckpoint{first_.vshard, group.leader, first_.source_group});
    if (!is_ours(group)) return towards_joint(group);
    if (!group.config_committed) return uncommitted();
    if (group.leader != first_.source) {
      return GiveOrder{group.leader, OrderLeave{}, "the group leaves the joint config"};
    }
    if (group.transferring) return Wait{"the leadership moves to " + named(first_.target)};
    if (auto why = unfit(); !why.empty()) return Wait{std::move(why)};
    return GiveOrder{first_.source, OrderTransfer{first_.target, first_.write_pause_budget_us},
                     "the leadership moves to " + named(first_.target)};
  }

  Action cutover() const {
    if (facts_.source_applied_cutover) {
      return reached(CompleteCheckpoint{first_.vshard, facts_.pause_us, true});
    }
    if (facts_.source_lost) return reached(CompleteCheckpoint{first_.vshard, facts_.pause_us, false});
    if (bugs_.source_dropped_early && facts_.source_holds_replica == true) return complete();
    return Wait{named(first_.source) + ", the source, has not applied the cut-over" +
                (facts_.source_reachable ? "" : ": it cannot be reached")};
  }

  Action complete() const {
    const std::string source = named(first_.source) + ", the source, ";
    if (facts_.source_lost) return End{MigrationOutcome::completed};
    if (!facts_.source_holds_replica) return Wait{source + "has not said whether it has dropped its replica"};
    if (!*facts_.source_holds_replica) return End{MigrationOutcome::completed};
    if (!facts_.group) return no_leader();
    const GroupFacts& group = *facts_.group;
    if (!group.config_committed) return uncommitted();
    if (is_in(group, first_.source)) return Wait{source + "is in the group's config again"};
    return GiveOrder{first_.source, OrderDrop{group.config_index, group.term}, source + "drops its replica"};
  }

  // --- undoing: each step gives what it needs, or nothing when it is done ---

  Action undo() const {
    if (!facts_.group) return no_leader();
    const GroupFacts& group = *facts_.group;
    if (is_final(group)) return reached(CutoverCheckpoint{first_.vshard, group.leader, first_.source_group});
    // Until then an order of before may still change the group.
    if (!group.knows_abort)
      return Wait{named(group.leader) + ", the group's leader, has not heard of the abort yet"};
    for (const Compensation step : record_.intent.compensations) {
      if (auto action = undo(step, group)) return std::move(*action);
    }
    return End{MigrationOutcome::aborted};
  }

  std::optional<Action> undo(Compensation step, const GroupFacts& group) const {
    switch (step) {
      case Compensation::restore_leader_hint:
        return give_leadership_back(group);
      case Compensation::leave_joint_back:
        if (group.outgoing.empty()) return std::nullopt;
        if (!group.config_committed) return uncommitted();
        if (!is_ours(group)) return foreign();
        return GiveOrder{group.leader, OrderLeaveBack{},
                         "the group leaves the joint config to its old voters"};
      case Compensation::remove_learner:
        return bugs_.learner_forgotten ? std::nullopt : take_target_out(group);
      case Compensation::remove_ghost_stub:
        return std::nullopt;  // only Cutover writes one
      case Compensation::drop_replica:
        return drop_target(group);
    }
    return std::nullopt;
  }

  std::optional<Action> give_leadership_back(const GroupFacts& group) const {
    if (group.outgoing.empty() || group.leader != first_.target) return std::nullopt;
    if (group.transferring) return Wait{"the leadership moves away from " + named(first_.target)};
    // A dead source is passed over as long as another old voter can lead.
    NodeId heir = first_.source;
    if (!contains(group.outgoing, heir) || !facts_.source_reachable) {
      const auto other = std::ranges::find_if(
          group.outgoing, [&](NodeId node) { return node != first_.source && node != first_.target; });
      if (other != group.outgoing.end()) heir = *other;
    }
    if (!contains(group.outgoing, heir)) return std::nullopt;
    return GiveOrder{group.leader, OrderTransfer{heir, first_.write_pause_budget_us},
                     "the leadership moves back to " + named(heir)};
  }

  std::optional<Action> take_target_out(const GroupFacts& group) const {
    if (!group.config_committed) return uncommitted();
    if (!is_in(group, first_.target)) return std::nullopt;
    if (!contains(group.learners, first_.target)) return foreign();
    return GiveOrder{group.leader, OrderRemoveLearner{first_.target},
                     named(first_.target) + " leaves the group's learners"};
  }

  // A target that cannot be reached is relieved of its orphan when it is back.
  std::optional<Action> drop_target(const GroupFacts& group) const {
    if (!facts_.target_reachable || facts_.target_holds_replica == false) return std::nullopt;
    const std::string target = named(first_.target) + ", the target, ";
    if (!facts_.target_holds_replica) return Wait{target + "has not said whether it holds a replica"};
    return GiveOrder{first_.target, OrderDrop{group.config_index, group.term}, target + "drops its replica"};
  }

  const Migration& record_;
  const MigrationFacts& facts_;
  const DecideLimits& limits_;
  const AddLearnerCheckpoint& first_;
  PlantedBugs bugs_;
};

bool out_of_patience(std::uint32_t attempt, const MigrationFacts& facts, const DecideLimits& limits) {
  const std::int64_t times = std::int64_t{1} << std::min<std::uint32_t>(attempt, 3);
  if (limits.patience_ns > std::numeric_limits<std::int64_t>::max() / times) return false;
  return facts.without_progress_ns > limits.patience_ns * times;
}

}  // namespace

Action decide(const Migration& record, const MigrationFacts& facts, const DecideLimits& limits,
              PlantedBugs bugs) {
  Action action = Judge(record, facts, limits, bugs).judged();
  const auto* wait = std::get_if<Wait>(&action);
  const auto* order = std::get_if<GiveOrder>(&action);
  if (wait == nullptr && order == nullptr) return action;  // there is progress to be made right now
  const PersistedMigrationCheckpoint& at = record.checkpoint;
  const bool may_be_undone = at.phase() < MigrationPhase::cutover;
  if (record.intent.aborting && may_be_undone) return action;
  // Nobody waits for a target that is not expected to come back: the vShard may need another.
  if (may_be_undone && facts.target_lost)
    return GiveUp{named(record.intent.first.target) + ", the target, is lost", compensations_for(at.phase())};
  if (!out_of_patience(at.attempt, facts, limits)) return action;
  if (may_be_undone && at.attempt >= limits.attempts_max) {
    return GiveUp{"no progress in " + std::string(name(at.phase())) + " after " +
                      std::to_string(at.attempt + 1) +
                      " tries: " + (wait != nullptr ? wait->why : order->why),
                  compensations_for(at.phase())};
  }
  if (at.attempt == std::numeric_limits<std::uint32_t>::max()) return action;
  return Advance{at.payload, at.attempt + 1};
}

std::vector<Compensation> compensations_for(MigrationPhase phase) {
  using enum Compensation;
  switch (phase) {
    case MigrationPhase::add_learner:
      return {remove_learner, drop_replica};
    case MigrationPhase::catch_up:
    case MigrationPhase::promote_learner:
      // The joint config may have been entered before its checkpoint was written.
      return {restore_leader_hint, leave_joint_back, remove_learner, drop_replica};
    case MigrationPhase::leadership_transfer:
      return {restore_leader_hint, leave_joint_back, remove_learner, remove_ghost_stub, drop_replica};
    case MigrationPhase::cutover:
    case MigrationPhase::complete:
      return {};
  }
  return {};
}

}  // namespace nodedb::meta
