// SPDX-License-Identifier: Apache-2.0
#pragma once

// What benches ask of a cluster beside its load: to be there, who leads what, and to hand leaderships over.

#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "base/ids.h"
#include "tests/e2e/support/cluster.h"

namespace nodedb::bench {

/// Three nodes, every group of theirs led; nothing if they do not come to that, and stderr says why.
std::optional<e2e::Cluster> healthy_cluster(const char* bench, const std::string& directory,
                                            const std::vector<std::string>& more = {});

/// What the nodes that a bench starts are configured with: the defaults, and NODEDB_… in its environment.
app::Config configuration();

/// The Redis ports of the nodes that are up, without that of `left_out`.
std::vector<int> ports_without(const e2e::Cluster& cluster, std::size_t left_out);
std::vector<int> ports_of(const e2e::Cluster& cluster);

/// The vShards that the node says it leads. One request, a large answer.
std::vector<VShardId> led_by(const e2e::Cluster& cluster, std::size_t index);

/// The index of who leads the vShard, as the first node that is up believes; nothing if nobody does.
std::optional<std::size_t> leader_of(const e2e::Cluster& cluster, VShardId vshard);

/// Asks its leader to hand a vShard to node `to`; false if it refused or did not answer. The hand-over goes
/// on when this returns.
bool hand_over(const e2e::Cluster& cluster, VShardId vshard, std::size_t leader, std::size_t to);

}  // namespace nodedb::bench
