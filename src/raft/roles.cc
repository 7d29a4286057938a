// SPDX-License-Identifier: Apache-2.0
// Changes of role. Each leaves the group ready for its next event: timers, ballots and progress set.
#include "base/check.h"
#include "raft/state.h"

namespace nodedb::raft {

std::int64_t Group::State::random_timeout() {
  return rng.between(options.election_timeout_ns, 2 * options.election_timeout_ns);
}

void Group::State::set_leader(NodeId node) {
  if (leader == node) return;
  leader = node;
  heard_append = long_ago;
  refuse_asks(never);
  work().role_changed = true;
}

void Group::State::stop_leading() {
  progress.clear();
  transfer.reset();
  lease_fenced = false;
  replicate = false;
  uncommitted_bytes = 0;
  first_own = Index();
  refuse_waiting_reads();
}

void Group::State::become_follower(Time now, Term to, NodeId of) {
  CHECK_MSG(to >= hard.term, "R4: the term never falls");
  if (role == Role::leader) stop_leading();
  if (role != Role::follower || to > hard.term) work().role_changed = true;
  if (to > hard.term) {
    hard.term = to;
    hard.vote = NodeId();
    admitted = Index();
    set_leader(NodeId());
  }
  role = Role::follower;
  ballots.clear();
  set_leader(of);
  election = now + random_timeout();
}

void Group::State::become_pre_candidate(Time now) {
  role = Role::pre_candidate;
  work().role_changed = true;
  set_leader(NodeId());
  election = now + random_timeout();
  ballots.clear();
  ballots[self] = Ballot::granted;  // binds nobody, so it need not be durable
  ask_votes();
  count_ballots(now);
}

void Group::State::become_candidate(Time now, bool by_transfer) {
  role = Role::candidate;
  work().role_changed = true;
  set_leader(NodeId());
  ++hard.term;
  hard.vote = self;
  election = now + random_timeout();
  ballots.clear();  // the own vote counts once it is durable: see persisted()
  stands_by_transfer = by_transfer;
  ask_votes();
}

void Group::State::become_leader(Time now) {
  CHECK(role == Role::candidate);
  role = Role::leader;
  work().role_changed = true;
  set_leader(self);
  election = never;
  ballots.clear();
  progress.clear();
  track_members(Index());
  lease_fenced = false;
  uncommitted_bytes = log.bytes_above(hard.commit);
  first_own = append_own(EntryKind::noop, Blob()).index;
  advance_commit(now);
}

}  // namespace nodedb::raft
