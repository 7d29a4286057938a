// SPDX-License-Identifier: Apache-2.0
#pragma once

// The inside of a Group, private to this folder. One file per deed: roles and elections, votes, following,
// replication, commit, reads, membership, transfer, snapshots. Events set facts and queue messages;
// `take_work` turns them into one Work, so that everything that happened in a turn leaves as one batch.
//
//             timer, no leader heard            quorum of pre-grants
//   follower ────────────────────▶ pre_candidate ──────────────────▶ candidate
//      ▲  ▲                            │                              │     │ quorum of durable votes
//      │  └── higher term, refusals ───┘◀───────── timer ─────────────┘     ▼
//      └──────── higher term, or no quorum heard for T ───────────────── leader

#include <map>
#include <memory>
#include <optional>

#include "base/flat_map.h"
#include "base/queue.h"
#include "raft/config_history.h"
#include "raft/durability.h"
#include "raft/group.h"
#include "raft/log.h"
#include "raft/progress.h"
#include "raft/quorum.h"

namespace nodedb::raft {

struct Group::State {
  State(GroupId group, NodeId node, const Options& opts, Restored restored, Rng luck, Now at,
        PlantedBugs planted);

  // --- roles (roles.cc) ---
  /// Steps down or moves to `to`; `of` is that term's leader if known.
  void become_follower(Time now, Term to, NodeId of);
  void become_pre_candidate(Time now);
  void become_candidate(Time now, bool transfer);
  void become_leader(Time now);
  void set_leader(NodeId node);
  void stop_leading();
  std::int64_t random_timeout();

  // --- elections (election.cc) ---
  bool fenced(Time now) const;
  bool leader_heard(Time now, const Liveness& live) const;
  void campaign(Time now);
  void election_due(Time now, const Liveness& live);
  /// Follows a live claimant instead of standing against it. True if there is one.
  bool rejoin_claimant(Time now, const Liveness& live);
  void receive_vote_request(Time now, NodeId from, const VoteRequest& request, const Liveness& live);
  void receive_vote_reply(Time now, NodeId from, const VoteReply& reply);
  void ask_votes();
  void ask_vote(NodeId peer);
  void count_ballots(Time now);
  void peer_silent(Time now, NodeId peer, const Liveness& live);
  bool heard_by_quorum(Time now, const Liveness& live) const;
  void claimed(Time now, NodeId from, const Claim& claim);
  void refused(Time now, NodeId from, Term by);

  // --- the follower's side of replication (following.cc) ---
  void receive_append(Time now, NodeId from, Append&& append, const Liveness& live);
  void hear_leader(Time now, const Liveness& live);
  bool accept_entries(Append& append);
  void reject_append(NodeId from, const Append& append);
  void truncate_from(Index from);
  void append_entry(Entry entry);

  // --- the leader's side (replication.cc) ---
  void pump(Time now);
  void pump_to(Time now, NodeId peer, Progress& progress);
  bool send_append(Time now, NodeId peer, Progress& progress, bool with_entries);
  void receive_append_reply(Time now, NodeId from, const AppendReply& reply);
  void back_off(Progress& progress, const AppendReply& reply);
  void resend_lost(Time now, const Liveness& live);
  void resend_to(NodeId peer);
  Index match_of(NodeId node) const;

  // --- proposals and commit (commit.cc) ---
  Result<Position> propose(std::vector<Blob> commands);
  Position append_own(EntryKind kind, Blob payload);
  void remember_proposals(Index first, Index last);
  void advance_commit(Time now);
  void commit_to(Index to);
  void after_commit(Time now);
  bool own_term_committed() const;
  void persisted(Time now, Position last);

  // --- reads (reads.cc) ---
  Result<void> read_index(Time now, std::uint64_t context, const Liveness& live, ReadProof proof);
  Result<void> ask_as_leader(Time now, NodeId from, std::uint64_t context, const Liveness& live,
                             ReadProof proof);
  void receive_read_request(Time now, NodeId from, const ReadIndexRequest& request, const Liveness& live);
  void receive_read_reply(const ReadIndexReply& reply);
  void confirm_reads(Time now, const Liveness* live);
  void release_reads();
  void answer_read(NodeId to, std::uint64_t context, bool granted, Index index);
  void refuse_waiting_reads();
  void refuse_asks(Time asked_until);
  Time supported_since(Time now, const Liveness* live) const;
  /// `since`: supported_since(now).
  bool lease_valid(Time now, Time since) const;
  bool confirms(Time now, Time asked, const Liveness& live, ReadProof proof) const;

  // --- membership (membership.cc) ---
  Result<Position> change_config(const Config& next);
  bool may_get_vote(NodeId node) const;
  void config_changed();
  void track_members(Index by);
  void leave_if_due();
  void retire_if_removed(Time now);

  // --- after a lost majority (forced.cc) ---
  Result<Position> force_config(Time now, const Forced& forced, const Liveness& live);

  // --- transfer (transfer.cc) ---
  Result<void> begin_transfer(Time now, NodeId target, std::int64_t patience_ns);
  void transfer_if_caught_up(Time now);
  void transfer_due(Time now);
  void receive_timeout_now(Time now, NodeId from, const TimeoutNow& message, const Liveness& live);

  // --- snapshots and compaction (snapshot.cc) ---
  void installed_snapshot(Time now, Position at, const Config& config, NodeId from);
  void snapshot_sent(Time now, NodeId peer, bool ok);
  void compact(Index durable_applied, std::size_t keep_bytes);

  // --- the rules (rules.cc) ---
  std::optional<std::string> broken_rule() const;

  // --- the rest (state.cc) ---
  void receive(Time now, NodeId from, Message&& message, const Liveness& live);
  void reconnected(Time now, NodeId peer);
  void wake(Time now, const Liveness& live);
  Work take_work();
  bool has_work() const;
  Time deadline() const;
  /// Any of the messages; made in its place, because appends are large.
  template <class OneMessage>
  void send(NodeId to, OneMessage&& message) {
    work().send_now.emplace_back(to, std::forward<OneMessage>(message));
  }
  /// What leaves only once the state it speaks of is durable; `bugs.ack_before_fsync` breaks it for replies.
  void send_durable(NodeId to, Message message);
  void hold_or_release(Work& out);
  bool voter() const { return configs.latest().is_voter(self); }
  bool may_stand() const;
  bool newborn() const;
  bool lone_voter() const;
  bool higher(Position a, Position b) const;  ///< is `a` more up to date (paper, section 5.4.1)?

  /// What the work in the making says; made by whoever has something to say first.
  Work& work() {
    if (!said) said = std::make_unique<Work>();
    return *said;
  }

  // A node holds a thousand of these and each write looks at a few of them a dozen times, mostly when no
  // cache holds them any more: what every write needs comes first and lies together.
  static constexpr std::size_t hot_bytes = 448;
  const GroupId id;
  const NodeId self;
  Role role = Role::follower;
  bool replicate = false;           ///< leader: `pump` may have something to send
  bool lease_fenced = false;        ///< leader: TimeoutNow was sent in this term
  bool stands_by_transfer = false;  ///< a candidate: whom its leader told to stand
  NodeId leader;
  const Options& options;
  Time clock;  ///< the latest `now`
  HardState hard;
  Index handed;                ///< entries up to here were handed out to be applied
  Index applied_upto;          ///< and the state machine has done so
  std::unique_ptr<Work> said;  ///< see `work`
  Log log;
  Durability disk;
  NodeMap<Progress> progress;         ///< leader: all members but this node
  Time election = never;              ///< when to campaign
  Time heard_append = long_ago;       ///< the leader's latest append
  Index admitted;                     ///< as that append said
  Index first_own;                    ///< leader: the noop of this term
  std::size_t uncommitted_bytes = 0;  ///< leader
  ConfigHistory configs;

  struct Proposals {
    Index first;
    Index last;
    Term term;
  };
  Queue<Proposals> proposals;  ///< own and undecided

  struct Held {
    std::uint64_t until = 0;  ///< leaves once that many batches are durable
    Envelope envelope;
  };
  Queue<Held> held;

  struct WaitingRead {
    NodeId from;
    std::uint64_t context = 0;
    Time asked;
    Index index;  ///< 0: the commit index once this term's first entry is committed
    ReadProof proof = ReadProof::lease;
    bool confirmed = false;
  };
  Queue<WaitingRead> waiting_reads;  ///< leader
  struct Ask {
    std::uint64_t context = 0;
    Time asked;
  };
  Queue<Ask> asks;  ///< a follower's questions to its leader

  struct Transfer {
    NodeId target;
    Time ends;
    Time tell_again = never;  ///< once the target was told: it may not have heard
  };
  std::optional<Transfer> transfer;  ///< leader

  Rng rng;
  PlantedBugs bugs;
  Time boot;  ///< no promise of a former replica, or life, is younger
  std::map<NodeId, Ballot> ballots;
};

}  // namespace nodedb::raft
