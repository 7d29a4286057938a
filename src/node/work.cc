// SPDX-License-Identifier: Apache-2.0
// From one group's work to the turn: one log batch for all groups, one bundle for each peer.
#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "node/state.h"

namespace nodedb::node {

namespace {

/// What the apply thread is given of one group at a time, and how much of that: the second portion is ready
/// when the first one is done.
constexpr std::size_t portions_max = 2;
constexpr std::size_t portion_entries_max = 256;
constexpr std::size_t portion_bytes_max = 1024 * 1024;

std::uint32_t entry_hash(const raft::Entry& entry) {
  const char kind = static_cast<char>(entry.kind);
  return crc32c(entry.payload.view(), crc32c(BytesView(&kind, 1)));
}

std::size_t bytes_of(const std::vector<raft::Entry>& entries) {
  std::size_t bytes = 0;
  for (const raft::Entry& entry : entries) bytes += entry.bytes();
  return bytes;
}

}  // namespace

void Node::State::drain(Replica& group) {
  group.dirty = false;
  if (group.raft.has_work()) carry_out(group, group.raft.take_work());
  group.writes.committed(group.raft.commit(), now.mono);
  hand_out_reads(group);
  update_timer(group);
}

void Node::State::carry_out(Replica& group, raft::Work work) {
  const GroupId id = group.raft.id();
  if (options.trace) trace_work(group, work);
  if (work.must_persist()) persist(group, work);
  for (raft::Envelope& one : work.send_now) {
    if (uuids.contains(one.to)) bundle_now[one.to].messages.emplace_back(id, std::move(one.message));
  }
  for (raft::Envelope& one : work.send_after) {
    if (uuids.contains(one.to)) bundle_after[one.to].messages.emplace_back(id, std::move(one.message));
  }
  if (work.role_changed) {
    role_changed(group);
    measure_pause(group);
    report_wanted = report_wanted || something_moves();
  }
  if (!work.lost.empty()) answer_lost(group, work.lost);
  if (!work.apply.empty()) apply(group, std::move(work.apply));
  for (const raft::ReadGrant& grant : work.reads) granted(grant);
  for (const NodeId peer : work.snapshot_to) transfers.start(now.mono, id, peer);
  if (work.commit_rose) {
    live.touch(id);
    // The steps of a migration wait for each other's nodes to know of them.
    if (id == metadata_group) pulse_all = true;
  }
  if (work.wants_round) {
    round_wanted = true;
    awaiting_support.insert(id);
  }
}

void Node::State::persist(Replica& group, raft::Work& work) {
  GroupLogUpdate& update = log_batch().groups.emplace_back();
  update.group = group.raft.id();
  update.hard = work.hard_state;
  update.truncate_from = work.truncate_from;
  if (work.compact_to) update.base = LogBase{*work.compact_to, group.raft.config_at(work.compact_to->index)};
  log_bytes_unflushed += bytes_of(work.append);
  update.append = std::move(work.append);
  promise.groups.emplace_back(update.group, group.raft.last());
}

void Node::State::apply(Replica& group, std::vector<raft::Entry> entries) {
  if (group.halted) return;
  const auto is_config = [](const raft::Entry& entry) { return entry.kind == raft::EntryKind::config; };
  const bool config_changes = std::ranges::any_of(entries, is_config);
  if (something_moves() && config_changes) report_wanted = true;
  if (group.raft.id() == metadata_group && config_changes) publish_peers();
  if (group.held.empty() && takes_more(group) && entries.size() <= portion_entries_max &&
      bytes_of(entries) <= portion_bytes_max)
    return hand_out(group, std::move(entries));
  std::ranges::move(entries, std::back_inserter(group.held));
  hand_out(group);
}

bool Node::State::takes_more(const Replica& group) const {
  const GroupId id = group.raft.id();
  // An install ends with rows of its own moment: what were applied meanwhile would be forgotten here.
  const bool installs =
      transfers.installing(id) || (id == metadata_group && (!metadata_ready || metadata_damaged()));
  return !group.halted && !installs && group.under_way.size() < portions_max;
}

/// In portions, and few at a time: the apply thread serves all groups, and one that catches up would keep the
/// others waiting.
void Node::State::hand_out(Replica& group) {
  if (group.held.empty() || !takes_more(group)) return;
  std::vector<raft::Entry> entries;
  std::size_t bytes = 0;
  while (!group.held.empty() && entries.size() < portion_entries_max && bytes < portion_bytes_max) {
    bytes += group.held.front().bytes();
    entries.push_back(std::move(group.held.front()));
    group.held.pop_front();
  }
  hand_out(group, std::move(entries));
}

void Node::State::hand_out(Replica& group, std::vector<raft::Entry> entries) {
  const GroupId id = group.raft.id();
  group.handed = entries.back().index;
  group.under_way.push_back({group.handed, now.mono});
  if (options.trace) {
    for (const raft::Entry& entry : entries) {
      trace({TraceKind::apply, id, entry.term, entry.index, {}, 0, entry_hash(entry)});
    }
  }
  const bool wanted = !group.writes.empty();
  // A group may come up twice in one step: its entries join, so that a task names each group once.
  std::vector<GroupEntries>& groups = apply_task.groups;
  if (group.task_place >= groups.size() || groups[group.task_place].group != id) {
    group.task_place = groups.size();
    groups.push_back({id, std::move(entries), wanted});
    return;
  }
  groups[group.task_place].want_replies |= wanted;
  std::ranges::move(entries, std::back_inserter(groups[group.task_place].entries));
}

void Node::State::role_changed(Replica& group) {
  const GroupId id = group.raft.id();
  const Term term = group.raft.term();
  if (group.raft.role() == raft::Role::leader) {
    if (group.claimed != term) {
      group.claimed = term;
      group.claimed_at = now.mono;
      live.claim(id, term);
      pulse_all = true;
      // What an earlier leader knew of due clean-up is not known here: look.
      group.next_due_ns = now.wall.ns;
      schedule_due(group);
    }
  } else if (group.claimed != Term()) {
    live.disclaim(id, group.claimed);
    group.claimed = Term();
    pulse_all = true;
    awaiting_support.erase(id);
    transfers.stop_sending(id);
    paces.erase(id);
    give_back(group);
  }
  if (id == metadata_group && group.raft.leader() != NodeId()) read_metadata();
  if (group.raft.leader() != NodeId())
    set_leader(id, group.raft.leader(), term);
  else if (leaders[id.value] == self)
    set_leader(id, NodeId(), term);
}

/// Cut off here is not lost: with five replicas another one may still hold the entry, be elected and commit
/// it. Only an other entry committed in its place proves the loss (answer_writes).
void Node::State::answer_lost(Replica& group, const std::vector<raft::Decided>& lost) {
  for (const raft::Decided& one : lost) {
    const auto write = group.writes.take(raft::Position{one.index, one.term});
    if (!write) continue;
    reply(write->origin, group.raft.id(), fail(Code::timeout, "another leader cut the write off its log"),
          {.stages = &write->stages});
  }
}

/// A deadline that moves away leaves the timer where it is: it is looked at again then. Nearly all do,
/// because answers come.
void Node::State::update_timer(Replica& group) {
  const Time deadline = group.raft.deadline();
  if (deadline >= group.timer) return;
  if (group.timer != never) timers.erase({group.timer, group.raft.id()});
  group.timer = deadline;
  timers.emplace(deadline, group.raft.id());
}

void Node::State::trace(TraceEvent event) {
  if (options.trace) turn.trace.push_back(event);
}

/// What a log says is traced once it is durable: the trace never has to take anything back after a crash.
void Node::State::trace_work(Replica& group, const raft::Work& work) {
  const GroupId id = group.raft.id();
  const auto promised = [&](TraceEvent event) { promise.trace.push_back(event); };
  if (work.hard_state) trace_hard_state(group, *work.hard_state, promised);
  // A log that a snapshot replaces is not cut, it is stood for.
  const bool replaced =
      work.compact_to && work.truncate_from && *work.truncate_from <= work.compact_to->index;
  if (work.truncate_from && !replaced) promised({TraceKind::truncate, id, {}, *work.truncate_from, {}, 0, 0});
  for (const raft::Entry& entry : work.append) {
    promised({TraceKind::append, id, entry.term, entry.index, {}, 0, entry_hash(entry)});
  }
  if (work.hard_state && work.hard_state->commit != group.traced.commit) {
    promised({TraceKind::commit, id, {}, work.hard_state->commit, {}, 0, 0});
  }
  if (work.hard_state) group.traced = *work.hard_state;
  if (work.role_changed && group.raft.role() == raft::Role::leader && group.claimed != group.raft.term()) {
    trace({TraceKind::leader, id, group.raft.term(), group.raft.last().index, {}, 0, 0});
  }
}

void Node::State::trace_hard_state(const Replica& group, const raft::HardState& hard,
                                   const std::function<void(TraceEvent)>& tell) {
  const GroupId id = group.raft.id();
  const bool new_term = hard.term != group.traced.term;
  if (new_term) tell({TraceKind::term, id, hard.term, {}, {}, 0, 0});
  if (hard.vote != NodeId() && (new_term || hard.vote != group.traced.vote)) {
    tell({TraceKind::vote, id, hard.term, {}, hard.vote, 0, 0});
  }
}

/// What is not durable yet of the log below the snapshot is not told any more: the snapshot stands for it.
void Node::State::trace_snapshot(GroupId group, raft::Position at) {
  for (LogPromise& kept : promises) {
    std::erase_if(kept.trace, [&](const TraceEvent& event) {
      const bool of_log = event.kind == TraceKind::append || event.kind == TraceKind::commit ||
                          event.kind == TraceKind::truncate;
      return of_log && event.group == group && event.index <= at.index;
    });
  }
  trace({TraceKind::snapshot, group, at.term, at.index, {}, 0, 0});
}

/// A restarted replica tells what its disk holds, so that the trace after `restart` stands alone.
void Node::State::trace_restart(Replica& group, const raft::Restored& restored) {
  if (!options.trace) return;
  const GroupId id = group.raft.id();
  trace({TraceKind::restart, id, {}, {}, {}, 0, 0});
  trace_hard_state(group, restored.hard, [this](TraceEvent event) { trace(event); });
  for (const raft::Entry& entry : restored.log) {
    trace({TraceKind::append, id, entry.term, entry.index, {}, 0, entry_hash(entry)});
  }
  trace({TraceKind::commit, id, {}, restored.hard.commit, {}, 0, 0});
  group.traced = restored.hard;
}

}  // namespace nodedb::node
