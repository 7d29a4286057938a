// SPDX-License-Identifier: Apache-2.0
#pragma once

// The node's inside: private to src/node. One struct, because a step is one transaction over all of it; its
// deeds are spread over files by what they are about:
//
//   node.cc       dispatch of events, the end of a step      boot.cc      from stored bytes to replicas
//   founding.cc   init, hello, found                          heart.cc     pulses, silence, who leads what
//   leading.cc    proposals and reads as a group's leader     work.cc      a group's work into the turn
//   local_reads.cc  reads from the own replica
//   pacing.cc     writes held back so that a copy can end
//   applied.cc    what the apply thread reports               snapshots.cc transfers in and out
//   upkeep.cc     flush, compaction, leader balance, drain    status.cc    what operators see
//   moving.cc     migrations: reports and driving          orders.cc    what the driver has others do
//   replicas.cc   replicas that come and go           hints.cc      SWIM: who seems to be alive
//   recovery.cc   after a lost majority                trust.cc     who is let in, and by what certificate
//   loads.cc      what vShards cost                   paths.cc     whose path is told

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/flat_map.h"
#include "base/hlc.h"
#include "base/names.h"
#include "base/prefetch.h"
#include "base/rng.h"
#include "meta/tables.h"
#include "node/driver.h"
#include "node/gateway.h"
#include "node/load_book.h"
#include "node/load_meter.h"
#include "node/local_reads.h"
#include "node/node.h"
#include "node/pace.h"
#include "node/path_filter.h"
#include "node/reconciler.h"
#include "node/replica.h"
#include "node/transfers.h"
#include "node/under_way.h"
#include "raft/liveness.h"
#include "swim/swim.h"
#include "wire/identity_codec.h"

namespace nodedb::node {

/// Every replica is born here, with an empty state (group 0's: with the genesis' rows).
inline constexpr raft::Position birth{Index(1), Term(1)};

/// What is known of the peer at the other end of a certificate.
struct Known {
  bool connected = false;
  std::string dialled;         ///< the seed address under which it was reached
  Time join_asked = long_ago;  ///< when group 0 was last asked to take it in
  std::optional<wire::Hello> hello;
  MetadataRead row_read;  ///< since its hello: before it is done here, its row is not believed
};

struct Node::State {
  State(const Options& given, Incarnation life, Rng luck, Now now);

  Options options;
  Incarnation incarnation;
  Rng rng;
  Now now;                         ///< of the step under way
  Time booted;                     ///< an earlier life may have promised support until then
  std::int64_t wall_ahead_ns = 0;  ///< only under the planted bug lease_on_wall_clock

  std::optional<wire::Identity> identity;  ///< nothing before the genesis
  NodeId self;
  meta::Tables tables;
  std::map<Uuid, NodeId> ids;
  NodeMap<Uuid> uuids;
  std::map<Uuid, Known> known;
  Founding founding;
  bool metadata_ready = false;  ///< group 0's rows are in the state store

  HlcClock hlc;
  raft::Liveness live;
  Gateway gateway;
  PathFilter path_filter;
  Transfers transfers;

  std::vector<std::unique_ptr<Replica>> replicas;  ///< by group; null where there is none
  std::set<std::pair<Time, GroupId>> timers;
  std::vector<GroupId> dirty;
  std::vector<GroupId> staged;                   ///< groups with proposals to make
  std::map<GroupId, Pace> paces;                 ///< led here and being copied to the target of a migration
  Time next_pacing = long_ago;                   ///< when the copies are looked at again
  std::set<std::pair<Time, GroupId>> held_back;  ///< groups with writes that wait, by the first one's time
  std::set<GroupId> awaiting_support;            ///< groups with reads that wait for a round
  std::map<std::uint64_t, PendingRead> reads;
  LocalReads local_reads;  ///< by token, as `reads`
  MetadataRead life_read;  ///< what was decided before this life
  std::uint64_t last_token = 0;

  Gateway::Leaders leaders;        ///< by group: whom to ask; a hint
  std::vector<Term> leader_terms;  ///< of the hints
  bool routing_changed = false;
  Time routing_at = long_ago;  ///< when it was last published

  NodeMap<Time> next_pulse;  ///< the regular one to a peer; due if there has been none
  bool pulse_all = false;
  bool round_wanted = false;
  std::set<NodeId> answers;  ///< peers that get a pulse at the end of the step
  std::set<NodeId> silent;   ///< peers that were heard once and are not any more
  std::set<NodeId> deaf;     ///< peers that are heard but do not answer pulses

  std::uint64_t last_log_id = 0;
  struct LogPromise {
    std::uint64_t id = 0;
    std::vector<std::pair<GroupId, raft::Position>> groups;
    std::vector<TraceEvent> trace;  ///< what becomes true once it is durable
    bool founds = false;            ///< carries the identity record
    std::vector<GroupId> buried;    ///< whose logs it destroys
  };
  std::vector<GroupLogUpdate> boot_updates;  ///< what `create` found to mend, for the first turn
  std::deque<LogPromise> promises;
  LogPromise promise;  ///< of the step under way

  std::set<std::pair<std::int64_t, GroupId>> due;  ///< wall ns, led groups only
  std::size_t log_bytes_unflushed = 0;
  std::size_t log_bytes_counted = 0;  ///< of all logs, when they were last counted
  std::size_t unflushed_then = 0;     ///< log_bytes_unflushed at that moment
  std::uint64_t log_syncs = 0;
  bool flush_running = false;
  std::uint64_t flush_token = 0;
  Time next_upkeep = long_ago;
  Time slow_write_at = long_ago;  ///< a write led here was answered that took long
  Time announce_at = long_ago;
  bool draining = false;
  bool drained = false;
  bool retired = false;  ///< by group 0, for ever
  bool disk_full = false;
  std::map<NodeId, Time> healthy_since;

  std::optional<swim::Swim> swim;  ///< once this node is a member; its verdicts are hints

  Driver driver;
  Reconciler reconciler;
  LoadMeter meter;
  LoadBook loads;  ///< of all vShards, while this node drives
  Time measure_at = long_ago;
  Time loads_told = long_ago;
  Time loads_told_anew = long_ago;
  std::pair<NodeId, Term> loads_told_to;  ///< and the term in which it leads group 0
  bool driving = false;                   ///< as of the latest step
  bool drive_wanted = false;
  std::set<GroupId> graves;           ///< replicas that are being destroyed
  std::map<GroupId, Time> buried_at;  ///< in this life
  std::set<GroupId> deviating;        ///< led here, with a config that is no plain set of voters
  std::set<GroupId> orphans;          ///< held here, wanted by nobody
  std::set<GroupId> asked_about;      ///< led here; the driver wants to know how they stand
  std::map<GroupId, Pause> pauses;
  std::map<VShardId, std::string> recovery_waits;  ///< to go on from here alone: why it does not yet
  bool report_wanted = false;
  Time report_at = never;
  wire::MoveReport last_report;  ///< without its number
  std::uint64_t last_report_number = 0;
  NodeId reported_to;
  Time reported_at = long_ago;
  std::map<std::uint64_t, Asked> questions;  ///< by ticket
  std::uint64_t last_ticket = 0;

  Trust trust;                             ///< as it was last published
  std::optional<CertificateInUse> in_use;  ///< as the net thread has said
  Time tell_trust_at = long_ago;
  DoorNotes door_notes;

  Turn turn;  ///< under construction
  NodeMap<wire::RaftBundle> bundle_now;
  NodeMap<wire::RaftBundle> bundle_after;
  NodeMap<wire::ForwardBundle> forwards;
  ApplyTask apply_task;

  // node.cc
  void tell_time(Now told);
  /// To show, and to stamp entries with.
  std::uint64_t wall_ms() const {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, now.wall.ns)) / ns_per_ms;
  }
  void handle(Wake);
  void handle(PeerConnected event);
  void send_again(NodeId peer);
  void handle(PeerDisconnected event);
  void handle(FromPeer event);
  void handle(LogDurable event);
  void handle(DiskRoom event);
  void handle(FromState event);
  void handle(ClientRequest event);
  void handle(Init event);
  void handle(GetStatus event);
  void handle(TransferLeader event);
  void handle(ChangeConfig event);
  void handle(StartMigration event);
  void handle(CancelMigration event);
  void handle(Administer event);
  void handle(ClaimToken event);
  void handle(RecoverMetadata event);
  void handle(Rebalance event);
  void handle(NoteDown event);
  void handle(Drain event);
  void handle(CertificateInUse event);
  void handle(DoorNote event);
  meta::Stamp own_stamp() const { return {wall_ms(), named(self)}; }
  Turn finish();
  void settle();
  /// What this step makes durable.
  LogBatch& log_batch() { return turn.log ? turn.log->batch : turn.log.emplace().batch; }
  void seal_log();
  void seal_messages();
  Time next_wake() const;
  Replica* replica(GroupId group) const;
  /// For a loop over things of groups that has come to the one at `at`: asks the cache for the next ones'.
  template <class Things, class GroupOf>
  void look_ahead(const Things& things, std::size_t at, GroupOf group_of) const;
  void touch(GroupId group);
  /// To the apply thread, behind all entries that have been handed out.
  void give(StateTask task);
  void give_entries();
  void notice(std::string text) { turn.notices.push_back(std::move(text)); }
  void answer_operator(std::uint64_t tag, decltype(OperatorReply::result) result) {
    turn.operator_replies.push_back({tag, std::move(result)});
  }

  // boot.cc
  Result<void> boot(Boot boot);
  Result<void> restore_group(StoredGroup stored, const StoredState* state);
  void destroy_orphan_states(const std::vector<StoredState>& states);
  void add_replica(GroupId group, raft::Restored restored, Index applied);
  void adopt_tables();
  void absorb_genesis();
  void install_genesis_rows();

  // founding.cc
  void found(const meta::Genesis& genesis, NodeId id);
  Result<meta::Genesis> draft_genesis() const;
  void continue_founding();
  void offer_genesis(const Uuid& peer);
  bool never_reported(const Uuid& peer);
  bool may_be_formed(const Uuid& target) const;
  void meet(const Uuid& peer, NodeId id);
  void offer_again();
  void ask_to_join(const Uuid& peer, const wire::Hello& hello);
  /// This node's identity is on its disk.
  bool founding_durable() const;
  void say_hello(const Uuid& peer);
  void receive(const Uuid& peer, wire::Hello hello);
  void receive(const Uuid& peer, wire::Found found);
  void receive(const Uuid& peer, wire::Founded founded);
  void announce();
  void publish_peers();
  bool is_refused(NodeId node) const;

  // trust.cc
  void publish_trust();
  bool claims_another_id(const Uuid& peer, NodeId claimed);
  void note_forgery(NodeId by, const std::string& what);
  void tell_trust();

  // heart.cc
  void receive(NodeId peer, const raft::Pulse& pulse);
  void beat();
  void send_pulse(NodeId peer, bool reply_now);
  bool keeps_time(NodeId peer) const;
  Time pulse_due(NodeId peer) const;
  Time next_pulses() const;
  std::vector<raft::Refusal> refusals_for(NodeId peer) const;
  void find_silent();
  void find_deaf();
  Time heard_until(NodeId peer) const;
  Time next_silence() const;
  void lost_touch(NodeId peer);
  void heard_again(NodeId peer);
  void set_leader(GroupId group, NodeId leader, Term term);
  void publish_routing();
  bool connected(NodeId peer) const;

  // hints.cc
  void watch_members();
  void receive(NodeId peer, const swim::Message& message);
  void vouch_for(NodeId peer);
  void swim_along();
  bool said_goodbye();

  // leading.cc
  void serve(const Origin& origin, wire::Forward forward);
  NodeId whereabouts(GroupId group) const;
  void serve_write(const Origin& origin, Replica& group, const wire::Forward& forward);
  Result<void> check_command(GroupId group, BytesView command) const;
  void serve_read(const Origin& origin, Replica& group, const wire::Forward& forward);
  void reply(const Origin& origin, GroupId group, Result<Blob> result, const Served& served = {});
  void stage(Replica& group, Replica::Staged write);
  void propose_staged();
  void ask_read(std::uint64_t token);
  void granted(const raft::ReadGrant& grant);
  void hand_out_reads(Replica& group);
  void drop_read(std::uint64_t token, Error error);

  // paths.cc
  void tell_path(RequestPath path);
  void tell_read_here(const LocalRead& read, const Result<Blob>& result);
  void tell_served(const Origin& origin, const wire::ForwardReply& answer, const ServedStages* stages);

  // local_reads.cc
  bool reads_here(const ClientRequest& request) const;
  void read_here(ClientRequest request);
  void ask_for(std::uint64_t token);
  bool granted_here(const raft::ReadGrant& grant);
  void await_index(std::uint64_t token, Index at);
  void hand_out_here(Replica& group, std::uint64_t token);
  void read_is_done(ReadDone done);
  void wake_local_reads();
  void answer_here(const LocalRead& read, Result<Blob> result, Index at = Index());
  void end_local_read(std::uint64_t token, Result<Blob> result, Index at = Index());
  void end_local_reads(GroupId group);

  // pacing.cc
  void pace_writes();
  void hold_back(Replica& group, Time until, Replica::Staged write);
  void release_due();
  void give_back(Replica& group);

  // work.cc
  void drain(Replica& group);
  void carry_out(Replica& group, raft::Work work);
  void persist(Replica& group, raft::Work& work);
  void apply(Replica& group, std::vector<raft::Entry> entries);
  bool takes_more(const Replica& group) const;
  void hand_out(Replica& group);
  void hand_out(Replica& group, std::vector<raft::Entry> entries);
  void role_changed(Replica& group);
  void answer_lost(Replica& group, const std::vector<raft::Decided>& lost);
  void update_timer(Replica& group);
  void trace_work(Replica& group, const raft::Work& work);
  void trace_hard_state(const Replica& group, const raft::HardState& hard,
                        const std::function<void(TraceEvent)>& tell);
  void trace_snapshot(GroupId group, raft::Position at);
  void trace_restart(Replica& group, const raft::Restored& restored);
  void trace(TraceEvent event);

  // applied.cc
  void receive(Applied done);
  void receive(ReadDone done);
  void receive(Flushed done);
  void receive(SnapshotOpened done);
  void receive(SnapshotRead done);
  void receive(SnapshotClosed done);
  void receive(Staged done);
  void receive(Installed done);
  void receive(DueFound done);
  void answer_writes(Replica& group, std::vector<EntryReply> replies, Time handed);
  void schedule_due(Replica& group);
  void run_due();

  // snapshots.cc
  void receive(NodeId peer, const wire::SnapshotOffer& offer);
  void receive(NodeId peer, const wire::SnapshotCredit& credit);
  void receive(NodeId peer, wire::SnapshotChunk chunk);
  void receive(NodeId peer, const wire::SnapshotWanted& wanted);
  void take_transfers();
  bool metadata_damaged() const;
  void mend_metadata();

  // upkeep.cc
  void upkeep();
  void maybe_flush();
  void count_log();
  std::size_t log_held() const { return log_bytes_counted + (log_bytes_unflushed - unflushed_then); }
  void compact();
  void balance();
  void hand_over();
  bool may_lead(NodeId peer) const;
  bool could_succeed(const raft::Group::Follower& follower, bool even_draining) const;
  /// Nobody may take it yet, and somebody may soon.
  bool awaits_successor(const Replica& group) const;
  std::optional<NodeId> best_successor(const Replica& group, bool even_draining = false) const;
  /// For who must not lead on: even one that drains, if no other can.
  std::optional<NodeId> any_successor(const Replica& group) const;
  bool is_draining(NodeId peer) const;
  bool is_told_to_drain(NodeId node) const;

  // replicas.cc
  bool wants_replica(VShardId vshard) const;
  void metadata_changed();
  void bear_replica(GroupId group, const raft::Config& config, std::optional<Time> promised = {});
  void raise_replicas();
  void ask(MetadataRead& read);
  bool is_done(const MetadataRead& read) const;
  bool metadata_current() const;
  void read_metadata();
  void metadata_granted(const raft::ReadGrant& grant);
  void raise(GroupId group);
  void bury(GroupId group);
  void receive(Destroyed done);
  void find_deviations();

  // orders.cc
  void receive(NodeId peer, const wire::MoveOrder& message);
  std::optional<meta::Migration> ordered_migration(const wire::MoveOrder& message) const;
  void change(Replica& group, const Result<raft::Config>& next);
  void obey(Replica& group, const wire::MoveOrder& message, const meta::OrderLearner& order);
  void obey(Replica& group, const wire::MoveOrder& message, const meta::OrderReplace& order);
  void obey(Replica& group, const wire::MoveOrder& message, const meta::OrderLeave& order);
  void obey(Replica& group, const wire::MoveOrder& message, const meta::OrderLeaveBack& order);
  void obey(Replica& group, const wire::MoveOrder& message, const meta::OrderRemoveLearner& order);
  void obey(Replica& group, const wire::MoveOrder& message, const meta::OrderTransfer& order);
  void obey(Replica& group, const wire::MoveOrder& message, const meta::OrderDrop& order);
  bool caught_up(const Replica& group, NodeId follower) const;
  void restore_voters(Replica& group, const wire::RestoreVoters& order);
  void measure_pause(Replica& group);

  // loads.cc
  void measure_loads();
  void receive(const Sized& done);
  void tell_loads();
  void receive(NodeId peer, const wire::LoadReport& report);

  // moving.cc
  std::optional<wire::GroupReport> group_report(GroupId group) const;
  wire::MoveReport draft_report() const;
  bool something_moves() const;
  void sample_lags();
  void report_moves();
  void receive(NodeId peer, const wire::MoveReport& report);
  bool leads_metadata() const;
  bool drives() const;
  void drive();
  void write_metadata(std::optional<std::uint64_t> ticket, const meta::MetaEntry& entry);
  void answered(const Gateway::Answer& answer);

  // recovery.cc
  bool quorum_in_touch(const Replica& group) const;
  Result<void> force(GroupId group, const raft::Forced& forced);
  void recover_replicas();
  Result<void> may_recover(const meta::SingleEntry& entry) const;
  void turn_away(const Uuid& peer, const wire::PeerMessage& message);

  // membership.cc
  bool in_touch(NodeId node) const;
  Reconciler::Surroundings reconciler_surroundings();
  void reconcile();
  void tend_metadata();
  void find_retired();
  void retire();

  // status.cc
  Status status(const StatusWish& wish) const;
  void migration_status(Status& out, bool whole_history) const;
  Status::Admin admin_status() const;
  Status::Balance balance_status();
  GroupStatus group_status(GroupId group) const;
  std::optional<wire::VShardLoad> known_load(VShardId vshard) const;
};

template <class Things, class GroupOf>
void Node::State::look_ahead(const Things& things, std::size_t at, GroupOf group_of) const {
  // In two steps: where the Raft group lies is to be read in the replica.
  constexpr std::size_t steps = 4;
  if (at + steps < things.size()) {
    if (const Replica* soon = replica(group_of(things[at + steps]))) soon->raft.prefetch();
  }
  if (at + 2 * steps < things.size()) {
    if (const Replica* later = replica(group_of(things[at + 2 * steps]))) prefetch(later, Replica::hot_bytes);
  }
}

}  // namespace nodedb::node
