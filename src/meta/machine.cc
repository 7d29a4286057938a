// SPDX-License-Identifier: Apache-2.0
#include "meta/machine.h"

#include <algorithm>
#include <string>

#include "base/limits.h"
#include "meta/codec.h"
#include "meta/draft.h"
#include "meta/migrate.h"
#include "meta/rows.h"

namespace nodedb::meta {

namespace {

struct Apply {
  Draft& draft;
  Index index;  // of the entry

  Step operator()(const MemberUp& up) const {
    auto member = draft.get(member_key(up.node), decode_member, named(up.node));
    if (!member) return std::unexpected(member.error());
    if (up.incarnation < member->incarnation) return {};  // a late report of an earlier life
    if (up.address.empty()) return refuse(Code::invalid_state, named(up.node) + " reports no address");
    member->incarnation = up.incarnation;
    member->address = up.address;
    member->client_address = up.client_address;
    member->state = MemberState::active;
    draft.put(member_key(up.node), *member);
    return {};
  }

  Step operator()(const PlacementChange& change) const {
    const std::string name = named(change.vshard);
    const auto recorded = draft.get(placement_key(change.vshard), decode_placement, name);
    if (!recorded) return std::unexpected(recorded.error());
    const Epoch next = recorded->epoch + 1;
    if (change.placement.epoch != next) {
      return refuse(Code::conflict, name + " is at epoch " + std::to_string(recorded->epoch.value) +
                                        ": the next is " + std::to_string(next.value) + ", not " +
                                        std::to_string(change.placement.epoch.value));
    }
    std::vector<NodeId> replicas = change.placement.replicas;
    if (replicas.empty()) return refuse(Code::invalid_state, name + " would have no replica");
    for (const NodeId node : replicas) {
      if (!draft.has(member_key(node))) return refuse(Code::not_found, named(node) + " is not known");
    }
    std::ranges::sort(replicas);
    if (std::ranges::adjacent_find(replicas) != replicas.end()) {
      return refuse(Code::invalid_state, name + " would have two replicas on one node");
    }
    if (auto step = unheld(draft, change.vshard); !step) return step;
    draft.put(placement_key(change.vshard), change.placement);
    return {};
  }

  Step operator()(const ClusterVersion& version) const {
    auto cluster = draft.get(cluster_key(), decode_cluster, "the cluster");
    if (!cluster) return std::unexpected(cluster.error());
    if (version.version < cluster->version) {
      return refuse(Code::conflict,
                    "the cluster is at version " + std::to_string(cluster->version) + ", which never falls");
    }
    cluster->version = version.version;
    draft.put(cluster_key(), *cluster);
    return {};
  }

  Step operator()(const MemberJoin& join) const {
    const auto members = draft.rows(member_rows);
    for (const auto& [key, value] : members) {
      const auto member = decode_member(value);
      if (!member) {
        return halt({Code::damaged, "the stored row of a member cannot be read: " + member.error().detail});
      }
      if (member->uuid == join.uuid) return {};
    }
    auto cluster = draft.get(cluster_key(), decode_cluster, "the cluster");
    if (!cluster) return std::unexpected(cluster.error());
    if (join.uuid.is_nil()) return refuse(Code::invalid_state, "a node without a UUID asks to join");
    if (join.address.empty()) return refuse(Code::invalid_state, "a node without an address asks to join");
    if (members.size() >= limits::nodes_max) {
      return refuse(Code::too_large,
                    "the cluster has " + std::to_string(members.size()) + " members: there cannot be more");
    }
    const NodeId id = cluster->next_node;
    cluster->next_node = id + 1;
    draft.put(cluster_key(), *cluster);
    draft.put(member_key(id),
              Member{id, join.uuid, join.address, join.client_address, Incarnation(), MemberState::joining});
    return {};
  }

  Step operator()(const MigrationCheckpoint& entry) const { return reach(draft, index, entry.checkpoint); }
  Step operator()(const MigrationAbort& entry) const { return abort(draft, entry); }
  Step operator()(const MigrationEnd& entry) const { return end(draft, index, entry); }
  Step operator()(const GhostPurge& entry) const { return purge(draft, entry); }

  Step operator()(const MetaBatch& batch) const {
    for (const SingleEntry& entry : batch.entries) {
      if (auto step = std::visit(*this, entry); !step) return step;
    }
    return {};
  }
};

}  // namespace

Result<ApplyOutput> Machine::apply(const View& view, const ApplyInput& input) const {
  const auto entry = decode_entry(input.command);
  if (!entry) return std::unexpected(entry.error());
  Draft draft(view, bugs_);
  const Step step = std::visit(Apply{draft, input.index}, *entry);
  if (step) return ApplyOutput{draft.take(), encode_result({})};
  if (step.error().halt) return std::unexpected(step.error().error);
  return ApplyOutput{{}, encode_result(std::unexpected(step.error().error))};
}

Bytes Machine::read(const View& view, const ReadInput& input) const {
  return view.get(input.query).value_or(Bytes());
}

}  // namespace nodedb::meta
