// SPDX-License-Identifier: Apache-2.0
#include "app/shard_map.h"

#include <algorithm>

namespace nodedb::app {

namespace {

/// Of the most distant follower; -1 where another node leads.
std::int64_t lag_of(const node::GroupStatus& group) {
  if (group.role != raft::Role::leader) return -1;
  std::uint64_t most = 0;
  for (const node::FollowerStatus& follower : group.followers)
    most = std::max(most, group.last.index.value - follower.match.value);
  return static_cast<std::int64_t>(most);
}

std::int64_t load_of(const node::GroupStatus& group, std::uint64_t wire::VShardLoad::*what) {
  return group.load ? static_cast<std::int64_t>((*group.load).*what) : -1;
}

Json replicas_of(const node::GroupStatus& group) {
  Json nodes = Json::array();
  for (const NodeId node : group.wanted) nodes.push(Json(node.value));
  return nodes;
}

}  // namespace

Json shard_map_json(const node::Status& status) {
  Json leader = Json::array(), replicas = Json::array(), epoch = Json::array(), lag = Json::array();
  Json bytes = Json::array(), writes = Json::array(), reads = Json::array(), halted = Json::array();
  for (const node::GroupStatus& group : status.groups) {
    if (group.group == metadata_group) continue;
    leader.push(Json(group.leader.value));
    replicas.push(replicas_of(group));
    epoch.push(Json(group.epoch.value));
    lag.push(Json(lag_of(group)));
    bytes.push(Json(load_of(group, &wire::VShardLoad::bytes)));
    writes.push(Json(load_of(group, &wire::VShardLoad::writes)));
    reads.push(Json(load_of(group, &wire::VShardLoad::reads)));
    if (!group.halted.empty()) halted.push(Json(std::uint32_t{vshard_of(group.group).value}));
  }
  Json body = Json::object();
  body.set("id", status.id.value)
      .set("driver", status.driver.value)
      .set("leader", std::move(leader))
      .set("replicas", std::move(replicas))
      .set("epoch", std::move(epoch))
      .set("lag", std::move(lag))
      .set("bytes", std::move(bytes))
      .set("writes", std::move(writes))
      .set("reads", std::move(reads))
      .set("halted", std::move(halted));
  return body;
}

}  // namespace nodedb::app
