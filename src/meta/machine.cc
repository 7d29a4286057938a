// SPDX-License-Identifier: Apache-2.0
#include "meta/machine.h"

#include <algorithm>
#include <string>

#include "base/limits.h"
#include "meta/administer.h"
#include "meta/codec.h"
#include "meta/draft.h"
#include "meta/migrate.h"
#include "meta/recover.h"
#include "meta/rows.h"

namespace nodedb::meta {

namespace {

struct Apply {
  Draft& draft;
  Index index;  // of the entry

  Step operator()(const MemberUp& entry) const { return up(draft, entry); }
  Step operator()(const MemberJoin& entry) const { return join(draft, entry); }
  Step operator()(const MemberChange& entry) const { return change(draft, entry); }
  Step operator()(const SettingChange& entry) const { return set(draft, entry); }
  Step operator()(const TokenCreate& entry) const { return create(draft, entry); }
  Step operator()(const TokenClaim& entry) const { return claim(draft, entry); }
  Step operator()(const TokenRevoke& entry) const { return revoke(draft, entry); }
  Step operator()(const AuditNote&) const { return {}; }
  Step operator()(const AuthorityStage& entry) const { return stage(draft, entry); }
  Step operator()(const AuthorityFinalise& entry) const { return finalise(draft, entry); }
  Step operator()(const MemberTrust& entry) const { return report(draft, entry); }

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

  Step operator()(const MigrationCheckpoint& entry) const { return reach(draft, index, entry.checkpoint); }
  Step operator()(const MigrationAbort& entry) const { return abort(draft, entry); }
  Step operator()(const MigrationEnd& entry) const { return end(draft, index, entry); }
  Step operator()(const GhostPurge& entry) const { return purge(draft, entry); }
  Step operator()(const MemberLost& entry) const { return lose(draft, entry); }
  Step operator()(const RecoveryStart& entry) const { return recover(draft, index, entry); }
  Step operator()(const RecoveryEnd& entry) const { return meta::end(draft, entry); }

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
  std::vector<Audited> lines = audited(*entry);
  const Step step = std::visit(Apply{draft, input.index}, *entry);
  if (step) {
    // What was so already leaves no line: nodes ask again until they see the effect.
    if (draft.changed() || std::holds_alternative<AuditNote>(*entry)) write_audit(draft, input.index, lines);
    return ApplyOutput{draft.take(), encode_result({})};
  }
  if (step.error().halt) return std::unexpected(step.error().error);
  // Refused: nothing of it is stored but that it was asked for.
  Draft refused(view, bugs_);
  for (Audited& line : lines) line.what += ": refused: " + step.error().error.detail;
  write_audit(refused, input.index, lines);
  return ApplyOutput{refused.take(), encode_result(std::unexpected(step.error().error))};
}

Bytes Machine::read(const View& view, const ReadInput& input) const {
  return view.get(input.query).value_or(Bytes());
}

}  // namespace nodedb::meta
