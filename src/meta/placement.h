// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where replicas are to be, and the genesis that says so first. Pure and deterministic: the same founders in
// the same order give the same bytes wherever they are computed.

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "meta/types.h"

namespace nodedb::meta {

inline constexpr std::uint32_t replication_factor_max = 7;

/// `replication_factor` replicas for each of the first `vshards` vShards, none for the others; epoch 1. Every
/// node's replicas, and the vShards that prefer it as leader, are within one of the mean; which nodes share
/// vShards is mixed, so that a dead node's load spreads over all others.
/// Pre: 1 <= replication_factor <= nodes.size(), nodes distinct, vshards <= vshard_count.
std::vector<Placement> initial_placement(const std::vector<NodeId>& nodes, std::uint32_t replication_factor,
                                         std::uint32_t vshards = vshard_count);

struct Founder {
  Uuid uuid;
  std::string address;
  std::string client_address;  ///< may be empty
};

struct GenesisPlan {
  Uuid cluster;
  std::vector<Founder> founders;  ///< the i-th becomes node i + 1
  std::uint32_t replication_factor = 3;
  std::uint32_t vshards_placed = vshard_count;  ///< fewer only in the simulator
};

/// Errors: invalid_state, with every complaint about the plan in the detail.
Result<Genesis> make_genesis(const GenesisPlan& plan);

}  // namespace nodedb::meta
