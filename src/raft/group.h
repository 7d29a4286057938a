// SPDX-License-Identifier: Apache-2.0
#pragma once

// One Raft group on one node, pure: events in, work out, `now` given, luck from a given Rng. No ticks: the
// group answers with its next deadline, and a quiet follower of a live leader has none. Owned by the core
// thread.
//
// Order of use: after any call that may change something, drain `take_work()`. The caller persists what
// the work says, sends `send_now` at once and `send_after` once that persist is durable, then calls
// `persisted()`. Nothing is acknowledged before it is durable, by construction: messages that promise
// something about the log, the term or the vote are only ever in `send_after`; the leader's own log counts
// towards a quorum only through `persisted()`.

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "raft/liveness.h"
#include "raft/types.h"

namespace nodedb::raft {

/// Timing and caps of every group on a node. Must be the same on all nodes of a cluster (leases rely on it).
struct Options {
  /// Minimum election timeout T: a follower waits T…2T; a voter that heard its leader within T refuses
  /// others.
  std::int64_t election_timeout_ns = 1'000 * ns_per_ms;
  /// An append without an answer for this long is taken as lost: the follower goes back to probing.
  std::int64_t resend_ns = 300 * ns_per_ms;
  /// Clocks of two nodes may run apart by at most this fraction: the lease is shortened by it.
  double clock_drift_max = 0.1;
  bool lease_reads = true;  ///< off: every linearizable read makes a ReadIndex round
  std::size_t append_entries_max;
  std::size_t append_bytes_max;
  std::size_t inflight_appends_max;
  std::size_t inflight_entries_max;
  std::size_t inflight_bytes_max;
  std::size_t uncommitted_bytes_max;
  std::size_t pending_reads_max;
  bool check_rules = false;  ///< abort when `broken_rule` finds something, after every event
  Options();                 ///< caps from base/limits.h
};

/// Deliberate bugs, to prove that the simulator finds them. All off outside tests.
struct PlantedBugs {
  bool commit_old_term = false;         ///< commits an entry of an earlier term by counting replicas
  bool no_prevote = false;              ///< raises its term without asking first, and heeds any higher term
  bool vote_not_persisted = false;      ///< omits term and vote from the work to persist
  bool ack_before_fsync = false;        ///< puts AppendReply and VoteReply into send_now
  bool config_not_rolled_back = false;  ///< keeps a truncated config in force
  bool stale_leader_reads = false;      ///< answers reads without confirming leadership
  bool match_by_index_only = false;     ///< takes prev_index as matching whatever its term
  bool truncate_below_commit = false;   ///< on conflict drops the log from the commit index on
  bool newborn_gets_vote = false;       ///< gives a vote to a learner that has not caught up
  bool lease_never_fenced = false;      ///< serves by lease at boot and during a transfer
};

/// How a leader may prove to itself that it still leads, for a read. Without `lease_reads`, both by a round.
enum class ReadProof : std::uint8_t { lease, round };

struct ReadGrant {
  std::uint64_t context = 0;
  Index index;           ///< serve once applied reaches this
  bool granted = false;  ///< false: leadership was lost, or the follower's request was refused; ask again
};

/// An own proposal that another leader cut off this log. It is surely lost only once another entry is
/// committed at its index: until then some other replica may hold it and be elected.
struct Decided {
  Index index;
  Term term;
  bool committed = false;
};

struct Work {
  // To persist, in this order: the hard state, the truncation, the entries; all in one batch.
  std::optional<HardState> hard_state;
  std::optional<Index> truncate_from;  ///< drop stored entries with index >= this before appending
  std::vector<Entry> append;
  std::optional<Position> compact_to;  ///< the stored log may drop entries with index <= this

  std::vector<Envelope> send_now;
  std::vector<Envelope> send_after;

  std::vector<Entry> apply;  ///< newly committed, gapless, each exactly once per boot
  std::vector<ReadGrant> reads;
  std::vector<Decided> lost;        ///< own proposals that another leader overwrote (committed = false)
  std::vector<NodeId> snapshot_to;  ///< followers whose next entry is no longer in the log
  bool role_changed = false;        ///< role, term, leader or config differ from before
  bool commit_rose = false;         ///< no append carries the commit index to all followers: touch the claim
  bool wants_round = false;         ///< a read waits for support: send pulses that ask for an echo at once

  bool must_persist() const { return hard_state || truncate_from || !append.empty() || compact_to; }
  bool empty() const {
    return !must_persist() && send_now.empty() && send_after.empty() && apply.empty() && reads.empty() &&
           lost.empty() && snapshot_to.empty() && !role_changed && !commit_rose && !wants_round;
  }
};

class Group {
 public:
  /// `options` are shared by all groups of a node, and outlive them.
  Group(GroupId id, NodeId self, const Options& options, Restored restored, Rng rng, Now now,
        PlantedBugs bugs = {});
  Group(GroupId, NodeId, Options&&, Restored, Rng, Now, PlantedBugs = {}) = delete;
  ~Group();
  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;

  // --- events ---

  /// A message from a peer. `live` tells about leaders heard (stickiness) and support (reads, check-quorum).
  void receive(Time now, NodeId from, Message message, const Liveness& live);
  /// A pulse of `from` claims this group: as a heartbeat. Rises the commit index, resets election timers.
  void claimed(Time now, NodeId from, const Claim& claim);
  /// A pulse of `from` refuses this group's claim; a higher term deposes this leader.
  void refused(Time now, NodeId from, Term term);
  /// No sign of life from `peer` for one election timeout, or no answer to a pulse, or it restarted: a
  /// follower of it starts its election timer (0…T from now); a leader re-checks its quorum and steps down
  /// without one.
  void peer_silent(Time now, NodeId peer, const Liveness& live);
  /// The connection to `peer` has been made anew: what was on its way there may be lost, and goes again.
  void reconnected(Time now, NodeId peer);
  /// Supports may have risen: grant the reads that waited for them.
  void support_changed(Time now, const Liveness& live);
  /// Call when `deadline()` has come: elections, resends, transfer time-outs.
  void wake(Time now, const Liveness& live);
  /// Everything up to `last` (and the hard state taken with it) is durable. Call it once for each Work with
  /// `must_persist()`, in the order in which they were taken; `last` is `last()` as it was then.
  void persisted(Time now, Position last);
  /// The state machine holds everything up to `applied` (not necessarily durable).
  void applied(Index applied);

  // --- requests ---

  /// Appends commands. Returns the first one's position; the i-th has index + i. Errors: not_leader (detail
  /// empty), busy, stopping (a transfer is under way: hold and ask the new leader).
  Result<Position> propose(Time now, std::vector<Blob> commands);
  /// Errors: not_leader, conflict (one is in flight, or the leader's first entry is not applied yet),
  /// invalid_state (illegal change, or a new voter that is no caught-up learner), stopping.
  Result<Position> change_config(Time now, const Config& next);
  /// Goes on alone after the majority has been lost for good: see forced.cc for what the caller promises.
  /// Leads once that is durable. Errors: conflict (a leader is heard, or something has changed since it was
  /// looked at), invalid_state.
  Result<Position> force_config(Time now, const Forced& forced, const Liveness& live);
  /// Asks for a read index, answered in Work::reads with `context`, by lease at once if it holds, else when a
  /// quorum's support is newer than `now`. On a follower the leader is asked, who may go by its lease.
  /// Errors: no_leader, busy.
  Result<void> read_index(Time now, std::uint64_t context, const Liveness& live,
                          ReadProof proof = ReadProof::lease);
  /// Would a read that started at `asked` be linearizable if it were answered now? Leases re-check with this.
  bool confirms(Time now, Time asked, const Liveness& live, ReadProof proof = ReadProof::lease) const;
  /// Reads wait here: `support_changed` may release them.
  bool awaits_support() const;
  /// Hands leadership to a voter (thesis, section 3.10). Proposals answer `stopping` until it ends. Aborted
  /// after `patience_ns`, at most one election timeout. Errors: not_leader, not_found, conflict.
  Result<void> transfer(Time now, NodeId target,
                        std::int64_t patience_ns = std::numeric_limits<std::int64_t>::max());
  /// Start an election now (tests, cold start of the preferred replica). Not before the boot fence ends, and
  /// not against a leader that `wake` finds alive.
  void campaign(Time now);

  // --- snapshots and the log ---

  /// The state machine's data up to `at` has been installed and is durable: move the log behind it (R6).
  void installed_snapshot(Time now, Position at, const Config& config, NodeId leader);
  /// The transfer to `peer` ended. Failed: it is probed again later.
  void snapshot_sent(Time now, NodeId peer, bool ok);
  /// Drop entries with index <= min(`durable_applied`, what slow followers need within `keep_bytes`).
  void compact(Index durable_applied, std::size_t keep_bytes);

  /// Asks the cache for what every event needs (base/prefetch.h).
  void prefetch() const;
  Work take_work();
  bool has_work() const;
  /// The next instant at which `wake` has something to do; `never` when quiet.
  Time deadline() const;

  // --- facts ---

  struct Follower {
    NodeId node;
    Index match;
    Index next;
    enum class State : std::uint8_t { probe, stream, snapshot } state = State::probe;
    bool learner = false;
  };
  GroupId id() const;
  NodeId self() const;
  Role role() const;
  Term term() const;
  NodeId vote() const;
  NodeId leader() const;  ///< 0 when unknown
  Index commit() const;
  Index applied() const;
  Position last() const;
  Position base() const;
  std::size_t log_bytes() const;
  std::size_t log_bytes_above(Index at) const;
  /// Leads, and has committed an entry of its own term: all that predecessors committed is known.
  bool settled() const;
  const Config& config() const;  ///< in force: the latest in the log, committed or not
  Index config_index() const;    ///< of the entry that it came with; of the base if that is older
  bool config_committed() const;
  /// The config in force at `at`: what a snapshot taken there must carry. Pre: base.index <= at <= last.
  Config config_at(Index at) const;
  std::optional<Term> term_at(Index at) const;  ///< nothing outside base…last
  std::optional<NodeId> transferring_to() const;
  /// An earlier life, or an earlier replica here, may have promised its vote: it cannot stand yet.
  bool fenced(Time now) const;
  std::vector<Follower> followers() const;  ///< leader only
  /// The peer's share of the commit index, for claims. Leader only.
  Index commit_for(NodeId peer) const;
  bool lease_valid(Time now, const Liveness& live) const;
  /// The first rule of DESIGN.md section 8 that this group, seen alone, breaks; nothing when all hold.
  std::optional<std::string> broken_rule() const;

 private:
  struct State;
  template <class Event>
  auto step(Time now, Event event);
  void check_rules() const;

  std::unique_ptr<State> state_;
};

}  // namespace nodedb::raft
