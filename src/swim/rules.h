// SPDX-License-Identifier: Apache-2.0
#pragma once

// SWIM's arithmetic, as free functions.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "swim/options.h"
#include "swim/types.h"

namespace nodedb::swim {

/// Does a word about a member beat what is held? A higher life always does, within a life the later standing
/// (SWIM, section 4.2).
bool supersedes(const Life& life, Standing standing, const Life& held_life, Standing held_standing);

/// How often a rumour is sent before it is taken to have reached everybody (SWIM, section 4.1: a multiple of
/// log n).
std::uint32_t sends(std::uint32_t factor, std::size_t members);

/// How long a suspicion lasts (Lifeguard, LHA-Suspicion): from the longest down to the shortest with the
/// logarithm of the independent witnesses beside the first one.
struct SuspicionBounds {
  std::int64_t shortest_ns = 0;
  std::int64_t longest_ns = 0;
  std::size_t witnesses = 0;  ///< beside the first, that make it shortest; 0: it is shortest at once
  bool operator==(const SuspicionBounds&) const = default;
};
/// `members`: all that are not dead, this node included. No more witnesses are wanted than there can be.
SuspicionBounds suspicion_bounds(const Options& options, std::size_t members);
std::int64_t suspicion_ns(const SuspicionBounds& bounds, std::size_t confirmations);

/// What a rumour takes on the wire, exactly (docs/formats.md, "SWIM").
std::size_t rumour_bytes(const Rumour& rumour);
/// What a message takes there beside its rumours, at most.
inline constexpr std::size_t message_bytes = 1 + 10 + 5 + 2;

}  // namespace nodedb::swim
