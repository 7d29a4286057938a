// SPDX-License-Identifier: Apache-2.0
#pragma once

// What several nodes' statuses say together: each node is believed about itself; the cluster's facts come
// from the node that was asked first. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "app/operator_calls.h"

namespace nodedb::app {

struct MemberPicture {
  std::int64_t id = 0;
  std::string uuid;
  std::string quic;
  std::string redis;
  bool up = false;    ///< it answered us
  std::string state;  ///< as group 0 has it: joining, active, draining, leaving, retired
  std::string name;
  std::string zone;
  std::string why_down;           ///< if not
  std::string standing;           ///< alive, suspect, dead, left: as the node that was asked first has it
  std::int64_t standing_ms = -1;  ///< for how long; -1: not known
  std::int64_t leads = 0;         ///< its own count; of a node that is down: what others think
  std::int64_t replicas = -1;     ///< its own count; -1: it does not answer
  std::int64_t wanted = 0;        ///< replicas that the placement gives it
  std::int64_t lag = 0;           ///< entries, the worst follower of a group that it leads
  std::int64_t log_bytes = 0;
  std::int64_t memory_bytes = 0;  ///< resident
  std::int64_t memory_budget = 0;
  bool disk_full = false;
  bool draining = false;
};

struct ClusterPicture {
  Json cluster;                        ///< null before init
  std::vector<MemberPicture> members;  ///< without those that have been retired
  std::vector<MemberPicture> retired;
  std::int64_t groups_total = 0;
  std::int64_t groups_without_leader = 0;
  std::int64_t lag_entries_max = 0;
  std::vector<std::string> halted;       ///< "vShard 7 on node 2: reason"
  Json moves;                            ///< the status of the node that is believed about migrations
  std::vector<std::string> quarantined;  ///< "node 2: reason"
  std::vector<std::string> endings;      ///< certificates in the last third of their lives

  bool healthy() const;
};

/// "node 3".
std::string node_name(std::int64_t id);
/// In a word: up, down, disk full, stopping, or its state in group 0.
std::string state_text(const MemberPicture& member);

/// Whose word counts about migrations: the node that drives them, else one that at least holds their records.
/// Null if nobody answered.
const Json& mover_of(std::span<const NodeAnswer> answers);
ClusterPicture picture_of(std::span<const NodeAnswer> answers);
Json picture_json(const ClusterPicture& picture);
Json members_json(std::span<const MemberPicture> members);

}  // namespace nodedb::app
