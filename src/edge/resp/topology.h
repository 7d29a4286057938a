// SPDX-License-Identifier: Apache-2.0
#pragma once

// The cluster in Redis's terms: who serves which slots, as CLUSTER SLOTS, SHARDS and NODES tell it and MOVED
// uses it. Built from the node's routes; a leader hint may be old, so nothing here is trusted for safety.
// Empty before the cluster is formed. Pure.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "kv/reply.h"
#include "node/turn.h"

namespace nodedb::resp {

class Topology {
 public:
  Topology() = default;
  /// Shared with the core thread: it is immutable. May be null.
  explicit Topology(std::shared_ptr<const node::Routing> routing);

  bool formed() const { return routing_ != nullptr && !routing_->routes.empty(); }
  std::uint32_t replication_factor() const { return formed() ? routing_->cluster.replication_factor : 1; }

  /// Where else to go for `slot`: host:port of its leader. Nothing when this node leads it, or nobody knows.
  /// `replica_will_do`: nothing either when this node holds a replica.
  std::optional<std::string> elsewhere(std::uint16_t slot, bool replica_will_do) const;

  // --- replies ---
  kv::Reply slots() const;
  kv::Reply shards() const;
  kv::Reply nodes() const;
  kv::Reply info() const;
  kv::Reply my_id() const;
  std::size_t members() const { return formed() ? routing_->members.size() : 0; }

 private:
  /// Neighbouring vShards with the same leader and replicas.
  struct Range {
    std::uint16_t first = 0;
    std::uint16_t last = 0;
    std::vector<NodeId> nodes;  ///< the leader, or who should be, first
  };

  const meta::Member* member(NodeId id) const;
  kv::Reply node_entry(NodeId id) const;
  kv::Reply shard_node(NodeId id, bool leads) const;

  // Shared: the node's picture of the routes lives in several threads and never changes.
  std::shared_ptr<const node::Routing> routing_;
  std::vector<Range> ranges_;
};

}  // namespace nodedb::resp
