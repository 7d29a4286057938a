// SPDX-License-Identifier: Apache-2.0
#include "meta/migrate.h"

#include <algorithm>

#include "base/limits.h"
#include "base/node_list.h"
#include "meta/decide.h"
#include "meta/rows.h"

namespace nodedb::meta {

namespace {

Step not_ended(const Draft& draft, MigrationId id) {
  for (const auto& [key, value] : draft.rows(history_rows)) {
    const auto history = decode_history(value);
    if (!history) {
      return halt({Code::damaged, "the history of migrations cannot be read: " + history.error().detail});
    }
    if (history->id == id) {
      return refuse(Code::conflict, named(id) + " has ended: " + std::string(name(history->outcome)));
    }
  }
  return {};
}

// May this migration begin, going by what it says of the cluster?
Step sensible(const Draft& draft, const AddLearnerCheckpoint& first, const Placement& placement) {
  const std::string vshard = named(first.vshard);
  if (placement.replicas.empty()) return refuse(Code::not_found, vshard + " has no placement");
  const std::string source = named(first.source);
  const auto known = draft.get(member_key(first.source), decode_member, source);
  if (!known) return std::unexpected(known.error());
  const std::string target = named(first.target);
  const auto member = draft.get(member_key(first.target), decode_member, target);
  if (!member) return std::unexpected(member.error());
  if (first.source == first.target)
    return refuse(Code::invalid_state, "source and target are both " + source);
  if (!contains(placement.replicas, first.source)) {
    return refuse(Code::invalid_state, source + " has no replica of " + vshard);
  }
  if (contains(placement.replicas, first.target)) {
    return refuse(Code::invalid_state, target + " has a replica of " + vshard + " already");
  }
  if (member->state != MemberState::active) {
    return refuse(Code::invalid_state,
                  target + " takes no replicas: it is " + std::string(name(member->state)));
  }
  if (first.source_group != group_of(first.vshard)) {
    return refuse(Code::invalid_state,
                  vshard + " is not the one of group " + std::to_string(first.source_group.value));
  }
  return {};
}

Step start(Draft& draft, Index index, const PersistedMigrationCheckpoint& checkpoint) {
  const MigrationId id = checkpoint.migration_id;
  const auto* first = std::get_if<AddLearnerCheckpoint>(&checkpoint.payload);
  // A retry is of something that has begun before: of what has been forgotten since, nothing is begun anew.
  if (first == nullptr || checkpoint.attempt != 0)
    return refuse(Code::not_found, named(id) + " is not known");
  const auto placement =
      draft.get(placement_key(first->vshard), decode_placement, "the placement of " + named(first->vshard));
  if (!placement) return std::unexpected(placement.error());
  if (auto step = not_ended(draft, id); !step) return step;
  if (auto step = unheld(draft, first->vshard); !step && !draft.bugs().begun_twice) return step;
  if (auto step = sensible(draft, *first, *placement); !step) return step;
  MigrationIntent intent;
  intent.id = id;
  intent.first = *first;
  intent.epoch = placement->epoch;
  intent.begun = index.value;
  auto writes = draft.migrations().upsert(checkpoint);
  if (!writes) return refuse(writes.error().code, writes.error().detail);
  draft.add(std::move(*writes));
  draft.add(draft.migrations().put_intent(intent));
  return {};
}

// Does the payload speak of the migration that it is stored under?
struct Matches {
  const AddLearnerCheckpoint& first;

  bool operator()(const AddLearnerCheckpoint& it) const {
    return it.source == first.source && it.target == first.target && it.source_group == first.source_group;
  }
  bool operator()(const CatchUpCheckpoint&) const { return true; }
  bool operator()(const PromoteLearnerCheckpoint& it) const {
    return it.target == first.target && it.source_group == first.source_group;
  }
  bool operator()(const LeadershipTransferCheckpoint& it) const {
    return it.source_group == first.source_group;
  }
  bool operator()(const CutoverCheckpoint& it) const { return it.source_group == first.source_group; }
  bool operator()(const CompleteCheckpoint&) const { return true; }
};

// The route goes over to the target.
Step cut_over(Draft& draft, Index index, MigrationIntent intent) {
  const AddLearnerCheckpoint& first = intent.first;
  const Bytes key = placement_key(first.vshard);
  auto placement = draft.get(key, decode_placement, "the placement of " + named(first.vshard));
  if (!placement) return std::unexpected(placement.error());
  const auto source = std::ranges::find(placement->replicas, first.source);
  if (placement->epoch != intent.epoch || source == placement->replicas.end()) {
    return refuse(Code::conflict, named(first.vshard) + " is at epoch " +
                                      std::to_string(placement->epoch.value) + ": " + named(intent.id) +
                                      " began at " + std::to_string(intent.epoch.value));
  }
  *source = first.target;
  if (!draft.bugs().epoch_not_raised) placement->epoch = placement->epoch + 1;
  draft.put(key, *placement);
  draft.put(ghost_key(first.vshard, first.source),
            GhostStub{first.vshard, first.source, first.target, placement->epoch, index.value, intent.id});
  draft.erase(ghost_key(first.vshard, first.target));
  intent.cutover = index.value;
  draft.add(draft.migrations().put_intent(intent));
  return {};
}

std::vector<Compensation> united(std::vector<Compensation> steps, const std::vector<Compensation>& more) {
  steps.insert(steps.end(), more.begin(), more.end());
  std::ranges::sort(steps);
  const auto rest = std::ranges::unique(steps);
  steps.erase(rest.begin(), rest.end());
  return steps;
}

}  // namespace

Step unheld(Draft& draft, VShardId vshard) {
  const auto holder = draft.migrations().holder(vshard);
  if (!holder) return halt(holder.error());
  if (*holder) return refuse(Code::conflict, named(vshard) + " is being moved by " + named(**holder));
  if (draft.has(recovery_key(vshard))) return refuse(Code::conflict, named(vshard) + " is being recovered");
  return {};
}

Step reach(Draft& draft, Index index, const PersistedMigrationCheckpoint& checkpoint) {
  MigrationStateTable& table = draft.migrations();
  const auto known = table.look_up(checkpoint.migration_id);
  if (!known) return halt(known.error());
  if (!*known) return start(draft, index, checkpoint);
  const Migration before = **known;
  if (vshard_of(checkpoint.payload) != before.intent.first.vshard ||
      !std::visit(Matches{before.intent.first}, checkpoint.payload)) {
    return refuse(Code::invalid_state,
                  named(before.intent.id) + " moves another replica than its checkpoint says");
  }
  auto writes = table.upsert(checkpoint);
  if (!writes) return refuse(writes.error().code, writes.error().detail);
  if (writes->empty()) return {};
  draft.add(std::move(*writes));
  MigrationIntent intent = table.find(before.intent.id)->intent;
  if (checkpoint.phase() == MigrationPhase::cutover && intent.cutover == 0) {
    return cut_over(draft, index, std::move(intent));
  }
  if (const auto* complete = std::get_if<CompleteCheckpoint>(&checkpoint.payload)) {
    intent.pause_us = std::max(intent.pause_us, complete->actual_pause_us);
    draft.add(table.put_intent(intent));
  }
  return {};
}

Step abort(Draft& draft, const MigrationAbort& entry) {
  const auto known = draft.migrations().look_up(entry.id);
  if (!known) return halt(known.error());
  if (!*known) return refuse(Code::not_found, named(entry.id) + " is not known");
  MigrationIntent intent = (*known)->intent;
  if (intent.aborting) return {};
  const MigrationPhase phase = (*known)->checkpoint.phase();
  if (phase >= MigrationPhase::cutover) {
    return refuse(Code::invalid_state,
                  named(entry.id) +
                      " has cut over and only goes forward: run `nodedb-cluster migration undo " +
                      entry.id.text() + "`");
  }
  intent.aborting = true;
  intent.reason = entry.reason;
  intent.compensations = united(entry.compensations, compensations_for(phase));
  draft.add(draft.migrations().put_intent(intent));
  return {};
}

Step end(Draft& draft, Index index, const MigrationEnd& entry) {
  const auto known = draft.migrations().look_up(entry.id);
  if (!known) return halt(known.error());
  if (!*known) return {};
  const auto& [intent, checkpoint] = **known;
  const bool right = entry.outcome == MigrationOutcome::aborted
                         ? intent.aborting
                         : !intent.aborting && checkpoint.phase() == MigrationPhase::complete;
  if (!right) {
    return refuse(Code::invalid_state, named(entry.id) + " cannot be " + std::string(name(entry.outcome)) +
                                           ": it is in " + std::string(name(checkpoint.phase())));
  }
  return close(draft, index, entry.id, entry.outcome, intent.reason, entry.ts_ms);
}

Step close(Draft& draft, Index index, MigrationId id, MigrationOutcome outcome, const std::string& reason,
           std::uint64_t ts_ms) {
  const auto known = draft.migrations().look_up(id);
  if (!known) return halt(known.error());
  const auto& [intent, checkpoint] = **known;
  const Bytes key = history_key(index.value);
  if (draft.has(key)) return refuse(Code::invalid_state, "one entry cannot end two migrations");
  MigrationHistory history{.id = id,
                           .vshard = intent.first.vshard,
                           .source = intent.first.source,
                           .target = intent.first.target,
                           .outcome = outcome,
                           .attempts = checkpoint.attempt,
                           .pause_us = intent.pause_us,
                           .reason = reason,
                           .ended = index.value,
                           .started_ms = 0,
                           .ended_ms = ts_ms};
  if (const std::int64_t started = intent.first.started_at.wall_ns; started > 0) {
    history.started_ms = static_cast<std::uint64_t>(started / 1'000'000);
  }
  draft.add(draft.migrations().remove(id));
  draft.put(key, history);
  const auto kept = draft.rows(history_rows);
  auto oldest = kept.begin();
  for (std::size_t left = kept.size(); left > limits::migration_history_max; --left) {
    draft.erase((oldest++)->first);
  }
  return {};
}

Step purge(Draft& draft, const GhostPurge& entry) {
  const Bytes key = ghost_key(entry.vshard, entry.node);
  if (!draft.has(key)) return {};
  const auto ghost =
      draft.get(key, decode_ghost, "the ghost stub of " + named(entry.vshard) + " on " + named(entry.node));
  if (!ghost) return std::unexpected(ghost.error());
  if (ghost->cutover == entry.cutover) draft.erase(key);
  return {};
}

}  // namespace nodedb::meta
