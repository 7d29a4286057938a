// SPDX-License-Identifier: Apache-2.0
#pragma once

// The picture as the planner works on it: nodes and vShards by position, in order of id, changed by each step
// that is thought of. Always: `held` and `led` of the nodes, `voters` and `leader` of the shards and the
// nodes' loads say the same.

#include <cstdint>
#include <vector>

#include "meta/plan/plan.h"

namespace nodedb::meta {

/// Positions on the board. A replica, or a leadership, of `shard` goes from one node to another.
struct Move {
  std::uint32_t shard = 0;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

class Board {
 public:
  static constexpr std::uint32_t nowhere = static_cast<std::uint32_t>(-1);

  struct Node {
    NodeId id;
    Standing standing = Standing::dead;
    std::uint32_t weight = 0;
    std::vector<std::uint32_t> zones;  ///< by level, outermost first: equal numbers, equal zone
    std::uint64_t free_bytes = 0;  ///< falls with each arrival; what has left frees none, for it goes later
    std::vector<std::uint32_t> held;  ///< shards with a replica here, in no order
    std::vector<std::uint32_t> led;   ///< shards led from here, in no order
    NodeLoad load;
  };
  struct Shard {
    VShardId id;
    std::vector<std::uint32_t> voters;
    std::uint32_t leader = nowhere;
    ShardLoad load;
    bool frozen = false;  ///< no step touches it: it is in flight, or lost
    bool lost = false;    ///< no majority lives: the group cannot change its members
  };

  Board(const PlanInput& input, PlanBugs bugs);

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<Shard>& shards() const { return shards_; }
  std::uint32_t replication_factor() const { return replication_factor_; }
  std::size_t zone_levels() const { return zone_levels_; }

  /// May be given replicas and leaderships.
  bool takes(std::uint32_t node) const {
    return nodes_[node].standing == Standing::active && nodes_[node].weight > 0;
  }
  bool lives(std::uint32_t node) const {
    return nodes_[node].standing != Standing::dead && nodes_[node].standing != Standing::silent;
  }
  /// Voters that live.
  std::uint32_t live(std::uint32_t shard) const;
  bool holds(std::uint32_t node, std::uint32_t shard) const;
  bool has_room(std::uint32_t node, std::uint32_t shard) const;

  /// How close a shard's voters are: pairs of them in one zone, 8 bits a level, the outermost level above.
  /// Less is better spread, and a pair in one region weighs more than any number in one rack.
  std::uint64_t crowding(std::uint32_t shard) const;
  /// Of the pairs that `node` makes, or would make, with the shard's voters other than `without`.
  std::uint64_t crowding_of(std::uint32_t node, std::uint32_t shard, std::uint32_t without) const;
  /// The move would bring voters closer together.
  bool crowds(Move move) const {
    return crowding_of(move.to, move.shard, move.from) > crowding_of(move.from, move.shard, move.from);
  }

  /// Moves, adds (from nowhere) or removes (to nowhere) a replica. A leadership goes along with its replica.
  void place(Move move);
  /// Moves a leadership between voters.
  void lead(Move move);

 private:
  void take_nodes(const PlanInput& input);
  void name_zones(const PlanInput& input);
  void take_shard(const PlanShard& shard);
  std::uint32_t position(NodeId id) const;
  void enter(std::uint32_t node, std::uint32_t shard);
  void leave(std::uint32_t node, std::uint32_t shard);
  void begin_leading(std::uint32_t node, std::uint32_t shard);
  void end_leading(std::uint32_t shard);

  PlanBugs bugs_;
  std::uint32_t replication_factor_;
  std::size_t zone_levels_ = 0;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> by_id_;  ///< positions in order of id
  std::vector<Shard> shards_;
  std::vector<std::uint64_t> together_;  ///< of each pair of nodes: a bit at each level that they share
};

}  // namespace nodedb::meta
