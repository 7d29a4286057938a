// SPDX-License-Identifier: Apache-2.0
#include "meta/migration.h"

#include "base/crc32c.h"
#include "meta/codec.h"

namespace nodedb::meta {

std::string_view name(MigrationPhase phase) {
  switch (phase) {
    case MigrationPhase::add_learner:
      return "add_learner";
    case MigrationPhase::catch_up:
      return "catch_up";
    case MigrationPhase::promote_learner:
      return "promote_learner";
    case MigrationPhase::leadership_transfer:
      return "leadership_transfer";
    case MigrationPhase::cutover:
      return "cutover";
    case MigrationPhase::complete:
      return "complete";
  }
  return "unknown";
}

std::string_view name(Compensation step) {
  switch (step) {
    case Compensation::restore_leader_hint:
      return "restore_leader_hint";
    case Compensation::leave_joint_back:
      return "leave_joint_back";
    case Compensation::remove_learner:
      return "remove_learner";
    case Compensation::remove_ghost_stub:
      return "remove_ghost_stub";
    case Compensation::drop_replica:
      return "drop_replica";
  }
  return "unknown";
}

std::string_view name(MigrationOutcome outcome) {
  return outcome == MigrationOutcome::completed ? "completed" : "aborted";
}

MigrationPhase phase_of(const MigrationPayload& payload) {
  return std::visit([](const auto& checkpoint) { return checkpoint.phase; }, payload);
}

VShardId vshard_of(const MigrationPayload& payload) {
  return std::visit([](const auto& checkpoint) { return checkpoint.vshard; }, payload);
}

PersistedMigrationCheckpoint make_checkpoint(MigrationId id, std::uint32_t attempt, MigrationPayload payload,
                                             std::uint64_t ts_ms) {
  const std::uint32_t crc = crc32c(encode(payload));
  return {id, attempt, std::move(payload), crc, ts_ms};
}

}  // namespace nodedb::meta
