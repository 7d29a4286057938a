// SPDX-License-Identifier: Apache-2.0
// Moving the log's base: behind an installed snapshot (rule R6: the data is durable before this is called)
// and up to what the state machine holds durably.
#include <algorithm>

#include "base/check.h"
#include "raft/state.h"

namespace nodedb::raft {

void Group::State::installed_snapshot(Time now, Position at, const Config& config, NodeId from) {
  const auto acknowledge = [&] {
    if (from == NodeId() || from == self) return;
    send_durable(from,
                 AppendReply{.term = hard.term, .success = true, .match = at.index, .admitted = admitted});
  };
  // Whatever the log says, the state machine is there now: nothing up to `at` may be handed out again (R5).
  handed = std::max(handed, at.index);
  applied_upto = std::max(applied_upto, at.index);
  if (at.index <= log.base().index || at.index <= hard.commit) return acknowledge();
  if (at.term > hard.term) become_follower(now, at.term, NodeId());
  const bool dropped = log.term_at(at.index) != at.term;
  if (dropped) {
    CHECK_MSG(role != Role::leader, "a leader's log holds everything that is committed");
    configs.truncate_from(log.base().index + 1);
    log.reset(at);
    proposals.clear();  // decided by entries that this node never saw
  } else {
    commit_to(at.index);
    log.compact_to(at.index);
  }
  configs.rebase(at.index, config);
  disk.installed(at.index, dropped);
  disk.compacted(at);
  hard.commit = std::max(hard.commit, at.index);
  config_changed();
  after_commit(now);
  acknowledge();
}

void Group::State::snapshot_sent(Time now, NodeId peer, bool ok) {
  const auto found = progress.find(peer);
  if (role != Role::leader || found == progress.end()) return;
  Progress& follower = found->second;
  if (follower.state != Progress::State::snapshot) return;
  follower.to_probe(std::max(follower.match, log.base().index) + 1);
  if (!ok) {
    // Its data is still missing: asking from below the window makes the next probe ask for a snapshot again.
    follower.next = std::min(follower.next, std::max(follower.match + 1, log.base().index));
    follower.not_before = now + options.election_timeout_ns;
  }
  follower.nudge = true;
  replicate = true;
}

void Group::State::compact(Index durable_applied, std::size_t keep_bytes) {
  const Index limit = std::min({durable_applied, handed, disk.upto()});
  if (limit <= log.base().index) return;
  Index to = limit;
  for (const auto& [peer, follower] : progress) {
    const bool gone = follower.heard <= clock - options.election_timeout_ns;
    const bool receiving = follower.state == Progress::State::snapshot;
    if (gone && !receiving && follower.match < log.last().index) continue;
    to = std::min(to, receiving ? follower.snapshot_floor : follower.match);
  }
  to = std::max(to, log.base().index);
  std::size_t kept = log.bytes_above(to);
  while (to < limit && kept > keep_bytes) {
    ++to;
    kept -= log.at(to).bytes();
  }
  if (to == log.base().index) return;
  const Position base{to, log.term_at(to).value()};
  log.compact_to(to);
  configs.compact_to(to);
  disk.compacted(base);
}

}  // namespace nodedb::raft
