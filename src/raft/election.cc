// SPDX-License-Identifier: Apache-2.0
// Elections: who may stand, who gets a vote, when a leader is believed alive. Paper, section 5.2; thesis,
// sections 4.2.3 (disruptive servers), 6.2 (check-quorum) and 9.6 (pre-vote).
#include <algorithm>

#include "raft/state.h"

namespace nodedb::raft {

/// A promise of support that an earlier incarnation of this node gave may still be relied on: until it has
/// run out nobody gets a vote, not even a transfer's target and not this node.
bool Group::State::fenced(Time now) const {
  return !bugs.lease_never_fenced && now < boot + options.election_timeout_ns;
}

bool Group::State::leader_heard(Time now, const Liveness& live) const {
  if (role == Role::leader) return true;
  if (leader == NodeId()) return false;
  Time heard = heard_append;
  if (live.claimed_term(leader, id) == hard.term) heard = std::max(heard, live.last_heard(leader));
  return heard > now - options.election_timeout_ns;
}

void Group::State::campaign(Time now) {
  if (role == Role::leader) return;
  const bool at_once = leader == NodeId() && !fenced(now) && may_stand();
  if (!at_once) {
    election = std::max(now, boot + options.election_timeout_ns);
  } else if (bugs.no_prevote) {
    become_candidate(now, false);
  } else {
    become_pre_candidate(now);
  }
}

void Group::State::election_due(Time now, const Liveness& live) {
  if (role == Role::leader || election > now || !may_stand()) return;
  if (rejoin_claimant(now, live)) return;
  set_leader(NodeId());
  campaign(now);
}

bool Group::State::rejoin_claimant(Time now, const Liveness& live) {
  const auto claimant = live.claimant(id);
  if (!claimant || *claimant == self) return false;
  const Term term = live.claimed_term(*claimant, id).value_or(Term());
  if (term < hard.term || live.last_heard(*claimant) <= now - options.election_timeout_ns) return false;
  claimed(now, *claimant, Claim{id, term, Index(), true});
  return leader == *claimant;
}

void Group::State::ask_votes() {
  for (const NodeId peer : configs.latest().members()) {
    if (peer != self && configs.latest().is_voter(peer)) ask_vote(peer);
  }
}

void Group::State::ask_vote(NodeId peer) {
  if (role == Role::pre_candidate) {
    send(peer, VoteRequest{.term = hard.term + 1, .last = log.last(), .pre = true, .transfer = false});
  } else {
    send_durable(
        peer,
        VoteRequest{.term = hard.term, .last = log.last(), .pre = false, .transfer = stands_by_transfer});
  }
}

void Group::State::receive_vote_request(Time now, NodeId from, const VoteRequest& request,
                                        const Liveness& live) {
  // A leader that asks for votes leads no more: nothing was promised against it.
  const bool sticky = from != leader && leader_heard(now, live) && !request.transfer && !bugs.no_prevote;
  const auto refuse = [&] {
    send_durable(from, VoteReply{.term = hard.term, .granted = false, .pre = request.pre});
  };
  if (request.term < hard.term || fenced(now) || sticky || newborn()) return refuse();
  const bool up_to_date = !higher(log.last(), request.last);
  if (request.pre) {
    if (request.term == hard.term || !up_to_date) return refuse();
    // Two that ask for the same term with equal logs would both be let stand, and split the votes: the one
    // with the smaller id goes on. The other may have refused it while it still heard their leader: it is
    // asked again. A pre-vote binds nobody, so this changes no rule.
    if (role == Role::pre_candidate && request.term == hard.term + 1 && request.last == log.last()) {
      if (self < from) {
        if (ballots.erase(from) != 0) ask_vote(from);
        return refuse();
      }
      become_follower(now, hard.term, NodeId());
    }
    return send(from, VoteReply{.term = request.term, .granted = true, .pre = true});
  }
  if (request.term > hard.term) {
    const bool deposed = role == Role::leader;
    become_follower(now, request.term, NodeId());
    // Whoever deposes a leader with an older log cannot win against it: no need to wait for a timer.
    if (deposed && !up_to_date) election = now + rng.between(0, options.resend_ns);
  }
  const bool free = hard.vote == from || (hard.vote == NodeId() && leader == NodeId());
  if (!free || !up_to_date) return refuse();
  hard.vote = from;
  election = now + random_timeout();
  send_durable(from, VoteReply{.term = hard.term, .granted = true, .pre = false});
}

void Group::State::receive_vote_reply(Time now, NodeId from, const VoteReply& reply) {
  // A follower does not heed it: raising its term here could break the support that it promised its leader.
  if (role != (reply.pre ? Role::pre_candidate : Role::candidate)) return;
  if (!reply.granted && reply.term > hard.term) return become_follower(now, reply.term, NodeId());
  if (reply.granted && reply.term != (reply.pre ? hard.term + 1 : hard.term)) return;
  ballots.emplace(from, reply.granted ? Ballot::granted : Ballot::rejected);
  count_ballots(now);
}

void Group::State::count_ballots(Time now) {
  const auto result = joint_vote(configs.latest(), [&](NodeId node) {
    const auto ballot = ballots.find(node);
    return ballot == ballots.end() ? Ballot::missing : ballot->second;
  });
  switch (result) {
    case VoteResult::pending:
      return;
    case VoteResult::won:
      return role == Role::pre_candidate ? become_candidate(now, false) : become_leader(now);
    case VoteResult::lost:
      return become_follower(now, hard.term, NodeId());
  }
}

/// Check-quorum (thesis, section 6.2). That this node hears a peer says nothing about the other direction:
/// what counts is that the peer was heard *answering*.
bool Group::State::heard_by_quorum(Time now, const Liveness& live) const {
  const Time limit = now - options.election_timeout_ns;
  const auto result = joint_vote(configs.latest(), [&](NodeId node) {
    if (node == self) return Ballot::granted;
    return live.last_echoed(node) > limit ? Ballot::granted : Ballot::rejected;
  });
  return result == VoteResult::won;
}

void Group::State::peer_silent(Time now, NodeId peer, const Liveness& live) {
  if (role == Role::leader) {
    if (configs.latest().is_voter(peer) && !heard_by_quorum(now, live)) {
      become_follower(now, hard.term, NodeId());
    }
    return;
  }
  if (role != Role::follower || leader != peer) return;
  // A restarted leader holds no claim any more: its appends of before do not count.
  if (live.claimed_term(peer, id) != hard.term) heard_append = long_ago;
  election = std::min(election, now + rng.between(0, options.election_timeout_ns));
}

void Group::State::claimed(Time now, NodeId from, const Claim& claim) {
  if (from == self || from == NodeId() || claim.term < hard.term) return;
  if (!claim.leading) {
    if (claim.term != hard.term || role != Role::follower || leader != from) return;
    set_leader(NodeId());
    election = now + rng.between(0, options.election_timeout_ns);
    return;
  }
  const bool another = claim.term == hard.term && leader != NodeId() && leader != from;
  if (another || (claim.term == hard.term && role == Role::leader)) return;
  if (claim.term > hard.term || role != Role::follower || leader != from) {
    become_follower(now, claim.term, from);
  }
  election = never;
  commit_to(std::min(claim.commit, log.last().index));
}

void Group::State::refused(Time now, NodeId from, Term by) {
  if (role != Role::leader) return;
  if (by > hard.term) return become_follower(now, by, NodeId());
  // It lost track of us without having gone elsewhere: an append makes it follow again.
  const auto found = progress.find(from);
  if (found == progress.end()) return;
  found->second.nudge = true;
  replicate = true;
}

}  // namespace nodedb::raft
