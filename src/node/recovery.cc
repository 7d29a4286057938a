// SPDX-License-Identifier: Apache-2.0
// After members have been lost for good: the survivor that group 0 has named goes on alone with its replica,
// group 0 itself when an operator says so, and whoever was given up is turned away for ever. Decision 020.
#include <algorithm>
#include <utility>

#include "node/state.h"
#include "raft/quorum.h"

namespace nodedb::node {

namespace {

raft::Forced forced_by(const meta::Recovery& recovery) {
  return {recovery.term, {recovery.last, recovery.last_term}, recovery.learners};
}

}  // namespace

/// Do those that this node is in touch with make a quorum of the config that it holds?
bool Node::State::quorum_in_touch(const Replica& group) const {
  const auto vote = [this](NodeId node) {
    return in_touch(node) && !is_refused(node) ? raft::Ballot::granted : raft::Ballot::rejected;
  };
  return raft::joint_vote(group.raft.config(), vote) == raft::VoteResult::won;
}

Result<void> Node::State::force(GroupId group, const raft::Forced& forced) {
  Replica* here = replica(group);
  if (here == nullptr) return fail(Code::not_found, "this node has no replica of it");
  if (quorum_in_touch(*here))
    return fail(Code::invalid_state, "a majority of its voters answers: it needs no recovery");
  auto done = here->raft.force_config(now.mono, forced, live);
  touch(group);
  if (!done) return std::unexpected(done.error());
  return {};
}

/// Again and again until it is done: a boot's fence has to pass, and a crash may have forgotten it.
void Node::State::recover_replicas() {
  std::erase_if(recovery_waits, [&](const auto& one) { return !tables.recoveries.contains(one.first); });
  for (const auto& [vshard, recovery] : tables.recoveries) {
    if (recovery.survivor != self) continue;
    const GroupId group = group_of(vshard);
    if (const Replica* here = replica(group)) {
      const bool done = here->raft.term_at(recovery.last + 1) == recovery.term;
      if (done || here->raft.base().index > recovery.last) continue;
    }
    const auto done = force(group, forced_by(recovery));
    const std::string name = named(vshard);
    std::string& why = recovery_waits[vshard];
    if (done) {
      why.clear();
      notice(name + " goes on from this node alone: its other voters were lost for good");
    } else if (std::exchange(why, done.error().detail) != why) {
      notice(name + " is to go on from this node alone and does not: " + why);
    }
  }
}

void Node::State::handle(RecoverMetadata event) {
  if (!identity) {
    answer_operator(event.tag, fail(Code::not_initialised, "the cluster has not been formed: run init"));
    return;
  }
  if (auto done = force(metadata_group, event.forced); !done) {
    answer_operator(event.tag, std::unexpected(done.error()));
    return;
  }
  const std::string what = "the metadata group goes on from node " + std::to_string(self.value) + " alone";
  notice(what + ": its other voters were lost for good");
  write_metadata(std::nullopt, meta::AuditNote{what, {wall_ms(), event.actor}});
  answer_operator(event.tag, Administered{});
}

/// Asked before group 0 is, as a courtesy: who answers is not lost, and what has a leader needs no recovery.
Result<void> Node::State::may_recover(const meta::SingleEntry& entry) const {
  if (const auto* lost = std::get_if<meta::MemberLost>(&entry)) {
    if (in_touch(lost->node))
      return fail(Code::invalid_state, named(lost->node) + " answers: it is not lost");
  }
  if (const auto* start = std::get_if<meta::RecoveryStart>(&entry)) {
    const NodeId leader = leaders[group_of(start->recovery.vshard).value];
    if (leader != NodeId() && in_touch(leader)) {
      return fail(Code::invalid_state, named(start->recovery.vshard) + " is led by node " +
                                           std::to_string(leader.value) + ": it needs no recovery");
    }
  }
  return {};
}

/// Nothing that a retired member says is believed; what it is told is that.
void Node::State::turn_away(const Uuid& peer, const wire::PeerMessage& message) {
  if (!std::holds_alternative<wire::Hello>(message) && !std::holds_alternative<raft::Pulse>(message)) return;
  turn.send_now.push_back({peer, wire::Founded{false,
                                               "it has been retired for ever. Give the machine an empty data "
                                               "directory and a new certificate",
                                               true}});
}

}  // namespace nodedb::node
