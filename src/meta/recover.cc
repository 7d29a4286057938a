// SPDX-License-Identifier: Apache-2.0
#include "meta/recover.h"

#include <algorithm>

#include "meta/migrate.h"
#include "meta/rows.h"

namespace nodedb::meta {

namespace {

// Nobody may rely on a replica that is not there.
Step stays(const Draft& draft, NodeId node) {
  const auto member = draft.get(member_key(node), decode_member, named(node));
  if (!member) return std::unexpected(member.error());
  if (member->state == MemberState::retired)
    return refuse(Code::invalid_state, named(node) + " has been retired for ever: it is no survivor");
  return {};
}

}  // namespace

Step lose(Draft& draft, const MemberLost& entry) {
  auto lost = draft.get(member_key(entry.node), decode_member, named(entry.node));
  if (!lost) return std::unexpected(lost.error());
  if (lost->state == MemberState::retired) return {};
  const auto members = draft.all(member_rows, decode_member, "a member");
  if (!members) return std::unexpected(members.error());
  const auto left = std::ranges::count_if(*members, [&](const Member& member) {
    return member.id != entry.node && member.state != MemberState::retired;
  });
  if (left == 0) return refuse(Code::invalid_state, "without " + named(entry.node) + " nobody would be left");
  lost->state = MemberState::retired;
  lost->successor = NodeId();
  draft.put(member_key(entry.node), *lost);
  for (Member member : *members) {
    if (member.successor != entry.node) continue;
    member.successor = NodeId();
    draft.put(member_key(member.id), member);
  }
  return {};
}

Step recover(Draft& draft, Index index, const RecoveryStart& entry) {
  Recovery recovery = entry.recovery;
  const std::string vshard = named(recovery.vshard);
  auto placement = draft.get(placement_key(recovery.vshard), decode_placement, vshard);
  if (!placement) return std::unexpected(placement.error());
  if (placement->epoch != recovery.epoch) {
    return refuse(Code::conflict, vshard + " is at epoch " + std::to_string(placement->epoch.value) +
                                      ", not " + std::to_string(recovery.epoch.value) +
                                      ": look again before it is recovered");
  }
  std::vector<NodeId> survivors{recovery.survivor};
  survivors.insert(survivors.end(), recovery.learners.begin(), recovery.learners.end());
  for (const NodeId node : survivors) {
    if (auto step = stays(draft, node); !step) return step;
  }
  const auto held = draft.migrations().holder(recovery.vshard);
  if (!held) return halt(held.error());
  if (*held) {
    if (auto step = close(draft, index, **held, MigrationOutcome::aborted, "its vShard was recovered",
                          entry.by.ts_ms);
        !step) {
      return step;
    }
  }
  for (const NodeId node : survivors) draft.erase(ghost_key(recovery.vshard, node));
  recovery.epoch = placement->epoch + 1;
  draft.put(placement_key(recovery.vshard), Placement{recovery.epoch, survivors});
  draft.put(recovery_key(recovery.vshard), recovery);
  return {};
}

Step end(Draft& draft, const RecoveryEnd& entry) {
  const Bytes key = recovery_key(entry.vshard);
  if (!draft.has(key)) return {};
  const auto row = draft.get(key, decode_recovery, "the recovery of " + named(entry.vshard));
  if (!row) return std::unexpected(row.error());
  if (row->term <= entry.term) draft.erase(key);
  return {};
}

}  // namespace nodedb::meta
