// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where everything is, as one node knows it: members, replicas, leaders, migrations under way. An immutable
// snapshot; a later one has a higher version. Hints all: requests find their way without it.

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"

namespace nodedb {

/// One picture.
struct Placement {
  /// A node of the cluster.
  struct Member {
    NodeId id;            ///< never given twice
    std::string uuid;     ///< as in its certificate
    std::string name;     ///< for people; may be empty
    std::string address;  ///< host:port that peers dial
    std::string state;    ///< joining, active, draining, leaving, retired
  };
  /// A vShard.
  struct Shard {
    NodeId leader;                 ///< 0: unknown
    Epoch epoch;                   ///< rises with each change of `replicas`
    std::vector<NodeId> replicas;  ///< wanted voters; the first is the preferred leader
  };
  /// A replica on its way from one node to another.
  struct Migration {
    std::string id;     ///< UUID, hyphenated
    VShardId vshard;    ///< what moves
    NodeId source;      ///< from where
    NodeId target;      ///< to where
    std::string phase;  ///< the checkpoint that it has reached: add_learner … complete (docs/migration.md)
    bool aborting = false;  ///< it is being undone
  };

  std::uint64_t version = 0;          ///< rises by at least one; of this node's life
  NodeId self;                        ///< whose picture it is
  std::vector<Member> members;        ///< by id
  std::vector<Shard> shards;          ///< by vShard: 1,024
  std::vector<Migration> migrations;  ///< under way

  /// A leader is known for every vShard that has replicas.
  bool all_led() const {
    for (const Shard& shard : shards)
      if (shard.leader == NodeId() && !shard.replicas.empty()) return false;
    return true;
  }
};

}  // namespace nodedb
