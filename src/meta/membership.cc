// SPDX-License-Identifier: Apache-2.0
// Who belongs to the cluster, and on its way in or out.
#include <algorithm>

#include "base/limits.h"
#include "base/node_list.h"
#include "meta/administer.h"
#include "meta/rows.h"

namespace nodedb::meta {

std::string_view name(MemberState state) {
  switch (state) {
    case MemberState::joining:
      return "joining";
    case MemberState::active:
      return "active";
    case MemberState::draining:
      return "draining";
    case MemberState::leaving:
      return "leaving";
    case MemberState::retired:
      return "retired";
  }
  return "?";
}

namespace {

Step enough_stay(const Draft& draft, NodeId without) {
  if (draft.bugs().too_few_stay) return {};
  const auto members = draft.all(member_rows, decode_member, "a member");
  if (!members) return std::unexpected(members.error());
  const auto cluster = draft.get(cluster_key(), decode_cluster, "the cluster");
  if (!cluster) return std::unexpected(cluster.error());
  const auto stay = std::ranges::count_if(
      *members, [&](const Member& member) { return member.id != without && keeps_replicas(member); });
  if (stay >= std::int64_t{cluster->replication_factor}) return {};
  return refuse(Code::invalid_state, "without " + named(without) + " " + std::to_string(stay) +
                                         " members would stay, and the replication factor is " +
                                         std::to_string(cluster->replication_factor) +
                                         ": let another node join first");
}

Step good_successor(const Draft& draft, const MemberChange& entry) {
  if (entry.successor == NodeId()) return {};
  const std::string name = named(entry.successor) + ", the successor,";
  const auto member = draft.get(member_key(entry.successor), decode_member, named(entry.successor));
  if (!member) return std::unexpected(member.error());
  if (entry.successor == entry.node) return refuse(Code::invalid_state, name + " is the node itself");
  if (member->state != MemberState::active) return refuse(Code::invalid_state, name + " is not active");
  return {};
}

// Nothing of the cluster's is on the member any more, and nothing is on its way to it or from it.
Step is_empty(Draft& draft, NodeId node) {
  if (draft.bugs().retired_with_replicas) return {};
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    const VShardId vshard(v);
    if (!draft.has(placement_key(vshard))) continue;
    const auto placement = draft.get(placement_key(vshard), decode_placement, "the placement");
    if (!placement) return std::unexpected(placement.error());
    if (contains(placement->replicas, node)) {
      return refuse(Code::invalid_state, named(node) + " still has a replica of " + named(vshard));
    }
  }
  for (const auto& [id, intent] : draft.migrations().intents()) {
    if (intent.first.source == node || intent.first.target == node) {
      return refuse(Code::invalid_state, named(id) + " still names " + named(node));
    }
  }
  return {};
}

Step may_become(Draft& draft, const Member& member, const MemberChange& entry) {
  switch (entry.wanted) {
    case MemberState::joining:
      return refuse(Code::invalid_state, "no operator makes a member join: it reports itself");
    case MemberState::active:
    case MemberState::draining:
      if (member.state == MemberState::joining)
        return refuse(Code::invalid_state, named(member.id) + " has not reported itself yet");
      return {};
    case MemberState::leaving:
      if (auto step = enough_stay(draft, member.id); !step) return step;
      return good_successor(draft, entry);
    case MemberState::retired:
      if (member.state != MemberState::leaving)
        return refuse(Code::invalid_state, named(member.id) +
                                               " is to leave first: run nodedb-cluster node decommission " +
                                               std::to_string(member.id.value));
      return is_empty(draft, member.id);
  }
  return {};
}

}  // namespace

Step up(Draft& draft, const MemberUp& entry) {
  auto member = draft.get(member_key(entry.node), decode_member, named(entry.node));
  if (!member) return std::unexpected(member.error());
  if (member->state == MemberState::retired)
    return refuse(Code::not_member, named(entry.node) + " has been retired for ever");
  if (entry.incarnation < member->incarnation) return {};  // a late report of an earlier life
  if (entry.address.empty()) return refuse(Code::invalid_state, named(entry.node) + " reports no address");
  member->incarnation = entry.incarnation;
  member->address = entry.address;
  member->client_address = entry.client_address;
  member->name = entry.name;
  member->zone = entry.zone;
  member->capacity = entry.capacity;
  if (member->state == MemberState::joining) member->state = MemberState::active;
  draft.put(member_key(entry.node), *member);
  return {};
}

Step join(Draft& draft, const MemberJoin& entry) {
  const auto members = draft.all(member_rows, decode_member, "a member");
  if (!members) return std::unexpected(members.error());
  const auto known = std::ranges::find(*members, entry.uuid, &Member::uuid);
  if (known != members->end() && known->state == MemberState::retired) {
    return refuse(Code::not_member, named(known->id) +
                                        " has been retired for ever: a machine that comes back "
                                        "needs an empty data directory and a new certificate");
  }
  if (known != members->end()) return {};
  auto cluster = draft.get(cluster_key(), decode_cluster, "the cluster");
  if (!cluster) return std::unexpected(cluster.error());
  if (entry.uuid.is_nil()) return refuse(Code::invalid_state, "a node without a UUID asks to join");
  if (entry.address.empty()) return refuse(Code::invalid_state, "a node without an address asks to join");
  const auto there = std::ranges::count_if(
      *members, [](const Member& member) { return member.state != MemberState::retired; });
  if (there >= static_cast<std::ptrdiff_t>(limits::nodes_max) ||
      members->size() >= limits::members_ever_max) {
    return refuse(Code::too_large, "the cluster has " + std::to_string(there) + " members and has had " +
                                       std::to_string(members->size()) + ": there cannot be more");
  }
  const NodeId id = cluster->next_node;
  cluster->next_node = id + 1;
  draft.put(cluster_key(), *cluster);
  Member member;
  member.id = id;
  member.uuid = entry.uuid;
  member.address = entry.address;
  member.client_address = entry.client_address;
  draft.put(member_key(id), member);
  return consume(draft, entry.uuid);
}

Step change(Draft& draft, const MemberChange& entry) {
  auto member = draft.get(member_key(entry.node), decode_member, named(entry.node));
  if (!member) return std::unexpected(member.error());
  const NodeId successor = entry.wanted == MemberState::leaving ? entry.successor : NodeId();
  if (member->state == entry.wanted && member->successor == successor) return {};
  if (member->state == MemberState::retired)
    return refuse(Code::invalid_state, named(entry.node) + " has been retired for ever");
  if (auto step = may_become(draft, *member, entry); !step) return step;
  member->state = entry.wanted;
  member->successor = successor;
  draft.put(member_key(entry.node), *member);
  return {};
}

}  // namespace nodedb::meta
