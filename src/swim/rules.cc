// SPDX-License-Identifier: Apache-2.0
#include "swim/rules.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nodedb::swim {

namespace {

std::size_t varint_bytes(std::uint64_t value) {
  std::size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

}  // namespace

std::string_view name(Standing standing) {
  switch (standing) {
    case Standing::alive:
      return "alive";
    case Standing::suspect:
      return "suspect";
    case Standing::dead:
      return "dead";
    case Standing::left:
      return "left";
  }
  return "";
}

bool supersedes(const Life& life, Standing standing, const Life& held_life, Standing held_standing) {
  return std::pair(life, standing) > std::pair(held_life, held_standing);
}

std::uint32_t sends(std::uint32_t factor, std::size_t members) {
  std::uint32_t digits = 0;  // ceil(log10(members + 1))
  for (; members > 0; members /= 10) ++digits;
  return factor * std::max<std::uint32_t>(digits, 1);
}

SuspicionBounds suspicion_bounds(const Options& options, std::size_t members) {
  const double scale = std::max(1.0, std::log10(static_cast<double>(std::max<std::size_t>(members, 1))));
  const double shortest = options.suspicion_factor * scale * static_cast<double>(options.period_ns);
  SuspicionBounds bounds;
  bounds.shortest_ns = static_cast<std::int64_t>(shortest);
  bounds.longest_ns = static_cast<std::int64_t>(shortest * options.suspicion_stretch);
  // Neither the suspect nor the first witness is one.
  bounds.witnesses = std::min(options.witnesses, members - std::min<std::size_t>(members, 2));
  return bounds;
}

std::int64_t suspicion_ns(const SuspicionBounds& bounds, std::size_t confirmations) {
  if (bounds.witnesses == 0) return bounds.shortest_ns;
  const double share = std::log(static_cast<double>(confirmations) + 1.0) /
                       std::log(static_cast<double>(bounds.witnesses) + 1.0);
  const double less = share * static_cast<double>(bounds.longest_ns - bounds.shortest_ns);
  return std::max(bounds.shortest_ns, bounds.longest_ns - static_cast<std::int64_t>(less));
}

std::size_t rumour_bytes(const Rumour& rumour) {
  return varint_bytes(rumour.node.value) + varint_bytes(rumour.life.boot.value) +
         varint_bytes(rumour.life.refutation) + 1 + varint_bytes(rumour.by.value);
}

}  // namespace nodedb::swim
