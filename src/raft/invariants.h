// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rules that hold between replicas (DESIGN.md section 8, R1–R5 and R7), fed with what each replica did
// and remembered for the whole run. Used by tests and by the simulator; never part of a running node. Answers
// the first broken rule; nothing is ever forgiven afterwards.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "raft/types.h"

namespace nodedb::raft {

class ClusterChecker {
 public:
  /// R1. `node` became the leader of `term`.
  void elected(GroupId group, Term term, NodeId node);
  /// R1, R4. `node` gives its vote of `term` away: the message leaves.
  void voted(GroupId group, NodeId node, Term term, NodeId candidate);
  /// R2. `node` appended `entry` right behind an entry of `previous` term.
  void appended(GroupId group, NodeId node, const Entry& entry, Term previous);
  /// R2, R3, R5. `node` was handed a committed entry, to be applied.
  void applied(GroupId group, NodeId node, const Entry& entry);
  /// R3, R5. A snapshot stands in for everything up to `at` on `node`.
  void snapshot(GroupId group, NodeId node, Position at);
  /// R4. `node` made `hard` durable.
  void persisted(GroupId group, NodeId node, const HardState& hard);
  /// The log of `node` is gone for good: a later replica there begins anew. What it promised, its votes, is
  /// not forgotten.
  void destroyed(GroupId group, NodeId node);
  /// R4, R5. `node` came back with this; it applies from `applied` on.
  void restarted(GroupId group, NodeId node, const HardState& hard, Index applied);

  /// In words, with the rule's name; nothing while all hold.
  const std::optional<std::string>& broken() const { return broken_; }
  /// How many distinct positions were committed in `group`.
  std::size_t committed(GroupId group) const;

 private:
  struct Committed {
    Term term;
    std::uint32_t hash = 0;
  };
  struct Placed {
    std::uint32_t hash = 0;
    Term previous;
  };
  struct Replica {
    HardState hard;
    Index applied;
    bool seen = false;  ///< its first index is known
    std::map<Term, NodeId> votes;
  };
  struct PerGroup {
    std::map<Term, NodeId> leaders;
    std::map<Position, Placed> placed;
    std::map<Index, Committed> committed;
    std::map<Index, Config> configs;  ///< committed ones
    std::map<NodeId, Replica> replicas;
  };

  void check_config(GroupId group, PerGroup& in, const Entry& entry);
  void complain(GroupId group, const std::string& what);

  std::map<GroupId, PerGroup> groups_;
  std::optional<std::string> broken_;
};

/// Do any two quorums, one of each config, share a voter? By brute force over both halves: for tests.
bool quorums_intersect(const Config& a, const Config& b);

}  // namespace nodedb::raft
