// SPDX-License-Identifier: Apache-2.0
#include "meta/decide.h"

namespace nodedb::meta {

std::vector<Compensation> compensations_for(MigrationPhase phase) {
  using enum Compensation;
  switch (phase) {
    case MigrationPhase::add_learner:
      return {remove_learner, drop_replica};
    case MigrationPhase::catch_up:
    case MigrationPhase::promote_learner:
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
