// SPDX-License-Identifier: Apache-2.0
#pragma once

// The judge of migrations: looks at group 0's rows on whichever replica gets to a new applied index first,
// and demands that what they say is true at that instant (DESIGN.md section 7, the table of checkpoints;
// rules C1, C2 and C4). What it goes by is what the world knows beside the nodes: configs that were handed
// out for apply or lie on a quorum of disks, the logs, how far each node has applied group 0. So it does not
// matter whether a node would put a false record right later. Several entries may come between two looks: the
// state that shows is judged.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "meta/migration.h"
#include "meta/types.h"
#include "node/store.h"
#include "raft/config.h"
#include "sim/state_disk.h"

namespace nodedb::sim {

class MoveJudge {
 public:
  /// What only the owner of the world can tell.
  struct Evidence {
    virtual ~Evidence() = default;
    virtual std::uint32_t machines() const = 0;
    virtual bool running(NodeId node) const = 0;
    /// Null if there is none.
    virtual const node::StoredGroup* log_of(NodeId node, GroupId group) const = 0;
    /// Does the entry lie on a quorum of disks, by `config`?
    virtual bool durable(const raft::Config& config, GroupId group, raft::Position entry) const = 0;
    virtual std::int64_t now_ns() const = 0;
    /// For how long no process has come, gone or stood still, and nothing was lost between two of them.
    virtual std::int64_t quiet_ns() const = 0;
    virtual void complain(std::string rule, std::string what) = 0;
  };

  /// What else happens there.
  struct World {
    bool configs_change = false;  ///< of vShards, not only by migrations
    bool nodes_get_lost = false;  ///< or are taken for lost within seconds
  };

  MoveJudge(Evidence& evidence, World world) : evidence_(evidence), world_(world) {}

  /// The group has committed a config.
  void committed(GroupId group, Index index, const raft::Config& config);
  /// The state of group 0 on `node` is now at `applied`.
  void applied(NodeId node, Index applied, const Rows& rows);
  /// `node` has destroyed its log of the group.
  void destroyed(NodeId node, GroupId group);

 private:
  using Live = std::map<meta::MigrationId, meta::Migration>;
  using Configs = std::map<Index, raft::Config>;
  using Demand = std::function<bool(const raft::Config&)>;
  struct Course {
    meta::Migration record;
    Index learner_index;  ///< as CatchUp told; 0: that was not seen
  };
  struct Ghost {
    Bytes row;
    meta::GhostStub stub;
  };

  static Live live_in(const Rows& rows);
  void see_members(const Rows& rows);
  void see_routes(const Rows& rows);
  void see_migrations(const Rows& rows);
  void see_ghosts(const Rows& rows);
  void judge(const Course& course);
  void judge_vote(const Course& course);
  void judge_cutover(const Course& course);
  void judge_end(const Course& course, const Rows& rows);
  void judge_undone(const Course& course);
  bool may_seem_lost(NodeId node) const;
  void judge_purge(const meta::GhostStub& ghost);
  /// Is there a committed config that meets the demand: the one in force at `from`, or one up to `to`?
  bool proven(GroupId group, Index from, Index to, const Demand& demand) const;
  Configs committed_or_durable(GroupId group) const;
  void accuse(const Course& course, const std::string& what);

  Evidence& evidence_;
  World world_;
  Index newest_;  ///< of group 0, on any node
  std::map<NodeId, Index> applied_;
  std::map<GroupId, Configs> configs_;                  ///< committed ones
  std::map<Bytes, std::int64_t, std::less<>> members_;  ///< by key: since when it is known
  std::map<Bytes, Bytes, std::less<>> route_rows_;
  std::map<VShardId, meta::Placement> routes_;
  std::map<std::pair<VShardId, Epoch>, std::vector<NodeId>> served_;
  std::map<meta::MigrationId, Course> courses_;
  std::map<Bytes, Ghost, std::less<>> ghosts_;
};

}  // namespace nodedb::sim
