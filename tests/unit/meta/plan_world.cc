// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/meta/plan_world.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/node_list.h"

namespace nodedb::meta::test {

std::vector<PlanNode> nodes(std::uint32_t count) {
  std::vector<PlanNode> made(count);
  for (std::uint32_t i = 0; i < count; ++i) made[i].id = NodeId(i + 1);
  return made;
}

PlanInput even(std::uint32_t count, std::uint32_t vshards, std::uint32_t replication_factor) {
  PlanInput input;
  input.nodes = nodes(count);
  input.replication_factor = replication_factor;
  for (std::uint32_t v = 0; v < vshards; ++v) {
    PlanShard it;
    it.id = VShardId(static_cast<std::uint16_t>(v));
    // Rounds of neighbours, a stride further each round.
    const std::uint32_t stride =
        1 + v / count % std::max(1u, (count - 1) / std::max(1u, replication_factor - 1));
    for (std::uint32_t r = 0; r < replication_factor; ++r) {
      it.voters.push_back(NodeId((v + r * stride) % count + 1));
    }
    it.leader = it.voters.front();
    input.shards.push_back(it);
  }
  return input;
}

PlanNode& node(PlanInput& input, std::uint32_t id) {
  return *std::ranges::find(input.nodes, NodeId(id), &PlanNode::id);
}

PlanShard& shard(PlanInput& input, std::uint32_t id) {
  return *std::ranges::find(input.shards, VShardId(static_cast<std::uint16_t>(id)), &PlanShard::id);
}

namespace {

// Few large, many small: between `scale` / 10 and `scale` * 10, evenly in the exponent.
std::uint64_t skewed(Rng& rng, double scale) {
  const double exponent = static_cast<double>(rng.below(2001)) / 1000 - 1;
  return static_cast<std::uint64_t>(scale * std::pow(10.0, exponent));
}

ShardLoad load(Rng& rng) {
  return {skewed(rng, 1e9), skewed(rng, 1000), skewed(rng, 5000), skewed(rng, 20'000)};
}

std::vector<NodeId> some_of(Rng& rng, const std::vector<PlanNode>& nodes, std::size_t count) {
  std::vector<NodeId> chosen;
  while (chosen.size() < std::min(count, nodes.size())) {
    const NodeId id = nodes[rng.below(nodes.size())].id;
    if (!contains(chosen, id)) chosen.push_back(id);
  }
  return chosen;
}

void label(Rng& rng, std::vector<PlanNode>& nodes) {
  const std::uint64_t kind = rng.below(4);
  const std::uint64_t zones = 1 + rng.below(5);
  for (PlanNode& it : nodes) {
    if (kind == 1) it.zone = {"z" + std::to_string(it.id.value % zones)};
    if (kind == 2) it.zone = {"z" + std::to_string(rng.below(zones))};
    if (kind == 3) it.zone = {"r" + std::to_string(rng.below(2)), "z" + std::to_string(rng.below(zones))};
  }
}

Standing standing(Rng& rng) {
  const std::uint64_t drawn = rng.below(20);
  if (drawn < 16) return Standing::active;
  return static_cast<Standing>(drawn - 15);
}

}  // namespace

PlanInput anything(std::uint64_t seed) {
  Rng rng(seed);
  PlanInput input;
  input.nodes = nodes(static_cast<std::uint32_t>(1 + rng.below(12)));
  input.replication_factor = static_cast<std::uint32_t>(1 + 2 * rng.below(3));
  label(rng, input.nodes);
  const bool healthy = rng.chance(0.3);
  const bool weighty = rng.chance(0.3);
  const bool tight = rng.chance(0.2);
  const bool loaded = rng.chance(0.6);
  for (PlanNode& it : input.nodes) {
    if (!healthy) it.standing = standing(rng);
    if (weighty) it.weight = static_cast<std::uint32_t>(rng.below(5));
    if (tight) it.free_bytes = rng.below(40) * 1'000'000'000;
  }
  const std::uint64_t vshards = rng.below(120);
  for (std::uint64_t v = 0; v < vshards; ++v) {
    PlanShard it;
    it.id = VShardId(static_cast<std::uint16_t>(v));
    std::size_t replicas = input.replication_factor;
    if (!healthy && rng.chance(0.1)) replicas = 1 + rng.below(6);
    it.voters = some_of(rng, input.nodes, replicas);
    if (!healthy && rng.chance(0.02)) it.voters.front() = NodeId(99);  // of whom nothing is known
    if (!rng.chance(0.05)) it.leader = it.voters[rng.below(it.voters.size())];
    if (loaded) it.load = load(rng);
    if (rng.chance(0.05)) {
      it.flight = PlanShard::Flight{it.voters.back(), input.nodes[rng.below(input.nodes.size())].id};
      if (contains(it.voters, it.flight->to)) it.flight.reset();
    }
    input.shards.push_back(it);
  }
  return shuffled(std::move(input), rng.next());
}

PlanInput scattered(std::uint64_t seed, std::uint32_t count, std::uint32_t vshards, std::uint32_t zones) {
  Rng rng(seed);
  PlanInput input;
  input.nodes = nodes(count);
  for (PlanNode& it : input.nodes) {
    if (zones > 0) it.zone = {"z" + std::to_string(it.id.value % zones)};
  }
  for (std::uint32_t v = 0; v < vshards; ++v) {
    PlanShard it;
    it.id = VShardId(static_cast<std::uint16_t>(v));
    it.voters = some_of(rng, input.nodes, 3);
    it.leader = it.voters.front();
    it.load = load(rng);
    input.shards.push_back(it);
  }
  return input;
}

PlanInput drifted(std::uint64_t seed, std::uint32_t count, std::uint32_t vshards, double part) {
  PlanInput input = scattered(seed, count, vshards);
  input = applied(plan(input), input);
  Rng rng(seed);
  for (PlanShard& it : input.shards) {
    for (auto* load : {&it.load.bytes, &it.load.writes, &it.load.reads, &it.load.cpu_us}) {
      const double factor = 1 + part * (static_cast<double>(rng.below(2001)) / 1000 - 1);
      *load = static_cast<std::uint64_t>(static_cast<double>(*load) * factor);
    }
  }
  return input;
}

PlanInput shuffled(PlanInput input, std::uint64_t seed) {
  Rng rng(seed);
  const auto shuffle = [&](auto& list) {
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[rng.below(i)]);
  };
  shuffle(input.nodes);
  shuffle(input.shards);
  for (PlanShard& it : input.shards) shuffle(it.voters);
  return input;
}

std::vector<NodeId> settled(const PlanShard& it) {
  std::vector<NodeId> voters = it.voters;
  if (!it.flight) return voters;
  std::erase(voters, it.flight->from);
  if (it.flight->to != NodeId() && !contains(voters, it.flight->to)) voters.push_back(it.flight->to);
  return voters;
}

const PlanNode* find(const PlanInput& input, NodeId id) {
  const auto found = std::ranges::find(input.nodes, id, &PlanNode::id);
  return found == input.nodes.end() ? nullptr : &*found;
}

bool takes(const PlanInput& input, NodeId id) {
  const PlanNode* it = find(input, id);
  return it != nullptr && it->standing == Standing::active && it->weight > 0;
}

namespace {

NodeId settled_leader(const PlanShard& it) {
  if (it.flight && it.leader == it.flight->from && it.leader != NodeId()) return it.flight->to;
  return contains(it.voters, it.leader) ? it.leader : NodeId();
}

}  // namespace

std::string apply(const PlanStep& step, PlanInput& input) {
  PlanShard& it = shard(input, step.vshard.value);
  const std::string who = "vShard " + std::to_string(step.vshard.value) + ": ";
  if (it.flight) return who + "is being moved already";
  if (step.from != NodeId() && !contains(it.voters, step.from)) return who + "moves what is not there";
  if (step.to != NodeId() && !takes(input, step.to)) return who + "goes to a node that takes nothing";
  if (step.kind == StepKind::transfer) {
    if (it.leader != step.from || !contains(it.voters, step.to)) return who + "transfers what it cannot";
    it.leader = step.to;
    return {};
  }
  if (contains(it.voters, step.to)) return who + "comes to where it is";
  if (step.from != NodeId()) std::erase(it.voters, step.from);
  if (step.to != NodeId()) it.voters.push_back(step.to);
  if (step.from != NodeId() && it.leader == step.from) it.leader = step.to;
  const std::uint64_t bytes = it.load.bytes;
  if (find(input, step.to) != nullptr) {
    std::uint64_t& free = node(input, step.to.value).free_bytes;
    if (free < bytes) return who + "does not fit";
    free -= bytes;
  }
  if (find(input, step.from) != nullptr) {
    std::uint64_t& free = node(input, step.from.value).free_bytes;
    free += std::min(bytes, ~free);
  }
  return {};
}

PlanInput applied(const Plan& plan, PlanInput input) {
  for (const PlanStep& step : plan.steps) apply(step, input);
  return input;
}

std::map<NodeId, NodeLoad> loads(const PlanInput& input) {
  std::map<NodeId, NodeLoad> found;
  for (const PlanNode& it : input.nodes) found[it.id];
  for (const PlanShard& it : input.shards) {
    for (const NodeId id : settled(it)) {
      ++found[id].replicas;
      found[id].load.bytes += it.load.bytes;
      found[id].load.writes += it.load.writes;
    }
    const NodeId leader = settled_leader(it);
    if (leader == NodeId()) continue;
    ++found[leader].leaders;
    found[leader].load.reads += it.load.reads;
    found[leader].load.cpu_us += it.load.cpu_us;
  }
  return found;
}

Spread spread(const PlanInput& input) {
  const auto now = loads(input);
  const auto furthest = [&](auto figure, bool relative) {
    double sum = 0;
    double most = 0;
    for (const auto& [id, it] : now) sum += static_cast<double>(figure(it));
    const double mean = sum / static_cast<double>(now.size());
    for (const auto& [id, it] : now) most = std::max(most, std::abs(static_cast<double>(figure(it)) - mean));
    return !relative ? most : mean > 0 ? most / mean : 0;
  };
  Spread found;
  found.replicas = furthest([](const NodeLoad& it) { return it.replicas; }, false);
  found.leaders = furthest([](const NodeLoad& it) { return it.leaders; }, false);
  found.load = std::max({furthest([](const NodeLoad& it) { return it.load.bytes; }, true),
                         furthest([](const NodeLoad& it) { return it.load.writes; }, true),
                         furthest([](const NodeLoad& it) { return it.load.reads; }, true),
                         furthest([](const NodeLoad& it) { return it.load.cpu_us; }, true)});
  return found;
}

}  // namespace nodedb::meta::test
