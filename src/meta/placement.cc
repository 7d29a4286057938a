// SPDX-License-Identifier: Apache-2.0
#include "meta/placement.h"

#include <algorithm>
#include <deque>
#include <set>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace nodedb::meta {

namespace {

// Spreads replicas: each set is made of the nodes that have the fewest so far, and among equals of those that
// share the fewest vShards with the ones chosen. Taking the least loaded keeps all loads within one of each
// other at every step. Works with positions in `nodes`.
class Spread {
 public:
  explicit Spread(std::size_t nodes) : load_(nodes), shared_(nodes, std::vector<std::uint32_t>(nodes)) {}

  std::vector<std::size_t> next(std::uint32_t replicas) {
    std::vector<std::size_t> chosen;
    while (chosen.size() < replicas) chosen.push_back(best(chosen));
    for (const std::size_t node : chosen) {
      ++load_[node];
      for (const std::size_t other : chosen) ++shared_[node][other];
    }
    return chosen;
  }

 private:
  std::size_t best(const std::vector<std::size_t>& chosen) const {
    using Cost = std::tuple<std::uint32_t, std::uint32_t, std::size_t>;
    Cost least{};
    bool any = false;
    for (std::size_t node = 0; node < load_.size(); ++node) {
      if (std::ranges::find(chosen, node) != chosen.end()) continue;
      std::uint32_t together = 0;
      for (const std::size_t other : chosen) together += shared_[node][other];
      const Cost cost{load_[node], together, node};
      if (!any || cost < least) least = cost;
      any = true;
    }
    return std::get<2>(least);
  }

  std::vector<std::uint32_t> load_;
  std::vector<std::vector<std::uint32_t>> shared_;
};

// Chooses each set's leader (its first). Greedy first; then leaderships are handed along chains of shared
// vShards from a node with most to one with fewest, until they are within one of each other or no chain
// helps.
class Leaders {
 public:
  Leaders(std::vector<std::vector<std::size_t>>& sets, std::size_t nodes) : sets_(sets), led_(nodes) {}

  void choose() {
    for (auto& set : sets_) {
      const auto least = std::ranges::min_element(set, {}, [&](std::size_t node) { return led_[node]; });
      ++led_[*least];
      std::iter_swap(set.begin(), least);
    }
    while (improve()) {
    }
  }

 private:
  // Breadth first from the nodes that lead most, along "could hand one vShard to".
  bool improve() {
    const auto [fewest, most] = std::ranges::minmax(led_);
    if (most - fewest <= 1) return false;
    std::vector<std::size_t> via(led_.size(), none);  // the set that reached the node
    std::vector<bool> seen(led_.size());
    std::deque<std::size_t> open;
    for (std::size_t node = 0; node < led_.size(); ++node) {
      if (led_[node] != most) continue;
      seen[node] = true;
      open.push_back(node);
    }
    for (; !open.empty(); open.pop_front()) {
      const std::size_t from = open.front();
      if (led_[from] + 1 < most) return hand_over(from, via);
      for (std::size_t s = 0; s < sets_.size(); ++s) {
        if (sets_[s].front() != from) continue;
        for (const std::size_t to : sets_[s]) {
          if (seen[to]) continue;
          seen[to] = true;
          via[to] = s;
          open.push_back(to);
        }
      }
    }
    return false;
  }

  bool hand_over(std::size_t last, const std::vector<std::size_t>& via) {
    ++led_[last];
    std::size_t node = last;
    while (via[node] != none) {
      auto& set = sets_[via[node]];
      const std::size_t from = set.front();
      std::iter_swap(set.begin(), std::ranges::find(set, node));
      node = from;
    }
    --led_[node];
    return true;
  }

  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  std::vector<std::vector<std::size_t>>& sets_;
  std::vector<std::uint32_t> led_;
};

std::vector<std::string> complaints(const GenesisPlan& plan) {
  std::vector<std::string> found;
  const std::uint32_t rf = plan.replication_factor;
  if (rf < 1 || rf > replication_factor_max || rf % 2 == 0) {
    found.push_back("the replication factor must be odd and between 1 and 7, not " + std::to_string(rf));
  } else if (plan.founders.size() < rf) {
    found.push_back("a replication factor of " + std::to_string(rf) + " needs at least " +
                    std::to_string(rf) + " founders, there are " + std::to_string(plan.founders.size()));
  }
  if (plan.founders.size() > limits::nodes_max) {
    found.push_back("there are more than " + std::to_string(limits::nodes_max) + " founders");
  }
  if (plan.vshards_placed > vshard_count) found.push_back("there are more vShards than exist");
  if (plan.cluster.is_nil()) found.push_back("the cluster has no UUID");
  std::set<Uuid> uuids;
  std::set<std::string> addresses;
  for (const Founder& founder : plan.founders) {
    const std::string who = "founder " + founder.uuid.text();
    if (founder.uuid.is_nil()) found.push_back("a founder has no UUID");
    if (founder.address.empty()) found.push_back(who + " has no address");
    if (std::max(founder.address.size(), founder.client_address.size()) > limits::address_bytes_max) {
      found.push_back(who + " has an address that is too long");
    }
    if (!uuids.insert(founder.uuid).second) found.push_back(who + " is named twice");
    if (!addresses.insert(founder.address).second) {
      found.push_back("the address " + founder.address + " is given twice");
    }
  }
  return found;
}

}  // namespace

std::vector<Placement> initial_placement(const std::vector<NodeId>& nodes, std::uint32_t replication_factor,
                                         std::uint32_t vshards) {
  CHECK(replication_factor >= 1 && replication_factor <= nodes.size() && vshards <= vshard_count);
  Spread spread(nodes.size());
  std::vector<std::vector<std::size_t>> sets;
  for (std::uint32_t v = 0; v < vshards; ++v) sets.push_back(spread.next(replication_factor));
  Leaders(sets, nodes.size()).choose();
  std::vector<Placement> placement(vshard_count);
  for (std::uint32_t v = 0; v < vshards; ++v) {
    for (const std::size_t node : sets[v]) placement[v].replicas.push_back(nodes[node]);
  }
  return placement;
}

Result<Genesis> make_genesis(const GenesisPlan& plan) {
  std::string wrong;
  for (const std::string& complaint : complaints(plan)) wrong += (wrong.empty() ? "" : "; ") + complaint;
  if (!wrong.empty()) return fail(Code::invalid_state, "the cluster cannot be formed like this: " + wrong);
  Genesis genesis;
  genesis.cluster = Cluster{plan.cluster, 1, plan.replication_factor,
                            NodeId(static_cast<std::uint32_t>(plan.founders.size() + 1))};
  std::vector<NodeId> nodes;
  for (const Founder& founder : plan.founders) {
    const NodeId id(static_cast<std::uint32_t>(nodes.size() + 1));
    nodes.push_back(id);
    genesis.members.push_back(
        {id, founder.uuid, founder.address, founder.client_address, Incarnation(), MemberState::joining});
  }
  genesis.placement = initial_placement(nodes, plan.replication_factor, plan.vshards_placed);
  nodes.resize(plan.replication_factor);
  genesis.metadata_voters = nodes;
  return genesis;
}

}  // namespace nodedb::meta
