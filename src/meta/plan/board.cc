// SPDX-License-Identifier: Apache-2.0
#include "meta/plan/board.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "base/check.h"

namespace nodedb::meta {

namespace {

void drop(std::vector<std::uint32_t>& list, std::uint32_t item) {
  const auto found = std::ranges::find(list, item);
  CHECK(found != list.end());
  *found = list.back();
  list.pop_back();
}

}  // namespace

Board::Board(const PlanInput& input, PlanBugs bugs)
    : bugs_(bugs), replication_factor_(input.replication_factor) {
  take_nodes(input);
  name_zones(input);
  std::vector<const PlanShard*> ordered;
  for (const PlanShard& shard : input.shards) ordered.push_back(&shard);
  std::ranges::sort(ordered, {}, [](const PlanShard* shard) { return shard->id; });
  shards_.reserve(ordered.size());
  for (const PlanShard* shard : ordered) take_shard(*shard);
}

// Those that only some shard names are given up: nothing is known of them.
void Board::take_nodes(const PlanInput& input) {
  std::set<NodeId> known;
  for (const PlanNode& node : input.nodes) {
    CHECK_MSG(known.insert(node.id).second, "a node is listed twice");
    Node& taken = nodes_.emplace_back();
    taken.id = node.id;
    taken.standing = node.standing;
    taken.weight = node.weight;
    taken.free_bytes = node.free_bytes;
  }
  for (const PlanShard& shard : input.shards) {
    std::vector<NodeId> named = shard.voters;
    if (shard.flight && shard.flight->to != NodeId()) named.push_back(shard.flight->to);
    for (const NodeId id : named) {
      if (known.insert(id).second) nodes_.emplace_back().id = id;
    }
  }
  if (!bugs_.input_order) std::ranges::sort(nodes_, {}, &Node::id);
  by_id_.resize(nodes_.size());
  std::iota(by_id_.begin(), by_id_.end(), 0u);
  std::ranges::sort(by_id_, {}, [&](std::uint32_t node) { return nodes_[node].id; });
}

void Board::name_zones(const PlanInput& input) {
  for (const PlanNode& node : input.nodes) zone_levels_ = std::max(zone_levels_, node.zone.size());
  CHECK(zone_levels_ <= zone_levels_max);
  for (Node& node : nodes_) node.zones.resize(zone_levels_);
  std::map<std::vector<std::string>, std::uint32_t> numbers;  // of the path from outside
  for (const PlanNode& node : input.nodes) {
    std::vector<std::string> path;
    for (std::size_t level = 0; level < zone_levels_; ++level) {
      path.push_back(level < node.zone.size() ? node.zone[level] : std::string());
      const auto next = static_cast<std::uint32_t>(numbers.size() + 1);
      nodes_[position(node.id)].zones[level] = numbers.try_emplace(path, next).first->second;
    }
  }
  together_.resize(nodes_.size() * nodes_.size());
  for (std::size_t a = 0; a < nodes_.size(); ++a) {
    for (std::size_t b = 0; b < nodes_.size(); ++b) {
      std::uint64_t& pair = together_[a * nodes_.size() + b];
      for (std::size_t level = 0; level < zone_levels_; ++level) {
        pair = pair << 8 | (nodes_[a].zones[level] == nodes_[b].zones[level] ? 1u : 0u);
      }
    }
  }
}

void Board::take_shard(const PlanShard& shard) {
  const auto at = static_cast<std::uint32_t>(shards_.size());
  CHECK_MSG(shards_.empty() || shards_.back().id < shard.id, "a vShard is listed twice");
  CHECK_MSG(!shard.voters.empty(), "a vShard that is placed nowhere is listed");
  Shard& taken = shards_.emplace_back();
  taken.id = shard.id;
  taken.load = shard.load;
  std::vector<NodeId> voters = shard.voters;
  std::ranges::sort(voters);
  for (const NodeId id : voters) enter(position(id), at);
  if (std::ranges::find(shard.voters, shard.leader) != shard.voters.end()) {
    begin_leading(position(shard.leader), at);
  }
  if (!shard.flight || bugs_.flight_forgotten) {
    taken.lost = 2 * live(at) <= voters.size();
    taken.frozen = taken.lost;
    return;
  }
  taken.frozen = true;
  Move move{at, nowhere, nowhere};
  if (std::ranges::find(shard.voters, shard.flight->from) != shard.voters.end()) {
    move.from = position(shard.flight->from);
  }
  if (shard.flight->to != NodeId() && !holds(position(shard.flight->to), at)) {
    move.to = position(shard.flight->to);
  }
  place(move);
}

std::uint32_t Board::position(NodeId id) const {
  return *std::ranges::lower_bound(by_id_, id, {}, [&](std::uint32_t node) { return nodes_[node].id; });
}

std::uint32_t Board::live(std::uint32_t shard) const {
  return static_cast<std::uint32_t>(
      std::ranges::count_if(shards_[shard].voters, [&](std::uint32_t node) { return lives(node); }));
}

bool Board::holds(std::uint32_t node, std::uint32_t shard) const {
  return std::ranges::find(shards_[shard].voters, node) != shards_[shard].voters.end();
}

bool Board::has_room(std::uint32_t node, std::uint32_t shard) const {
  return bugs_.space_ignored || nodes_[node].free_bytes >= shards_[shard].load.bytes;
}

std::uint64_t Board::crowding(std::uint32_t shard) const {
  std::uint64_t twice = 0;
  for (const std::uint32_t node : shards_[shard].voters) twice += crowding_of(node, shard, node);
  return twice / 2;
}

std::uint64_t Board::crowding_of(std::uint32_t node, std::uint32_t shard, std::uint32_t without) const {
  std::uint64_t pairs = 0;
  const std::size_t row = node * nodes_.size();
  for (const std::uint32_t other : shards_[shard].voters) {
    if (other != without) pairs += together_[row + other];
  }
  return pairs;
}

void Board::place(Move move) {
  const bool led = move.from != nowhere && shards_[move.shard].leader == move.from;
  if (led) end_leading(move.shard);
  if (move.from != nowhere) leave(move.from, move.shard);
  if (move.to != nowhere) {
    enter(move.to, move.shard);
    std::uint64_t& free = nodes_[move.to].free_bytes;
    free -= std::min(free, shards_[move.shard].load.bytes);
  }
  if (led && move.to != nowhere && !bugs_.leader_stays) begin_leading(move.to, move.shard);
}

void Board::lead(Move move) {
  CHECK(shards_[move.shard].leader == move.from && holds(move.to, move.shard));
  end_leading(move.shard);
  begin_leading(move.to, move.shard);
}

void Board::enter(std::uint32_t node, std::uint32_t shard) {
  Node& it = nodes_[node];
  const ShardLoad& load = shards_[shard].load;
  shards_[shard].voters.push_back(node);
  it.held.push_back(shard);
  ++it.load.replicas;
  it.load.load.bytes += load.bytes;
  it.load.load.writes += load.writes;
}

void Board::leave(std::uint32_t node, std::uint32_t shard) {
  Node& it = nodes_[node];
  const ShardLoad& load = shards_[shard].load;
  drop(shards_[shard].voters, node);
  drop(it.held, shard);
  --it.load.replicas;
  it.load.load.bytes -= load.bytes;
  it.load.load.writes -= load.writes;
}

void Board::begin_leading(std::uint32_t node, std::uint32_t shard) {
  Node& it = nodes_[node];
  shards_[shard].leader = node;
  it.led.push_back(shard);
  ++it.load.leaders;
  it.load.load.reads += shards_[shard].load.reads;
  it.load.load.cpu_us += shards_[shard].load.cpu_us;
}

void Board::end_leading(std::uint32_t shard) {
  Node& it = nodes_[shards_[shard].leader];
  drop(it.led, shard);
  --it.load.leaders;
  it.load.load.reads -= shards_[shard].load.reads;
  it.load.load.cpu_us -= shards_[shard].load.cpu_us;
  shards_[shard].leader = nowhere;
}

}  // namespace nodedb::meta
