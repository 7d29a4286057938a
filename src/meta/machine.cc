// SPDX-License-Identifier: Apache-2.0
#include "meta/machine.h"

#include <algorithm>
#include <map>
#include <string>

#include "meta/codec.h"
#include "meta/rows.h"

namespace nodedb::meta {

namespace {

// Why an entry has no effect. `halt`: a row cannot be read, so nobody can say what the entry would do.
struct Refusal {
  Error error;
  bool halt = false;
};
using Step = std::expected<void, Refusal>;

std::unexpected<Refusal> refuse(Code code, std::string why) {
  return std::unexpected(Refusal{Error{code, std::move(why)}});
}

std::string named(NodeId node) {
  return "node " + std::to_string(node.value);
}

// The view with one entry's own writes on top: what a batch's later entries see.
class Draft {
 public:
  explicit Draft(const View& view) : view_(view) {}

  template <class Row>
  std::expected<Row, Refusal> get(const Bytes& key, Result<Row> (*decode)(BytesView),
                                  const std::string& name) const {
    const auto written = writes_.find(key);
    const auto bytes = written != writes_.end() ? std::optional(written->second) : view_.get(key);
    if (!bytes) return refuse(Code::not_found, name + " is not known");
    auto row = decode(*bytes);
    if (!row) {
      return std::unexpected(Refusal{
          Error{Code::damaged, "the stored row of " + name + " cannot be read: " + row.error().detail},
          true});
    }
    return std::move(*row);
  }
  bool has_member(NodeId node) const {
    const Bytes key = member_key(node);
    return writes_.contains(key) || view_.get(key).has_value();
  }
  template <class Row>
  void put(const Bytes& key, const Row& row) {
    writes_.insert_or_assign(key, encode(row));
  }

  Batch take() {
    Batch batch;
    for (auto& [key, value] : writes_) batch.push_back(Put{key, std::move(value)});
    return batch;
  }

 private:
  const View& view_;
  std::map<Bytes, Bytes> writes_;
};

struct Apply {
  Draft& draft;

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
    const std::string name = "vShard " + std::to_string(change.vshard.value);
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
      if (!draft.has_member(node)) return refuse(Code::not_found, named(node) + " is not known");
    }
    std::ranges::sort(replicas);
    if (std::ranges::adjacent_find(replicas) != replicas.end()) {
      return refuse(Code::invalid_state, name + " would have two replicas on one node");
    }
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
  Draft draft(view);
  const Step step = std::visit(Apply{draft}, *entry);
  if (step) return ApplyOutput{draft.take(), encode_result({})};
  if (step.error().halt) return std::unexpected(step.error().error);
  return ApplyOutput{{}, encode_result(std::unexpected(step.error().error))};
}

Bytes Machine::read(const View& view, const ReadInput& input) const {
  return view.get(input.query).value_or(Bytes());
}

}  // namespace nodedb::meta
