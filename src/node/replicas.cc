// SPDX-License-Identifier: Apache-2.0
// Replicas that come and go with migrations: made by the target, newborn; destroyed log first, state second.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/node_list.h"
#include "node/state.h"

namespace nodedb::node {

bool Node::State::wants_replica(VShardId vshard) const {
  if (contains(tables.placement[vshard.value].replicas, self)) return true;
  const auto migration = tables.migrations.of(vshard);
  return migration && (migration->intent.first.target == self || migration->intent.first.source == self);
}

/// Rows of group 0 have changed here.
void Node::State::metadata_changed() {
  find_retired();
  raise_replicas();
  recover_replicas();
  find_deviations();
  offer_again();
  std::erase_if(pauses, [&](const auto& pause) { return !tables.migrations.of(vshard_of(pause.first)); });
  report_wanted = true;
  drive_wanted = true;
  reconciler.changed();
  next_pacing = now.mono;
}

/// Makes an empty replica, here and on disk.
void Node::State::bear_replica(GroupId group, const raft::Config& config, std::optional<Time> promised) {
  const raft::HardState hard{birth.term, NodeId(), birth.index};
  GroupLogUpdate update;
  update.group = group;
  update.hard = hard;
  update.base = LogBase{birth, config};
  log_batch().groups.push_back(std::move(update));
  add_replica(group, raft::Restored{hard, birth, config, {}, birth.index, promised}, birth.index);
  trace({TraceKind::snapshot, group, birth.term, birth.index, {}, 0, 0});
}

/// Whoever is to hold a replica makes it by itself, empty and in nobody's config: a newborn (rule R7). That
/// is a migration's target, and who was added to a placement. It waits until its rows of group 0 are those of
/// this life: older ones may name this node for what has left it since.
void Node::State::raise_replicas() {
  if (!identity || !metadata_current()) return;
  for (const auto& [id, intent] : tables.migrations.intents()) {
    if (intent.first.target == self && !intent.aborting && intent.cutover == 0)
      raise(group_of(intent.first.vshard));
  }
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    if (contains(tables.placement[v].replicas, self)) raise(group_of(VShardId(v)));
  }
}

void Node::State::ask(MetadataRead& read) {
  read = {now.mono, ++last_token, std::nullopt};
  // No leader yet, or too much else: whoever wants it asks again.
  (void)replica(metadata_group)->raft.read_index(now.mono, read.token, live);
  touch(metadata_group);
}

bool Node::State::is_done(const MetadataRead& read) const {
  const Replica* metadata = replica(metadata_group);
  return metadata != nullptr && read.index && metadata->applied >= *read.index;
}

void Node::State::metadata_granted(const raft::ReadGrant& grant) {
  if (!grant.granted) return;
  if (life_read.token == grant.context) {
    life_read.index = grant.index;
    raise_replicas();
  }
  for (auto& [peer, entry] : known) {
    if (entry.row_read.token != grant.context) continue;
    entry.row_read.index = grant.index;
    offer_genesis(peer);
  }
}

/// Do the rows of group 0 here hold all that was decided before this life began?
bool Node::State::metadata_current() const {
  return is_done(life_read);
}

void Node::State::read_metadata() {
  if (replica(metadata_group) != nullptr && !life_read.index) ask(life_read);
}

void Node::State::raise(GroupId group) {
  if (replica(group) != nullptr || graves.contains(group)) return;
  const auto buried = buried_at.find(group);
  bear_replica(group, raft::Config{}, buried == buried_at.end() ? booted : buried->second);
  report_wanted = true;
}

/// Log first, state second: a state without a log is an orphan that the next boot destroys. Until both are
/// gone no new replica of the group is made here, so that nothing of the old one can be taken for its own.
void Node::State::bury(GroupId group) {
  Replica& old = *replica(group);
  CHECK(old.raft.role() != raft::Role::leader);
  if (old.timer != never) timers.erase({old.timer, group});
  if (old.claimed != Term()) live.disclaim(group, old.claimed);
  transfers.stop_sending(group);
  transfers.abandon(group);
  std::erase(dirty, group);
  std::erase(staged, group);
  give_back(old);
  awaiting_support.erase(group);
  std::erase_if(due, [&](const auto& one) { return one.second == group; });
  const auto gone = [] { return Error{Code::not_leader, "the replica has left this node"}; };
  for (const Replica::Staged& one : old.staged) reply(one.origin, group, std::unexpected(gone()));
  for (const PendingWrite& one : old.writes) {
    reply(one.origin, group, fail(Code::timeout, "the replica has left this node"), {.stages = &one.stages});
  }
  std::vector<std::uint64_t> waiting;
  for (const auto& [token, read] : reads) {
    if (read.group == group) waiting.push_back(token);
  }
  for (const std::uint64_t token : waiting) drop_read(token, gone());
  end_local_reads(group);
  GroupLogUpdate update;
  update.group = group;
  update.destroy = true;
  LogBatch& batch = log_batch();
  std::erase_if(batch.groups, [&](const GroupLogUpdate& one) { return one.group == group; });
  batch.groups.push_back(std::move(update));
  // What it promises in this step rests on the writes that have just been dropped.
  for (auto& [to, bundle] : bundle_after)
    std::erase_if(bundle.messages, [&](const wire::GroupMessage& one) { return one.group == group; });
  promise.buried.push_back(group);
  std::erase_if(promise.groups, [&](const auto& one) { return one.first == group; });
  graves.insert(group);
  buried_at[group] = now.mono;
  replicas[group.value].reset();
  notice("the replica of vShard " + std::to_string(vshard_of(group).value) + " leaves this node");
}

void Node::State::receive(Destroyed done) {
  graves.erase(done.group);
  report_wanted = true;
  raise_replicas();
}

/// Groups led here whose config is not what is wanted, and replicas that nobody wants here.
void Node::State::find_deviations() {
  deviating.clear();
  orphans.clear();
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    const GroupId group = group_of(VShardId(v));
    const Replica* here = replica(group);
    if (here == nullptr) continue;
    if (!wants_replica(VShardId(v))) orphans.insert(group);
    if (here->raft.role() != raft::Role::leader) continue;
    const raft::Config& config = here->raft.config();
    std::vector<NodeId> wanted = tables.placement[v].replicas;
    std::ranges::sort(wanted);
    if (config.joint() || !config.learners.empty() || config.voters != wanted ||
        tables.recoveries.contains(VShardId(v))) {
      deviating.insert(group);
    }
  }
}

}  // namespace nodedb::node
