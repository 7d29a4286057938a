// SPDX-License-Identifier: Apache-2.0
#include "app/move_plan.h"

#include <algorithm>
#include <limits>

#include "app/operator_protocol.h"
#include "base/ids.h"
#include "base/rng.h"
#include "base/units.h"

namespace nodedb::app {

namespace {

using Nodes = std::vector<std::int64_t>;

bool has(const Nodes& nodes, std::int64_t node) {
  return std::ranges::find(nodes, node) != nodes.end();
}

std::string vshard_text(std::int64_t vshard) {
  return "vShard " + std::to_string(vshard);
}

/// One vShard's move. Errors: conflict, invalid_state, not_found.
Result<Move> choose(std::int64_t vshard, const MoveWish& wish, const ReplicaMap& map) {
  const auto placed = map.replicas.find(vshard);
  if (placed == map.replicas.end()) return fail(Code::not_found, vshard_text(vshard) + " has no replicas");
  if (const auto moving = map.moving.find(vshard); moving != map.moving.end())
    return fail(Code::conflict,
                vshard_text(vshard) + " moves already: nodedb-cluster migration show " + moving->second);
  const Nodes& replicas = placed->second;
  const auto holds = [&](std::int64_t node) {
    const auto held = map.held.find(node);
    return held == map.held.end() ? std::int64_t{0} : held->second;
  };
  std::optional<std::int64_t> from = wish.from;
  if (!from) {
    for (const std::int64_t node : replicas)
      if (node != wish.to && (!from || holds(node) > holds(*from))) from = node;
  }
  std::optional<std::int64_t> to = wish.to;
  if (!to) {
    for (const auto& [node, held] : map.held)
      if (!has(replicas, node) && (!to || held < holds(*to))) to = node;
  }
  const std::string look = ": nodedb-cluster shard show " + std::to_string(vshard);
  if (!to)
    return fail(Code::invalid_state,
                vshard_text(vshard) + " has a replica on every node: nodedb-cluster node ls");
  if (!from || !has(replicas, *from))
    return fail(Code::invalid_state, vshard_text(vshard) + " has no replica on node " +
                                         std::to_string(from.value_or(0)) + " to move" + look);
  if (has(replicas, *to))
    return fail(Code::invalid_state,
                vshard_text(vshard) + " has a replica on node " + std::to_string(*to) + " already" + look);
  return Move{vshard, *from, *to};
}

Nodes shuffled(const ReplicaMap& map, std::uint64_t seed) {
  Nodes all;
  for (const auto& [vshard, replicas] : map.replicas) all.push_back(vshard);
  Rng rng(seed);
  for (std::size_t left = all.size(); left > 1; --left) std::swap(all[left - 1], all[rng.below(left)]);
  return all;
}

Result<void> check_member(std::optional<std::int64_t> node, const ReplicaMap& map) {
  if (!node || map.held.contains(*node)) return {};
  return fail(Code::not_found, "there is no node " + std::to_string(*node) + ": nodedb-cluster node ls");
}

}  // namespace

ReplicaMap replica_map(const Json& status) {
  ReplicaMap map;
  for (const Json& member : status["members"].items()) map.held.emplace(member["id"].number(), 0);
  for (const Json& group : status["groups"].items()) {
    const std::int64_t vshard = group["group"].number() - 1;
    if (vshard < 0) continue;
    for (const Json& node : group["wanted"].items()) {
      map.replicas[vshard].push_back(node.number());
      ++map.held[node.number()];
    }
  }
  for (const Json& one : status["migrations"].items())
    map.moving.emplace(one["vshard"].number(), one["id"].text());
  return map;
}

Result<MovePlan> plan_moves(const MoveWish& wish, ReplicaMap map) {
  for (const auto& node : {wish.from, wish.to})
    if (auto known = check_member(node, map); !known) return std::unexpected(known.error());
  const Nodes vshards = wish.random > 0 ? shuffled(map, wish.seed) : wish.vshards;
  const std::size_t wanted = wish.random > 0 ? wish.random : vshards.size();
  MovePlan plan;
  for (const std::int64_t vshard : vshards) {
    if (plan.moves.size() == wanted) break;
    const auto move = choose(vshard, wish, map);
    if (!move) {
      if (wish.random == 0 && vshards.size() == 1) return std::unexpected(move.error());
      if (wish.random == 0) plan.skipped.push_back(move.error().detail);
      continue;
    }
    --map.held[move->from];
    ++map.held[move->to];
    plan.moves.push_back(*move);
  }
  if (plan.moves.empty())
    return fail(Code::not_found,
                "no vShard can move so; nodedb-cluster node ls shows the nodes, "
                "nodedb-cluster shard show N where a vShard's replicas are");
  return plan;
}

Result<std::int64_t> parse_node(BytesView text) {
  BytesView digits = text;
  if (digits.starts_with("node-")) digits.remove_prefix(5);
  const auto number = parse_number(digits);
  if (!number || *number < 1 || *number > std::numeric_limits<std::uint32_t>::max())
    return fail(Code::malformed,
                "'" + std::string(text.substr(0, 64)) +
                    "' names no node: give its number, as 3 or node-3; nodedb-cluster node ls");
  return static_cast<std::int64_t>(*number);
}

Result<std::vector<std::int64_t>> parse_vshards(BytesView text) {
  const std::size_t hyphen = text.find('-');
  const auto first = parse_number(text.substr(0, hyphen));
  const auto last = hyphen == BytesView::npos ? first : parse_number(text.substr(hyphen + 1));
  if (!first || !last || *first > *last)
    return fail(Code::malformed,
                "'" + std::string(text.substr(0, 64)) + "' is no vShard or range of them, as 7 or 10-19");
  if (const auto known = vshard_of(static_cast<std::int64_t>(*last)); !known)
    return std::unexpected(known.error());
  std::vector<std::int64_t> vshards;
  for (std::uint64_t one = *first; one <= *last; ++one) vshards.push_back(static_cast<std::int64_t>(one));
  return vshards;
}

}  // namespace nodedb::app
