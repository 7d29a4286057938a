// SPDX-License-Identifier: Apache-2.0
#include "meta/plan/shares.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace nodedb::meta {

namespace {

// Something that takes from a total in proportion to its weight, within bounds.
struct Vessel {
  double weight = 0;
  double low = 0;
  double high = 0;
  double filled = 0;
};

double pour(std::vector<Vessel>& vessels, double level) {
  double sum = 0;
  for (Vessel& vessel : vessels) {
    vessel.filled = std::clamp(vessel.weight * level, vessel.low, vessel.high);
    sum += vessel.filled;
  }
  return sum;
}

// Finds the level at which the vessels hold `total`, by bisection: their sum rises with the level. A total
// that they cannot hold fills them; one below their floors leaves them there.
void fill(std::vector<Vessel>& vessels, double total) {
  double below = 0;
  double above = 1;
  for (const Vessel& vessel : vessels) {
    if (vessel.weight > 0) above = std::max(above, vessel.high / vessel.weight);
  }
  for (int i = 0; i < 100 && below < above; ++i) {
    const double middle = (below + above) / 2;
    if (middle <= below || middle >= above) break;
    (pour(vessels, middle) < total ? below : above) = middle;
  }
  pour(vessels, above);
}

// Walks down the levels of zones.
class Divider {
 public:
  explicit Divider(const Board& board)
      : board_(board), shards_(static_cast<double>(board.shards().size())), shares_(board.nodes().size()) {}

  std::vector<double> divided(double replicas) {
    std::vector<std::uint32_t> all;
    for (std::uint32_t node = 0; node < board_.nodes().size(); ++node) {
      if (board_.takes(node) || keeps(node)) all.push_back(node);
    }
    const auto each = static_cast<double>(board_.replication_factor());
    divide(all, 0, replicas, {each, each});
    return std::move(shares_);
  }

 private:
  // How many replicas of one shard come to lie in a zone.
  struct PerShard {
    double fewest = 0;
    double most = 0;
  };

  bool keeps(std::uint32_t node) const {
    const Standing standing = board_.nodes()[node].standing;
    return standing == Standing::draining || standing == Standing::silent;
  }

  // The zones of the next level, or below the last one the nodes themselves; in the order of their first
  // nodes.
  std::vector<std::vector<std::uint32_t>> parts(const std::vector<std::uint32_t>& nodes,
                                                std::size_t level) const {
    std::map<std::uint32_t, std::size_t> places;
    std::vector<std::vector<std::uint32_t>> found;
    for (const std::uint32_t node : nodes) {
      const std::uint32_t key = level < board_.zone_levels() ? board_.nodes()[node].zones[level] : node;
      const auto [place, fresh] = places.try_emplace(key, found.size());
      if (fresh) found.emplace_back();
      found[place->second].push_back(node);
    }
    return found;
  }

  struct Cap {
    double each = 0;
    bool exact = false;  ///< with it on each part, one shard's replicas just fit
  };

  // The least cap on each part that leaves room for `replicas` of one shard.
  static Cap even(const std::vector<std::vector<std::uint32_t>>& parts, double replicas) {
    std::size_t most = 0;
    for (const auto& part : parts) most = std::max(most, part.size());
    for (Cap cap;; ++cap.each) {
      double room = 0;
      for (const auto& part : parts) room += std::min(cap.each, static_cast<double>(part.size()));
      cap.exact = room <= replicas;
      if (room >= replicas || cap.each >= static_cast<double>(most)) return cap;
    }
  }

  Vessel vessel(const std::vector<std::uint32_t>& part, PerShard each) const {
    Vessel made;
    double kept = 0;
    double room = 0;
    for (const std::uint32_t node : part) {
      if (keeps(node)) {
        kept += board_.nodes()[node].load.replicas;
      } else {
        made.weight += board_.nodes()[node].weight;
        room += shards_;
      }
    }
    made.high = std::clamp(shards_ * each.most, kept, kept + room);
    made.low = std::clamp(shards_ * each.fewest, kept, made.high);
    if (made.weight == 0) made.low = made.high = kept;
    return made;
  }

  void divide(const std::vector<std::uint32_t>& nodes, std::size_t level, double total, PerShard each) {
    const auto zones = parts(nodes, level);
    const Cap low = even(zones, each.fewest);
    const Cap high = even(zones, each.most);
    std::vector<PerShard> bounds;
    std::vector<Vessel> vessels;
    for (const auto& zone : zones) {
      const auto size = static_cast<double>(zone.size());
      const double fewest = low.exact ? low.each : low.each - 1;
      bounds.push_back({std::min(size, fewest), std::min(size, high.each)});
      vessels.push_back(vessel(zone, bounds.back()));
    }
    fill(vessels, total);
    for (std::size_t i = 0; i < zones.size(); ++i) {
      if (level == board_.zone_levels()) {
        shares_[zones[i].front()] = vessels[i].filled;
      } else {
        divide(zones[i], level + 1, vessels[i].filled, bounds[i]);
      }
    }
  }

  const Board& board_;
  double shards_;
  std::vector<double> shares_;
};

}  // namespace

std::vector<double> replica_shares(const Board& board, double replicas) {
  return Divider(board).divided(replicas);
}

std::vector<double> leader_shares(const Board& board) {
  std::vector<Vessel> vessels(board.nodes().size());
  double total = 0;
  for (std::uint32_t node = 0; node < vessels.size(); ++node) {
    if (!board.takes(node)) continue;
    const Board::Node& it = board.nodes()[node];
    total += static_cast<double>(it.led.size());
    const auto frozen =
        std::ranges::count_if(it.led, [&](auto shard) { return board.shards()[shard].frozen; });
    const auto leadable = std::ranges::count_if(it.held, [&](auto shard) {
      const Board::Shard& held = board.shards()[shard];
      return held.leader != Board::nowhere && (!held.frozen || held.leader == node);
    });
    vessels[node] = {static_cast<double>(it.weight), static_cast<double>(frozen),
                     static_cast<double>(leadable), 0};
  }
  fill(vessels, total);
  std::vector<double> shares;
  for (const Vessel& vessel : vessels) shares.push_back(vessel.filled);
  return shares;
}

}  // namespace nodedb::meta
