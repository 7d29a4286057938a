// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which replicas to move where, from what an operator has said and how they lie now. What was left open is
// chosen so that the replicas stay spread: from the node that holds most to the one that holds fewest. Pure:
// the same wish, cluster and seed give the same moves.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/json.h"
#include "base/error.h"

namespace nodedb::app {

/// How the replicas lie: read from a `status groups` answer.
struct ReplicaMap {
  std::map<std::int64_t, std::vector<std::int64_t>> replicas;  ///< by vShard: the nodes that are wanted
  std::map<std::int64_t, std::int64_t> held;                   ///< by member: how many; also those with none
  std::map<std::int64_t, std::string> moving;                  ///< by vShard: the migration that moves it
};
ReplicaMap replica_map(const Json& status);

struct MoveWish {
  std::vector<std::int64_t> vshards;  ///< these, in this order; or
  std::size_t random = 0;             ///< so many, chosen at random
  std::uint64_t seed = 0;
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;
};
struct Move {
  std::int64_t vshard = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;
  bool operator==(const Move&) const = default;
};
struct MovePlan {
  std::vector<Move> moves;
  std::vector<std::string> skipped;  ///< of several vShards: those that cannot move so, and why
};
/// Errors: not_found (no such node; none of the vShards can move so), conflict (one vShard, which moves
/// already), invalid_state (one vShard, which cannot move so).
Result<MovePlan> plan_moves(const MoveWish& wish, ReplicaMap map);

/// `3` or `node-3`. Errors: malformed.
Result<std::int64_t> parse_node(BytesView text);
/// `7` or `10-19`, within 0 to 1023. Errors: malformed, not_found.
Result<std::vector<std::int64_t>> parse_vshards(BytesView text);

}  // namespace nodedb::app
