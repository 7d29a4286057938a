// SPDX-License-Identifier: Apache-2.0
// Changing who votes. Thesis, chapter 4: a config is in force once it is appended; at most one is in flight.
#include <algorithm>
#include <utility>

#include "base/names.h"
#include "raft/state.h"

namespace nodedb::raft {

Result<Position> Group::State::change_config(const Config& next) {
  if (role != Role::leader) return fail(Code::not_leader, {});
  if (transfer) return fail(Code::stopping, "leadership is being handed over");
  if (configs.latest_index() > hard.commit) return fail(Code::conflict, "a config change is in flight");
  if (!own_term_committed()) {
    return fail(Code::conflict, "the leader's first entry is not committed yet");  // thesis, erratum to 4.1
  }
  if (auto legal = check_step(configs.latest(), next); !legal) return std::unexpected(legal.error());
  for (const NodeId voter : next.voters) {
    if (!may_get_vote(voter)) {
      return fail(Code::invalid_state,
                  named(voter) + " is no learner that has caught up: a new replica learns first");
    }
  }
  const Position at = append_own(EntryKind::config, Blob(encode(next)));
  remember_proposals(at.index, at.index);
  return at;
}

/// A new voter's log must hold the entry that admitted it: before that it votes for nobody (newborn).
bool Group::State::may_get_vote(NodeId node) const {
  if (configs.latest().is_voter(node)) return true;
  const bool caught_up = match_of(node) >= configs.latest_index() || bugs.newborn_gets_vote;
  return configs.latest().is_learner(node) && caught_up;
}

void Group::State::config_changed() {
  work().role_changed = true;
  if (role != Role::leader) return;
  track_members(configs.latest_index());
  replicate = true;
  if (transfer && !configs.latest().is_voter(transfer->target)) transfer.reset();
}

void Group::State::track_members(Index by) {
  const std::vector<NodeId> members = configs.latest().members();
  progress.erase_if([&](const auto& one) { return !std::ranges::binary_search(members, one.first); });
  for (const NodeId member : members) {
    if (member == self || progress.contains(member)) continue;
    Progress& fresh = progress[member];
    fresh.admitted = by;
    fresh.next = log.last().index + 1;
    fresh.nudge = true;
    fresh.heard = clock;  // until it had a chance to answer
  }
}

void Group::State::leave_if_due() {
  const Config& config = configs.latest();
  if (!own_term_committed() || transfer || !config.joint() || !config.auto_leave) return;
  if (configs.latest_index() > hard.commit) return;
  append_own(EntryKind::config, Blob(encode(leave_joint(config).value())));
}

/// A leader that is no voter any more leads until the config that says so is committed (thesis, section
/// 4.2.2). It then names a successor, so that nobody has to wait for a timer.
void Group::State::retire_if_removed(Time now) {
  if (role != Role::leader || voter() || configs.latest_index() > hard.commit) return;
  pump(now);
  NodeId best;
  for (const auto& [peer, follower] : progress) {
    if (!configs.latest().is_voter(peer)) continue;
    if (best == NodeId() || follower.match > progress.at(best).match) best = peer;
  }
  if (best != NodeId()) send(best, TimeoutNow{hard.term, now, options.election_timeout_ns});
  become_follower(now, hard.term, NodeId());
}

}  // namespace nodedb::raft
