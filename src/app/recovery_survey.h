// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every node that answers holds of every group: the ground on which a recovery from a lost majority is
// planned. Kept as a file of the nodes' own answers, so that nothing is lost between looking and deciding.
// Pure.

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "app/operator_calls.h"
#include "meta/recovery.h"
#include "meta/types.h"
#include "raft/types.h"

namespace nodedb::app {

struct SurveyedMember {
  NodeId id;
  std::string address;
  std::string state;  ///< as group 0 has it
  bool answers = false;
};
/// A replica that holds something: one that is newborn is left out.
struct SurveyedReplica {
  NodeId node;
  Term term;
  raft::Position last;
  Index commit;
  bool leads = false;
  raft::Config config;
};
struct SurveyedRecovery {
  meta::Recovery recovery;
  std::string waits_for;
};

struct Survey {
  Uuid cluster;
  std::uint32_t replication_factor = 0;
  std::map<NodeId, SurveyedMember> members;
  std::map<GroupId, std::vector<SurveyedReplica>>
      replicas;                                    ///< of nodes that answer; every group that exists
  std::map<GroupId, Epoch> epochs;                 ///< of the placements
  std::set<GroupId> moving;                        ///< in a migration
  std::map<GroupId, SurveyedRecovery> recoveries;  ///< under way

  bool answers(NodeId node) const;
  const SurveyedReplica* leader(GroupId group) const;
  /// May a quorum of the config that some replica holds elect a leader?
  bool majority_answers(GroupId group) const;
};

/// The file.
Json survey_json(std::span<const NodeAnswer> answers, std::uint64_t wall_ms);
/// Errors: malformed (no such file), not_initialised.
Result<Survey> read_survey(const Json& file);

}  // namespace nodedb::app
