// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keeps the cluster as it is wanted, on the leader of group 0 alone: what members and settings say becomes a
// picture for the planner (meta/plan), and the planner's steps become migrations and changes of placement;
// members that have given everything away are retired; group 0 itself gets voters that stay. It remembers
// nothing that matters: whoever leads next starts empty and plans the same. Pure; owned by the core thread.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/hlc.h"
#include "base/ids.h"
#include "base/time.h"
#include "meta/bugs.h"
#include "meta/entries.h"
#include "meta/plan/plan.h"
#include "meta/tables.h"
#include "raft/config.h"

namespace nodedb::node {

/// How long a member that leaves may be out of reach before it is treated as dead: nobody waits for it.
inline constexpr std::int64_t leaving_patience_ns = 10 * ns_per_s;

class Reconciler {
 public:
  /// What it may see of its node.
  struct Surroundings {
    const meta::Tables& tables;
    std::function<bool(NodeId)> reachable;
    std::function<meta::ShardLoad(VShardId)> load;
    std::function<Uuid()> new_id;
    Hlc hlc;
    meta::Stamp by;
    /// In group 0, as far as may be in force, or in a vShard that has not come where it is wanted yet.
    std::function<bool(NodeId)> votes = [](NodeId) { return false; };
  };

  explicit Reconciler(meta::PlantedBugs bugs = {}) : bugs_(bugs) {}

  /// This node leads group 0 no longer, or has begun to.
  void reset();
  /// Group 0's rows have changed.
  void changed() { wanted_ = true; }
  /// Plan and carry out once, whatever the mode; until nothing is left to do or a setting pauses it.
  void rebalance_now() { asked_for_ = wanted_ = true; }

  /// Looks at everything, and gives the entries to propose.
  std::vector<meta::MetaEntry> reconcile(Time now, const Surroundings& around);
  /// When to look again even if nothing changes.
  Time deadline() const { return deadline_; }

  /// Out of reach for so long that its replicas are to be made anew. Pre: reconcile has been called.
  bool is_lost(Time now, const meta::Tables& tables, NodeId node) const;

  /// The cluster as the planner sees it, and what it would do now, balance included, whatever the mode.
  struct Outlook {
    meta::PlanInput picture;
    meta::Plan plan;
  };
  Outlook outlook(Time now, const Surroundings& around) const;

 private:
  meta::PlanInput picture(Time now, const Surroundings& around) const;
  meta::Standing standing(Time now, const meta::Member& member, const Surroundings& around) const;
  void note_silence(Time now, const Surroundings& around);
  void retire(Time now, const Surroundings& around, std::vector<meta::MetaEntry>& out);
  bool hand_to_successors(Time now, const Surroundings& around, std::vector<meta::MetaEntry>& out);
  void carry_out(Time now, const meta::PlanInput& input, const Surroundings& around,
                 std::vector<meta::MetaEntry>& out);
  void move(Time now, VShardId vshard, NodeId from, NodeId to, const Surroundings& around,
            std::vector<meta::MetaEntry>& out);
  /// At most now and then for each.
  bool due(Time now, Time& last);

  meta::PlantedBugs bugs_;
  std::map<NodeId, Time> silent_since_;
  std::map<NodeId, meta::Standing> standings_;  ///< as they were seen last
  std::map<VShardId, Time> proposed_;
  std::map<NodeId, Time> retiring_;
  bool wanted_ = true;
  bool asked_for_ = false;
  Time deadline_ = long_ago;
  Time plan_at_ = long_ago;
  Time planned_ = long_ago;
};

/// May these members leave, as far as the picture tells? Every hard constraint that says no; empty: they may.
std::vector<meta::Complaint> removal_complaints(const meta::Tables& tables, const std::vector<NodeId>& nodes);

/// Group 0's voters as they should be: those of `current` that stay and are not lost, filled up with active
/// members, and with those that drain if there are no others, to one for each replica of a vShard, each from
/// another zone if there is one. Sorted.
std::vector<NodeId> metadata_voters(const meta::Tables& tables, const std::vector<NodeId>& current,
                                    const std::function<bool(NodeId)>& usable);

/// The next legal step of group 0's config towards those voters, with every other member as a learner;
/// nothing when it is so. A retired member stays a learner until `may_go`: it has to hear of it. Pre:
/// `config` is committed.
std::optional<raft::Config> next_metadata_config(const raft::Config& config, const meta::Tables& tables,
                                                 const std::vector<NodeId>& voters,
                                                 const std::function<bool(NodeId)>& caught_up,
                                                 const std::function<bool(NodeId)>& may_go);

}  // namespace nodedb::node
