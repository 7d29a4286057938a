// SPDX-License-Identifier: Apache-2.0
// What the apply thread reports, except snapshots (snapshots.cc) and reads (leading.cc).
#include <algorithm>
#include <utility>

#include "node/state.h"
#include "wire/command_codec.h"

namespace nodedb::node {

namespace {

constexpr std::int64_t due_pause_ns = 50 * ns_per_ms;

}  // namespace

void Node::State::receive(Applied done) {
  for (std::size_t i = 0; i < done.groups.size(); ++i) {
    look_ahead(done.groups, i, [](const GroupApplied& later) { return later.group; });
    GroupApplied& one = done.groups[i];
    Replica* group = replica(one.group);
    if (group == nullptr) continue;
    group->applied = std::max(group->applied, one.applied.index);
    group->raft.applied(group->applied);
    const Time handed = group->under_way.empty() ? not_reached : group->under_way.front().handed;
    while (!group->under_way.empty() && group->under_way.front().last <= group->applied)
      group->under_way.pop_front();
    for (Write& row : one.metadata) {
      if (auto absorbed = tables.absorb(Write(std::move(row))); !absorbed) one.halted = absorbed.error();
    }
    if (!one.metadata.empty()) {
      adopt_tables();
      announce();
      tell_trust();
      metadata_changed();
    }
    answer_writes(*group, std::move(one.replies), handed);
    if (one.next_due_ns && (!group->next_due_ns || *one.next_due_ns < *group->next_due_ns)) {
      group->next_due_ns = one.next_due_ns;
      schedule_due(*group);
    }
    if (one.halted && !group->halted) {
      group->halted = one.halted;
      notice("group " + std::to_string(one.group.value) + " stopped applying: " + one.halted->detail);
      for (const PendingWrite& write : std::exchange(group->writes, {})) {
        reply(write.origin, one.group, std::unexpected(*one.halted), {.stages = &write.stages});
      }
    }
    hand_out(*group);
    hand_out_reads(*group);
  }
}

/// Matches answers to requests by (term, index): the same index in another term is another entry. `handed`:
/// when these entries were given to the apply thread.
void Node::State::answer_writes(Replica& group, std::vector<EntryReply> replies, Time handed) {
  const GroupId id = group.raft.id();
  auto answer = replies.begin();
  for (PendingWrite* write = nullptr;
       (write = group.writes.first()) != nullptr && write->at.index <= group.applied;
       group.writes.pop_first()) {
    while (answer != replies.end() && answer->index < write->at.index) ++answer;
    const bool answered = answer != replies.end() && answer->index == write->at.index;
    const auto term = group.raft.term_at(write->at.index);
    write->stages.handed = handed;
    if (answered && term == write->at.term) {
      write->stages.applied = now.mono;
      if (now.mono - write->stages.proposed > options.raft.election_timeout_ns / 4) slow_write_at = now.mono;
      if (!options.bugs.reply_before_apply)
        reply(write->origin, id, std::move(answer->reply), {.at = write->at.index, .stages = &write->stages});
    } else if (term && term != write->at.term) {
      reply(write->origin, id, fail(Code::lost, "another leader's entry took its place"),
            {.stages = &write->stages});
    } else {
      reply(write->origin, id, fail(Code::timeout, "the write was overtaken by a snapshot"),
            {.stages = &write->stages});
    }
  }
}

void Node::State::receive(Flushed done) {
  if (!flush_running || done.token != flush_token) return;
  flush_running = false;
  for (const auto& [group, durable] : done.behind) {
    if (Replica* here = replica(group); here && !options.bugs.behind_ignored)
      here->flushing = std::min(here->flushing, durable);
  }
  for (const auto& here : replicas) {
    if (here) here->flushed = std::max(here->flushed, here->flushing);
  }
  compact();
}

/// Led groups tell by the wall clock when their state machine has clean-up to do.
void Node::State::schedule_due(Replica& group) {
  if (!group.next_due_ns || group.due_asked || group.raft.role() != raft::Role::leader) return;
  due.emplace(*group.next_due_ns, group.raft.id());
}

void Node::State::run_due() {
  while (!due.empty() && due.begin()->first <= now.wall.ns) {
    Replica* group = replica(due.begin()->second);
    due.erase(due.begin());
    if (group == nullptr || group->due_asked || group->halted) continue;
    if (group->raft.role() != raft::Role::leader || disk_full) continue;
    group->due_asked = true;
    give(DueTask{group->raft.id(), hlc.now(now.wall)});
  }
}

void Node::State::receive(DueFound done) {
  Replica* group = replica(done.group);
  if (group == nullptr) return;
  group->due_asked = false;
  group->next_due_ns = done.next_due_ns;
  if (done.command && group->raft.role() == raft::Role::leader) {
    const wire::CommandEntry entry{hlc.now(now.wall), {}, done.command->view()};
    stage(*group, {Origin{}, wire::encode_command(entry)});
  }
  // Asked again soon while something is due: the command may do only a part of it, or be lost.
  if (group->next_due_ns) group->next_due_ns = std::max(*group->next_due_ns, now.wall.ns + due_pause_ns);
  schedule_due(*group);
}

}  // namespace nodedb::node
