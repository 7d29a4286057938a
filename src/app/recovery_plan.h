// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a survey and the members that an operator gives up to what each group without a majority is to go on
// from, and what that may cost. Pure: the same survey and names give the same plan. The file of a plan ends
// with a checksum: what is applied is what was read.

#include <string>
#include <vector>

#include "app/recovery_survey.h"

namespace nodedb::app {

struct GroupPlan {
  GroupId group;
  NodeId survivor;
  std::vector<NodeId> learners;  ///< the other survivors, sorted
  std::vector<NodeId> lost;      ///< voters that are given up, sorted
  Term term;                     ///< to go on in
  raft::Position last;           ///< all that the survivor holds; what the lost acknowledged above it is lost
  Index committed;               ///< the highest index that a survivor knows to be committed
  Epoch epoch;                   ///< of the placement
  bool moving = false;           ///< a migration ends with it
  bool operator==(const GroupPlan&) const = default;
};

struct RecoveryPlan {
  Uuid cluster;
  std::vector<NodeId> lost;       ///< members that are retired for ever, sorted
  std::vector<GroupPlan> groups;  ///< by group: the metadata group is the first
  std::vector<GroupId> gone;      ///< no replica is left of them: nothing can be done
  bool operator==(const RecoveryPlan&) const = default;
};

/// Errors: not_found (no such member); invalid_state: one that is to be lost answers, or one that does not
/// answer is neither named nor without a part in a group that is to be recovered.
Result<RecoveryPlan> plan_recovery(const Survey& survey, std::vector<NodeId> lost);

/// What the lost voters may have acknowledged that nobody holds any more, in a sentence.
std::string loss_of(const GroupPlan& plan);

Json plan_json(const RecoveryPlan& plan);
/// Errors: malformed, damaged (the checksum).
Result<RecoveryPlan> read_plan(const Json& file);

}  // namespace nodedb::app
