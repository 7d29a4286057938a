// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/topology.h"

#include <algorithm>
#include <cstdio>

#include "base/slot.h"
#include "edge/resp/options.h"

namespace nodedb::resp {

namespace {

using kv::Reply;

/// Forty hexadecimal digits, as clients expect of a Redis Cluster node: the UUID and the NodeId.
Bytes node_name(const meta::Member& member) {
  Bytes name;
  char text[12];
  for (const std::uint8_t byte : member.uuid.bytes) {
    std::snprintf(text, sizeof text, "%02x", unsigned{byte});
    name.append(text);
  }
  std::snprintf(text, sizeof text, "%08x", unsigned{member.id.value});
  return name.append(text);
}

Endpoint endpoint_of(const std::string& address) {
  Endpoint endpoint;
  if (!split_address(address, endpoint)) return {};
  return endpoint;
}

/// The leader if it is known, else the replica that should lead; then the others.
std::vector<NodeId> leader_first(const node::Routing::Route& route) {
  std::vector<NodeId> nodes = route.replicas;
  if (route.leader.value == 0) return nodes;
  const auto found = std::find(nodes.begin(), nodes.end(), route.leader);
  if (found == nodes.end()) {
    nodes.insert(nodes.begin(), route.leader);
  } else {
    std::rotate(nodes.begin(), found, found + 1);
  }
  return nodes;
}

}  // namespace

Topology::Topology(std::shared_ptr<const node::Routing> routing) : routing_(std::move(routing)) {
  if (!formed()) return;
  for (std::size_t vshard = 0; vshard < routing_->routes.size(); ++vshard) {
    std::vector<NodeId> nodes = leader_first(routing_->routes[vshard]);
    if (nodes.empty()) continue;
    const auto first = static_cast<std::uint16_t>(vshard * slots_per_vshard);
    const auto last = static_cast<std::uint16_t>(first + slots_per_vshard - 1);
    if (!ranges_.empty() && ranges_.back().last + 1 == first && ranges_.back().nodes == nodes) {
      ranges_.back().last = last;
    } else {
      ranges_.push_back({.first = first, .last = last, .nodes = std::move(nodes)});
    }
  }
}

const meta::Member* Topology::member(NodeId id) const {
  for (const meta::Member& member : routing_->members) {
    if (member.id == id) return &member;
  }
  return nullptr;
}

std::optional<std::string> Topology::elsewhere(std::uint16_t slot, bool replica_will_do) const {
  if (!formed()) return std::nullopt;
  const std::size_t vshard = vshard_of_slot(slot).value;
  if (vshard >= routing_->routes.size()) return std::nullopt;
  const node::Routing::Route& route = routing_->routes[vshard];
  if (route.leader.value == 0 || route.leader == routing_->self) return std::nullopt;
  const auto& replicas = route.replicas;
  if (replica_will_do && std::find(replicas.begin(), replicas.end(), routing_->self) != replicas.end()) {
    return std::nullopt;
  }
  const meta::Member* leader = member(route.leader);
  if (leader == nullptr || leader->client_address.empty()) return std::nullopt;
  return leader->client_address;
}

Reply Topology::node_entry(NodeId id) const {
  const meta::Member* found = member(id);
  if (found == nullptr || found->client_address.empty()) return Reply::null();
  const Endpoint at = endpoint_of(found->client_address);
  return Reply::array(
      {Reply::bulk(at.host), Reply::integer(at.port), Reply::bulk(node_name(*found)), Reply::array()});
}

Reply Topology::slots() const {
  Reply all = Reply::array();
  for (const Range& range : ranges_) {
    Reply entry = Reply::array({Reply::integer(range.first), Reply::integer(range.last)});
    for (const NodeId id : range.nodes) {
      Reply node = node_entry(id);
      if (node.kind == Reply::Kind::array) entry.items.push_back(std::move(node));
    }
    if (entry.items.size() > 2) all.items.push_back(std::move(entry));
  }
  return all;
}

Reply Topology::shard_node(NodeId id, bool leads) const {
  const meta::Member* found = member(id);
  if (found == nullptr) return Reply::null();
  const Endpoint at = endpoint_of(found->client_address);
  return Reply::map({Reply::bulk("id"), Reply::bulk(node_name(*found)), Reply::bulk("port"),
                     Reply::integer(at.port), Reply::bulk("ip"), Reply::bulk(at.host),
                     Reply::bulk("endpoint"), Reply::bulk(at.host), Reply::bulk("role"),
                     Reply::bulk(leads ? "master" : "replica"), Reply::bulk("replication-offset"),
                     Reply::integer(0), Reply::bulk("health"), Reply::bulk("online")});
}

Reply Topology::shards() const {
  struct Shard {
    const std::vector<NodeId>* nodes;
    Reply slots;
  };
  std::vector<Shard> shards;
  for (const Range& range : ranges_) {
    auto found = std::find_if(shards.begin(), shards.end(),
                              [&range](const Shard& shard) { return *shard.nodes == range.nodes; });
    if (found == shards.end()) {
      shards.push_back({.nodes = &range.nodes, .slots = Reply::array()});
      found = std::prev(shards.end());
    }
    found->slots.items.push_back(Reply::integer(range.first));
    found->slots.items.push_back(Reply::integer(range.last));
  }
  Reply all = Reply::array();
  for (Shard& shard : shards) {
    Reply nodes = Reply::array();
    for (std::size_t i = 0; i < shard.nodes->size(); ++i) {
      Reply node = shard_node((*shard.nodes)[i], i == 0);
      if (node.kind == Reply::Kind::map) nodes.items.push_back(std::move(node));
    }
    all.items.push_back(
        Reply::map({Reply::bulk("slots"), std::move(shard.slots), Reply::bulk("nodes"), std::move(nodes)}));
  }
  return all;
}

Reply Topology::nodes() const {
  Bytes text;
  if (!formed()) return Reply::verbatim({});
  for (const meta::Member& member : routing_->members) {
    const Endpoint client = endpoint_of(member.client_address);
    const Endpoint peer = endpoint_of(member.address);
    text.append(node_name(member)).append(" ").append(client.host).append(":");
    text.append(std::to_string(client.port)).append("@").append(std::to_string(peer.port));
    text.append(member.id == routing_->self ? " myself,master" : " master").append(" - 0 0 ");
    text.append(std::to_string(member.incarnation.value)).append(" connected");
    // Redis has no node that leads some slots and follows in others; the line tells what the node leads.
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      if (ranges_[i].nodes.front() != member.id) continue;
      const std::uint16_t first = ranges_[i].first;
      while (i + 1 < ranges_.size() && ranges_[i + 1].nodes.front() == member.id &&
             ranges_[i + 1].first == ranges_[i].last + 1) {
        ++i;
      }
      text.append(" ").append(std::to_string(first)).append("-").append(std::to_string(ranges_[i].last));
    }
    text.push_back('\n');
  }
  return Reply::verbatim(std::move(text));
}

Reply Topology::info() const {
  std::size_t led = 0;
  std::uint64_t epoch = 0;
  std::vector<NodeId> leaders;
  if (formed()) {
    for (const auto& route : routing_->routes) {
      epoch = std::max(epoch, route.epoch.value);
      if (route.leader.value == 0) continue;
      ++led;
      if (std::find(leaders.begin(), leaders.end(), route.leader) == leaders.end()) {
        leaders.push_back(route.leader);
      }
    }
  }
  const std::size_t assigned = formed() ? routing_->routes.size() * slots_per_vshard : 0;
  Bytes text;
  const auto line = [&text](const char* key, const std::string& value) {
    text.append(key).append(":").append(value).append("\r\n");
  };
  line("cluster_state", formed() && led == routing_->routes.size() ? "ok" : "fail");
  line("cluster_slots_assigned", std::to_string(assigned));
  line("cluster_slots_ok", std::to_string(led * slots_per_vshard));
  line("cluster_slots_pfail", std::to_string(assigned - led * slots_per_vshard));
  line("cluster_slots_fail", "0");
  line("cluster_known_nodes", std::to_string(members()));
  line("cluster_size", std::to_string(leaders.size()));
  line("cluster_current_epoch", std::to_string(epoch));
  line("cluster_my_epoch", std::to_string(epoch));
  return Reply::verbatim(std::move(text));
}

Reply Topology::my_id() const {
  const meta::Member* self = formed() ? member(routing_->self) : nullptr;
  return Reply::bulk(self == nullptr ? Bytes(40, '0') : node_name(*self));
}

}  // namespace nodedb::resp
