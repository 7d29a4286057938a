// SPDX-License-Identifier: Apache-2.0
#pragma once

// What moves a vShard between nodes: the leader of group 0 gives orders, and everybody who takes part reports
// facts to it (docs/migration.md). Both may be lost, repeated or late. An order is obeyed only by a node
// whose own group 0 says that it still makes sense, and is given again until a report shows its effect.

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "meta/decide.h"
#include "raft/config.h"

namespace nodedb::wire {

/// Take one step towards the voters that the placement of this epoch wants, in a group that no migration
/// moves.
struct RestoreVoters {
  Epoch epoch;
  std::vector<NodeId> voters;  ///< sorted
  bool operator==(const RestoreVoters&) const = default;
};

struct MoveOrder {
  GroupId group;
  meta::MigrationId migration;  ///< nil: repairs what no migration accounts for
  /// With the first, only report.
  std::variant<std::monostate, meta::Order, RestoreVoters> order;
  bool operator==(const MoveOrder&) const = default;
};

/// One group, as its leader sees it.
struct GroupReport {
  GroupId group;
  Term term;
  raft::Config config;  ///< in force
  Index config_index;
  bool config_committed = false;  ///< and an entry of `term`
  bool transferring = false;
  /// How far the follower that is to take over has come.
  struct Follower {
    NodeId node;
    Index match;
    bool streaming = false;
    std::uint64_t lag_entries = 0;
    std::uint64_t lag_bytes = 0;
    std::int64_t lag_ns = 0;
    std::uint64_t copied_bytes = 0;  ///< of the snapshot on its way to it
    std::uint64_t copy_bytes = 0;    ///< about all of that; 0: not known
    std::uint64_t pace = 0;          ///< bytes per second to which writes are limited for it; 0: they are not
    bool operator==(const Follower&) const = default;
  };
  std::optional<Follower> target;
  bool operator==(const GroupReport&) const = default;
};

/// Whether the reporting node has a replica of a group that is moving, or should have none.
struct Holding {
  GroupId group;
  bool holds = false;
  std::uint64_t pause_us = 0;   ///< the longest that its handing over leadership kept writes waiting
  std::uint64_t unapplied = 0;  ///< committed entries that it has still to apply
  bool fenced = false;          ///< it cannot stand for election yet (raft::Group::fenced)
  bool operator==(const Holding&) const = default;
};

/// To the leader of group 0. One that is late tells what is true no more: it counts only for the leadership
/// that it was written for, and if none came from its sender that is later.
struct MoveReport {
  Term leadership;           ///< the receiver's, of group 0
  Incarnation incarnation;   ///< the sender's
  std::uint64_t number = 0;  ///< rises within an incarnation
  Index applied;             ///< of group 0
  std::vector<GroupReport> led;
  std::vector<Holding> holdings;
  bool operator==(const MoveReport&) const = default;
};

}  // namespace nodedb::wire
