// SPDX-License-Identifier: Apache-2.0
#include "meta/plan/zones.h"

#include <set>

namespace nodedb::meta {

std::vector<std::size_t> zone_counts(const Board& board) {
  std::vector<std::set<std::uint32_t>> zones(board.zone_levels());
  for (std::uint32_t node = 0; node < board.nodes().size(); ++node) {
    const Board::Node& it = board.nodes()[node];
    const bool stays =
        board.takes(node) || it.standing == Standing::draining || it.standing == Standing::silent;
    for (std::size_t level = 0; stays && level < zones.size(); ++level) zones[level].insert(it.zones[level]);
  }
  std::vector<std::size_t> counts;
  for (const auto& level : zones) counts.push_back(level.size());
  return counts;
}

std::vector<Complaint> zone_complaints(const Board& board) {
  std::vector<Complaint> found;
  const std::vector<std::size_t> counts = zone_counts(board);
  for (std::size_t level = 0; level < counts.size(); ++level) {
    if (counts[level] < 2 || counts[level] >= board.replication_factor() || board.shards().empty()) continue;
    found.push_back(
        {Constraint::zone, static_cast<std::uint32_t>(board.shards().size()), board.shards().front().id,
         std::to_string(board.replication_factor()) + " replicas in " + std::to_string(counts[level]) +
             " zones of level " + std::to_string(level + 1) + ": spread as well as possible"});
  }
  return found;
}

}  // namespace nodedb::meta
