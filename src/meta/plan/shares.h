// SPDX-License-Identifier: Apache-2.0
#pragma once

// What each node's share is: of the replicas, in proportion to its weight as far as zones allow it, and of
// the leaderships, as far as it holds replicas to lead. Fractions; a node is fair if it is within one of its
// share.

#include <vector>

#include "meta/plan/board.h"

namespace nodedb::meta {

/// Of `replicas` in all, by position. Nodes that drain or are silent keep what they hold; dead and leaving
/// ones have no share. A zone gets no more, and no less, than an even spread of every shard over zones gives
/// it.
std::vector<double> replica_shares(const Board& board, double replicas);

/// Of the leaderships of the shards that are led from nodes that may lead.
std::vector<double> leader_shares(const Board& board);

}  // namespace nodedb::meta
