// SPDX-License-Identifier: Apache-2.0
// Joins snapshot transfers (transfers.h) to groups: who needs one, and what changes once one is installed.
#include <utility>

#include "base/node_list.h"
#include "node/state.h"

namespace nodedb::node {

void Node::State::receive(SnapshotOpened done) {
  const auto group = transfers.sending_group(done.transfer);
  const Replica* led = group ? replica(*group) : nullptr;
  std::optional<raft::Config> config;
  if (led != nullptr && led->raft.role() == raft::Role::leader && done.at &&
      led->raft.term_at(done.at->index) == done.at->term) {
    config = led->raft.config_at(done.at->index);
  }
  transfers.opened(now.mono, done, led == nullptr ? Term() : led->raft.term(), config);
}

void Node::State::receive(SnapshotRead done) {
  transfers.read(now.mono, std::move(done));
}

void Node::State::receive(SnapshotClosed) {}

void Node::State::receive(Staged done) {
  const Replica* here = replica(done.group);
  // What arrived by the log meanwhile makes the snapshot pointless: installing it would set the state back.
  const bool mends = done.group == metadata_group && metadata_damaged();
  if (here != nullptr && !mends && !transfers.installing(done.group) &&
      transfers.overtaken(done.group, here->handed)) {
    transfers.abandon(done.group);
    return;
  }
  transfers.staged(now.mono, done);
}

void Node::State::receive(NodeId peer, const wire::SnapshotOffer& offer) {
  Replica* here = replica(offer.group);
  const bool behind =
      here != nullptr && offer.at.index > here->raft.commit() && offer.at.index > here->handed;
  const bool mends = here != nullptr && offer.group == metadata_group && metadata_damaged() &&
                     offer.at.index >= here->handed;
  // The genesis' rows come first: installed later they would set the state back.
  const bool born = offer.group != metadata_group || metadata_ready;
  const bool needed =
      here != nullptr && born && !here->halted && offer.term >= here->raft.term() && (behind || mends);
  transfers.offer(now.mono, peer, offer, needed);
}

void Node::State::receive(NodeId peer, const wire::SnapshotCredit& credit) {
  transfers.credit(now.mono, peer, credit);
}

void Node::State::receive(NodeId peer, wire::SnapshotChunk chunk) {
  transfers.chunk(now.mono, peer, std::move(chunk));
}

void Node::State::receive(Installed done) {
  if (done.group == metadata_group) {
    meta::Tables fresh;
    fresh.migrations = meta::MigrationStateTable(options.bugs.moves);
    for (Put& row : done.metadata) {
      if (auto absorbed = fresh.absorb(Write(std::move(row))); !absorbed) {
        replica(metadata_group)->halted = absorbed.error();
        notice("the metadata snapshot is not understood: " + absorbed.error().detail);
        return;
      }
    }
    tables = std::move(fresh);
    metadata_ready = true;
    adopt_tables();
    metadata_changed();
  }
  Replica* here = replica(done.group);
  if (here == nullptr) return;
  if (done.transfer == wire::TransferId{}) return hand_out(*here);  // the genesis' own rows
  const auto source = transfers.source(done.group);
  here->raft.installed_snapshot(now.mono, done.at, done.config, source.value_or(NodeId()));
  here->handed = std::max(here->handed, done.at.index);
  here->applied = here->handed;
  here->under_way.clear();
  here->flushed = std::max(here->flushed, done.at.index);
  trace_snapshot(done.group, done.at);
  touch(done.group);
  if (auto credit = transfers.installed(done.group); credit && uuids.contains(credit->first)) {
    turn.send_after.push_back({uuids.at(credit->first), std::move(credit->second)});
  }
  while (!here->held.empty() && here->held.front().index <= done.at.index) here->held.pop_front();
  hand_out(*here);
}

// --- rows of group 0 that cannot be trusted ---

/// Nothing is applied to them: an entry that meets a wrong row would do another thing here than elsewhere.
bool Node::State::metadata_damaged() const {
  return !tables.migrations.quarantined().empty();
}

/// All of group 0's state is taken from its leader anew; a leader whose own rows are damaged hands over
/// first.
void Node::State::mend_metadata() {
  Replica* metadata = replica(metadata_group);
  if (!metadata_damaged() || metadata == nullptr) return;
  if (metadata->raft.role() == raft::Role::leader) {
    const auto successor = any_successor(*metadata);
    if (successor && !metadata->raft.transferring_to()) (void)metadata->raft.transfer(now.mono, *successor);
    touch(metadata_group);
    return;
  }
  const NodeId leader = leaders[metadata_group.value];
  if (leader == NodeId() || !uuids.contains(leader)) return;
  turn.send_now.push_back({uuids.at(leader), wire::SnapshotWanted{metadata_group}});
}

void Node::State::receive(NodeId peer, const wire::SnapshotWanted& wanted) {
  const Replica* led = replica(wanted.group);
  if (led == nullptr || led->raft.role() != raft::Role::leader) return;
  if (wanted.group == metadata_group && metadata_damaged()) return;
  if (!contains(led->raft.config().members(), peer)) return;
  transfers.start(now.mono, wanted.group, peer);
}

void Node::State::take_transfers() {
  Transfers::Output out = transfers.take_output();
  for (auto& [to, message] : out.sends) {
    if (uuids.contains(to)) turn.send_now.push_back({uuids.at(to), std::move(message)});
  }
  for (StateTask& task : out.tasks) give(std::move(task));
  for (const Transfers::Finished& one : out.finished) {
    Replica* led = replica(one.group);
    if (led == nullptr) continue;
    led->raft.snapshot_sent(now.mono, one.to, one.ok);
    touch(one.group);
  }
}

}  // namespace nodedb::node
