// SPDX-License-Identifier: Apache-2.0
#pragma once

// Drives migrations, on the leader of group 0 alone: what the nodes report becomes facts, meta::decide makes
// an action of them, and the action becomes an order to a node or an entry of group 0. It remembers nothing
// that matters: whoever leads next starts empty, is told the facts anew, and goes on. It also repairs what no
// migration accounts for: replicas, learners and joint configs that a placement does not want (rules C3 and
// C4). Pure; owned by the core thread.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "meta/decide.h"
#include "meta/entries.h"
#include "meta/tables.h"
#include "node/status.h"
#include "wire/move_messages.h"

namespace nodedb::node {

/// Has a group, committed, a config that none of its live migration's steps leads to or away from? `wanted`:
/// the placement's voters, sorted. Somebody else has changed it: nothing goes on before it is put right.
bool astray(const raft::Config& config, const meta::Migration& record, const std::vector<NodeId>& wanted);

class Driver {
 public:
  /// What the driver may see of its node.
  struct Surroundings {
    const meta::Tables& tables;
    std::function<bool(NodeId)> reachable;
    std::function<bool(NodeId)> lost;          ///< given up: nobody waits for it
    std::function<NodeId(GroupId)> leader_of;  ///< a hint; 0: unknown
    Index applied;                             ///< of group 0, here
    std::uint64_t wall_ms = 0;
  };
  struct Output {
    std::vector<std::pair<NodeId, wire::MoveOrder>> orders;
    std::vector<meta::MetaEntry> entries;
  };

  explicit Driver(meta::DecideLimits limits = {}, meta::PlantedBugs bugs = {})
      : limits_(limits), bugs_(bugs) {}

  /// This node leads group 0 no longer, or has begun to.
  void reset();
  /// Pre: the report is for this leadership. One that an other has overtaken is ignored.
  void reported(Time now, NodeId from, const wire::MoveReport& report);
  /// Looks at every migration, and at what no migration accounts for.
  void drive(Time now, const Surroundings& around);
  Output take_output() { return std::exchange(output_, {}); }
  /// When to look again even if nothing is reported; `never` when nothing moves.
  Time deadline() const { return deadline_; }

  /// Does a vShard that does not stand as it is wanted still count the node in, as its leader says?
  bool counts_in(NodeId node) const {
    return std::ranges::any_of(groups_, [&](const auto& seen) {
      const raft::Config& config = seen.second.report.config;
      return config.is_voter(node) || config.is_learner(node);
    });
  }
  /// Has the node told that it has applied that index of group 0?
  bool has_applied(NodeId node, Index index) const {
    const auto applied = applied_.find(node);
    return applied != applied_.end() && applied->second >= index;
  }

  MigrationStatus status(Time now, const meta::Migration& record) const;

 private:
  struct Seen {
    NodeId leader;
    wire::GroupReport report;
    Index applied;  ///< of group 0, there
    Time at;
  };
  struct Held {
    wire::Holding holding;
    Time at;
  };
  /// What shows that a migration gets on.
  struct Mark {
    meta::MigrationPhase phase{};
    std::uint32_t attempt = 0;
    bool aborting = false;
    NodeId leader;
    Index config;
    Index match;
    std::uint64_t copied_bytes = 0;
    std::size_t steps_left = 0;
    bool operator==(const Mark&) const = default;
  };
  struct Course {
    Mark mark;
    Time since;  ///< the mark's
    std::optional<wire::MoveOrder> ordered;
    NodeId ordered_to;
    Time ordered_at = long_ago;
    Index ordered_knowing;  ///< what `ordered_to` had applied of group 0 then
    std::optional<meta::MetaEntry> proposed;
    Time proposed_at = long_ago;
    Index aborted_by;  ///< of group 0: the abort is at or below it; 0: not aborted
    std::string waits_for;
  };

  meta::MigrationFacts facts(Time now, const meta::Migration& record, const Surroundings& around) const;
  meta::GroupFacts group_facts(const Seen& seen, NodeId target) const;
  void follow(Time now, const meta::Migration& record, const Surroundings& around);
  bool has_turn(const meta::Migration& record);
  void order(Time now, Course& course, NodeId to, wire::MoveOrder order);
  void propose(Time now, Course& course, meta::MetaEntry entry);
  void repair(Time now, const Surroundings& around);
  void repair_config(Time now, const Seen& seen, const Surroundings& around);
  void repair_holding(Time now, NodeId node, const wire::Holding& holding, const Surroundings& around);
  void purge_ghosts(Time now, const Surroundings& around);
  void end_recoveries(Time now, const Surroundings& around);
  /// At most now and then for each.
  bool due(Time now, Time& last, std::int64_t pause_ns);

  meta::DecideLimits limits_;
  meta::PlantedBugs bugs_;
  std::map<NodeId, std::pair<Incarnation, std::uint64_t>> latest_;  ///< report of each node
  std::map<GroupId, Seen> groups_;
  std::map<std::pair<NodeId, GroupId>, Held> holdings_;
  std::map<NodeId, Index> applied_;
  std::map<meta::MigrationId, Course> courses_;
  std::map<std::pair<NodeId, GroupId>, Time> repairs_;
  std::map<VShardId, Time> purges_;
  std::map<VShardId, Time> recovered_;
  std::size_t under_way_ = 0;
  std::map<NodeId, std::size_t> busy_;
  Time deadline_ = never;
  Output output_;
};

}  // namespace nodedb::node
