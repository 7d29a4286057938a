// SPDX-License-Identifier: Apache-2.0
#pragma once

// How far the zones go round.

#include <vector>

#include "meta/plan/board.h"

namespace nodedb::meta {

/// By level, outermost first: how many zones there are of nodes that hold replicas and stay.
std::vector<std::size_t> zone_counts(const Board& board);

/// One for each level that has more than one zone, but fewer than replicas.
std::vector<Complaint> zone_complaints(const Board& board);

}  // namespace nodedb::meta
