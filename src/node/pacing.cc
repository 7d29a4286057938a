// SPDX-License-Identifier: Apache-2.0
// Writes to a moving vShard that are held back (pace.h): the leader watches the copy, keeps the writes in the
// order in which they came, and lets them go in time, or all at once when it leads no longer.
#include <algorithm>
#include <utility>

#include "node/state.h"

namespace nodedb::node {

namespace {

constexpr std::int64_t pacing_ns = 100 * ns_per_ms;

/// From the addition of the learner until it votes.
bool copies(const meta::Migration& record) {
  const meta::MigrationPhase phase = record.checkpoint.phase();
  return !record.intent.aborting &&
         (phase == meta::MigrationPhase::add_learner || phase == meta::MigrationPhase::catch_up);
}

}  // namespace

void Node::State::pace_writes() {
  const auto& intents = tables.migrations.intents();
  if (options.write_delay_max_ns == 0 || (intents.empty() && paces.empty()) || now.mono < next_pacing) return;
  next_pacing = now.mono + pacing_ns;
  std::erase_if(paces, [&](const auto& one) {
    const auto record = tables.migrations.of(vshard_of(one.first));
    return !record || !copies(*record);
  });
  for (const auto& [id, intent] : intents) {
    const GroupId group = group_of(intent.first.vshard);
    const Replica* led = replica(group);
    if (led == nullptr || led->raft.role() != raft::Role::leader) continue;
    const auto record = tables.migrations.find(id);
    if (!record || !copies(*record)) continue;
    const auto followers = led->raft.followers();
    const auto target = std::ranges::find(followers, intent.first.target, &raft::Group::Follower::node);
    if (target == followers.end()) continue;
    Pace& pace = paces
                     .try_emplace(group, options.write_delay_max_ns, options.log_bytes_for_move,
                                  options.snapshot_bytes_per_second)
                     .first->second;
    Pace::Copy copy;
    copy.streaming = target->state == raft::Group::Follower::State::stream;
    copy.match = target->match;
    if (const auto snapshot = transfers.progress(group, intent.first.target)) {
      copy.streaming = false;
      copy.copied_bytes = snapshot->sent_bytes;
      copy.copy_bytes = snapshot->bytes;
      copy.match = std::max(copy.match, snapshot->at);
    }
    copy.lag_entries = led->raft.last().index.value - std::min(copy.match, led->raft.last().index).value;
    copy.lag_bytes = led->raft.log_bytes_above(copy.match);
    const bool slowed = pace.bytes_per_second() != 0;
    pace.look(now.mono, copy);
    if (!slowed && pace.bytes_per_second() != 0) {
      notice(named(intent.first.vshard) + ": writes are limited to " +
             std::to_string(pace.bytes_per_second() / 1024) + " KiB/s so that its copy can end");
    }
  }
}

void Node::State::hold_back(Replica& group, Time until, Replica::Staged write) {
  if (group.held_back.empty()) held_back.emplace(until, group.raft.id());
  group.held_back.push_back({until, std::move(write)});
}

void Node::State::release_due() {
  while (!held_back.empty() && held_back.begin()->first <= now.mono) {
    const GroupId id = held_back.begin()->second;
    held_back.erase(held_back.begin());
    Replica& group = *replica(id);
    if (group.staged.empty()) staged.push_back(id);
    while (!group.held_back.empty() && group.held_back.front().until <= now.mono) {
      group.staged.push_back(std::move(group.held_back.front().write));
      group.held_back.pop_front();
    }
    if (!group.held_back.empty()) held_back.emplace(group.held_back.front().until, id);
  }
}

/// The next leader is asked at once: what was held back is in nobody's log.
void Node::State::give_back(Replica& group) {
  if (group.held_back.empty()) return;
  const GroupId id = group.raft.id();
  held_back.erase({group.held_back.front().until, id});
  for (const Replica::HeldBack& one : std::exchange(group.held_back, {})) {
    reply(one.write.origin, id, fail(Code::not_leader, "leadership was lost"), {group.raft.leader()});
  }
}

}  // namespace nodedb::node
