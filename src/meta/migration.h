// SPDX-License-Identifier: Apache-2.0
#pragma once

// A live migration's durable record: which phase it has reached, as a checkpoint that is true for the whole
// cluster once it is committed in group 0 (DESIGN.md section 7, docs/migration.md). Shapes only; the rules of
// storing them are in meta/migration_table.h, what follows from them in meta/decide.h.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/hlc.h"
#include "base/ids.h"
#include "base/uuid.h"

namespace nodedb::meta {

using MigrationId = Uuid;  ///< version 4; hyphenated wherever it is shown or stored as text

/// In the only order in which they may follow each other.
enum class MigrationPhase : std::uint8_t {
  add_learner,
  catch_up,
  promote_learner,
  leadership_transfer,
  cutover,
  complete,
};
inline constexpr std::array migration_phases{
    MigrationPhase::add_learner,         MigrationPhase::catch_up, MigrationPhase::promote_learner,
    MigrationPhase::leadership_transfer, MigrationPhase::cutover,  MigrationPhase::complete};
std::string_view name(MigrationPhase phase);

// --- what a checkpoint says, by phase. Times in microseconds where the name says `_us`. ---

/// The intent exists.
struct AddLearnerCheckpoint {
  static constexpr MigrationPhase phase = MigrationPhase::add_learner;
  VShardId vshard;
  NodeId source;
  NodeId target;
  GroupId source_group;
  std::uint64_t write_pause_budget_us = 500'000;
  Hlc started_at;
  bool operator==(const AddLearnerCheckpoint&) const = default;
};
/// The config with the learner is committed, at this index of the vShard's log.
struct CatchUpCheckpoint {
  static constexpr MigrationPhase phase = MigrationPhase::catch_up;
  VShardId vshard;
  Index learner_index;
  bool operator==(const CatchUpCheckpoint&) const = default;
};
/// The joint config is committed: the target votes, the source votes only in the outgoing half.
struct PromoteLearnerCheckpoint {
  static constexpr MigrationPhase phase = MigrationPhase::promote_learner;
  VShardId vshard;
  NodeId target;
  GroupId source_group;
  bool operator==(const PromoteLearnerCheckpoint&) const = default;
};
/// Leadership is about to move to `new_leader` (who leads already if the source did not).
struct LeadershipTransferCheckpoint {
  static constexpr MigrationPhase phase = MigrationPhase::leadership_transfer;
  VShardId vshard;
  bool target_is_voter = false;
  NodeId new_leader;
  GroupId source_group;
  bool operator==(const LeadershipTransferCheckpoint&) const = default;
};
/// The joint config is left, the source is out; the same entry raises the routing epoch.
struct CutoverCheckpoint {
  static constexpr MigrationPhase phase = MigrationPhase::cutover;
  VShardId vshard;
  NodeId new_leader;
  GroupId source_group;
  bool operator==(const CutoverCheckpoint&) const = default;
};
/// The ghost stub is durable on the source, or the source has been given up.
struct CompleteCheckpoint {
  static constexpr MigrationPhase phase = MigrationPhase::complete;
  VShardId vshard;
  std::uint64_t actual_pause_us = 0;
  bool ghost_stub_installed = false;
  bool operator==(const CompleteCheckpoint&) const = default;
};

using MigrationPayload = std::variant<AddLearnerCheckpoint, CatchUpCheckpoint, PromoteLearnerCheckpoint,
                                      LeadershipTransferCheckpoint, CutoverCheckpoint, CompleteCheckpoint>;
MigrationPhase phase_of(const MigrationPayload& payload);
VShardId vshard_of(const MigrationPayload& payload);

/// The row: the latest checkpoint of one migration.
struct PersistedMigrationCheckpoint {
  MigrationId migration_id;
  std::uint32_t attempt = 0;  ///< rises when the same phase is tried anew; never falls
  MigrationPayload payload;
  std::uint32_t crc32c = 0;  ///< of the encoded payload (meta/codec.h)
  std::uint64_t ts_ms = 0;   ///< wall clock at the proposal; shown, never decided on
  bool operator==(const PersistedMigrationCheckpoint&) const = default;

  MigrationPhase phase() const { return phase_of(payload); }
};

/// With the right checksum.
PersistedMigrationCheckpoint make_checkpoint(MigrationId id, std::uint32_t attempt, MigrationPayload payload,
                                             std::uint64_t ts_ms);

/// Undoes a part of an aborted migration. Each is idempotent: it is done when the facts say so.
enum class Compensation : std::uint8_t {
  restore_leader_hint,  ///< leadership goes back to a replica that stays, preferably the source
  leave_joint_back,     ///< out of the joint config to the old voters: takes the target's vote away
  remove_learner,       ///< the target is no learner of the group
  remove_ghost_stub,    ///< no ghost of this migration is left
  drop_replica,         ///< the target holds no replica
};
std::string_view name(Compensation step);

/// What stays true of a migration from its first checkpoint on, beside the latest checkpoint.
struct MigrationIntent {
  MigrationId id;
  AddLearnerCheckpoint first;
  Epoch epoch;  ///< of the placement when it began
  std::uint64_t
      begun{};  ///< index of group 0's entry that began it: unique, and the replica's birth on the target
  std::uint64_t cutover{};   ///< index of group 0's Cutover entry; 0 before it
  std::uint64_t pause_us{};  ///< the longest measured so far
  bool aborting = false;
  std::string reason;                       ///< why it is aborted
  std::vector<Compensation> compensations;  ///< in order; empty unless aborting
  bool operator==(const MigrationIntent&) const = default;
};

struct Migration {
  MigrationIntent intent;
  PersistedMigrationCheckpoint checkpoint;
  bool operator==(const Migration&) const = default;
};

enum class MigrationOutcome : std::uint8_t { completed, aborted };
std::string_view name(MigrationOutcome outcome);

/// What is kept of a migration that has ended.
struct MigrationHistory {
  MigrationId id;
  VShardId vshard;
  NodeId source;
  NodeId target;
  MigrationOutcome outcome = MigrationOutcome::completed;
  std::uint32_t attempts = 0;
  std::uint64_t pause_us = 0;
  std::string reason;            ///< aborted: why
  std::uint64_t ended{};         ///< index of group 0's entry that ended it
  std::uint64_t started_ms = 0;  ///< wall clock, to show
  std::uint64_t ended_ms = 0;
  bool operator==(const MigrationHistory&) const = default;
};

/// What a vShard leaves behind on a node that it has left: where stragglers are to go. Written by the Cutover
/// entry itself, so it is durable on the source as soon as the source has applied that entry.
struct GhostStub {
  VShardId vshard;
  NodeId node;              ///< the source, which keeps it
  NodeId to;                ///< the target
  Epoch epoch;              ///< of the new route
  std::uint64_t cutover{};  ///< purged when every live member has applied this index of group 0
  MigrationId migration;
  bool operator==(const GhostStub&) const = default;
};

}  // namespace nodedb::meta
