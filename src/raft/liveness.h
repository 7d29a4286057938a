// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who is alive and who supports whom, between nodes instead of between groups: one pulse per pair of nodes
// stands in for the heartbeats of all groups, so a thousand quiet groups cost what one costs. Owned by the
// core thread.
//
// A node *claims* the groups that it leads: (group, term, commit). Claims carry a version of this
// incarnation; a pulse carries those above the version that the peer has acknowledged (all, at first). The
// peer echoes: "when I received the pulse you sent at S, holding your claims up to version V, I followed you
// in all of them except these, and will vote for nobody else in them for one minimum election timeout."
// From the echo the leader knows, for each claimed group and peer, the latest instant *on its own clock*
// since which the peer supports it: the basis of check-quorum, ReadIndex (thesis, section 6.4) and leases
// (section 6.4.1). Pulses may be lost, repeated or reordered: each is complete relative to what was
// acknowledged, and an echo older than the latest is ignored. Incarnations fence a restarted peer.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/flat_map.h"
#include "base/ids.h"
#include "base/time.h"

namespace nodedb::raft {

struct Claim {
  GroupId group;
  Term term;
  Index commit;  ///< the peer's share: min(commit, what the peer is known to match); 0 if it has no replica
  bool leading = true;  ///< false: "I lead this group no longer"
  bool operator==(const Claim&) const = default;
};

/// A claimed group in which the receiver does not follow the claimer.
struct Refusal {
  GroupId group;
  Term term;  ///< the refuser's term: if higher, the claimer is deposed
  bool operator==(const Refusal&) const = default;
};

struct Pulse {
  Incarnation incarnation;    ///< the sender's
  Time sent;                  ///< the sender's monotonic clock
  std::uint64_t base = 0;     ///< claims are relative to this version (0: complete)
  std::uint64_t version = 0;  ///< the receiver holds this version once it has applied `claims`
  bool reply_now = false;     ///< a read round waits: echo at once
  std::vector<Claim> claims;
  // The echo, of the latest pulse that came from the receiver; `echo_incarnation` 0: none yet.
  Incarnation echo_incarnation;
  Time echo_sent;
  std::uint64_t echo_version = 0;
  std::vector<Refusal> refusals;
  bool operator==(const Pulse&) const = default;
};

class Liveness {
 public:
  explicit Liveness(Incarnation self) : incarnation_(self) {}

  // --- the claimer's side ---

  /// This node leads `group` in `term`. A new claim, or a new term of an old one, is supported by nobody yet.
  void claim(GroupId group, Term term);
  void disclaim(GroupId group, Term term);
  /// The commit index rose while nothing else carries it to the followers.
  void touch(GroupId group);
  bool claims(GroupId group) const;

  /// The pulse for `peer`; `commit_of(group)` gives the peer's share of the commit index.
  /// Pre: `refusals` lists the peer's claims that this node does not follow (see `claims_of`).
  template <class CommitOf>
  Pulse make_pulse(NodeId peer, Time now, bool reply_now, std::vector<Refusal> refusals, CommitOf commit_of) {
    Pulse pulse = begin_pulse(peer, now, reply_now, std::move(refusals));
    for (Claim& claim : pulse.claims) {
      if (claim.leading) claim.commit = commit_of(claim.group);
    }
    return pulse;
  }

  /// Since when, on this node's clock, `peer` surely supports this node's current claim on `group`:
  /// the send time of the latest echoed pulse, or `long_ago`.
  Time supported_since(NodeId peer, GroupId group) const;

  /// When this node sent the latest pulse that `peer` is known to have received, or `long_ago`. Survives the
  /// peer's restart: it tells who hears this node, not who supports it.
  Time last_echoed(NodeId peer) const { return time_of(peer, &Peer::last_echoed); }

  // --- the follower's side ---

  /// When `peer` sent the latest of its pulses that has come, on its clock; or `long_ago`.
  Time latest_sent(NodeId peer) const { return time_of(peer, &Peer::latest_sent); }

  struct Received {
    bool stale = false;             ///< older than one already seen: nothing in it counts
    bool peer_restarted = false;    ///< a new incarnation: all its earlier claims are void
    std::vector<Claim> claims;      ///< to be shown to the groups, in order
    std::vector<Refusal> refusals;  ///< of this node's own claims, to be shown to the groups
    bool echoed = false;            ///< `supported_since` may have risen: check waiting reads
    bool answer_now = false;        ///< the peer wants, or needs, an echo without delay
  };
  Received receive(NodeId peer, const Pulse& pulse, Time now);
  /// Any authenticated message of the peer's current incarnation counts as a sign of life.
  void heard(NodeId peer, Time now);
  Time last_heard(NodeId peer) const { return time_of(peer, &Peer::last_heard); }
  /// What `peer` currently claims: its term for the group, if it claims it.
  std::optional<Term> claimed_term(NodeId peer, GroupId group) const;
  using Claims = FlatMap<GroupId, Term>;
  /// All live claims of `peer`, ordered by group: to find those that this node refuses. Holds until the next
  /// call that is not const.
  const Claims& claims_of(NodeId peer) const;
  /// Which peer claims `group` with the highest term: a hint for routing.
  std::optional<NodeId> claimant(GroupId group) const;

  /// Forget everything about a peer (it left, or its connection proved a new identity).
  void forget(NodeId peer);

 private:
  struct Mine {
    Term term;
    std::uint64_t claimed_at = 0;  ///< version of the claim itself
    std::uint64_t changed_at = 0;  ///< version of the latest change, commit included
    bool leading = true;           ///< a disclaimed group stays until every peer knows
  };
  struct Peer {
    Incarnation incarnation;
    Time last_heard = long_ago;
    Claims claims;
    std::uint64_t version = 0;    ///< of its claims that we hold
    Time latest_sent = long_ago;  ///< of its pulses, on its clock
    Time acked_sent = long_ago;   ///< of our pulses that it echoed, on our clock
    Time last_echoed = long_ago;  ///< the same, of any of its incarnations
    std::uint64_t acked_version = 0;
    Claims refused;
  };

  Time time_of(NodeId peer, Time Peer::*time) const;
  Pulse begin_pulse(NodeId peer, Time now, bool reply_now, std::vector<Refusal> refusals);
  void take_claims(Peer& from, const Pulse& pulse, Received& out);
  void take_echo(Peer& from, const Pulse& pulse, Time now, Received& out);
  void drop_known_withdrawals();

  Incarnation incarnation_;
  std::uint64_t version_ = 0;
  FlatMap<GroupId, Mine> mine_;
  std::size_t withdrawn_ = 0;  ///< of `mine_`
  NodeMap<Peer> peers_;
};

}  // namespace nodedb::raft
