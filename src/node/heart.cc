// SPDX-License-Identifier: Apache-2.0
// Pulses out and in, who has fallen silent, and who leads what as far as this node knows.
#include <algorithm>
#include <utility>

#include "node/state.h"

namespace nodedb::node {

namespace {

constexpr std::int64_t routing_interval_ns = 50 * ns_per_ms;

}  // namespace

bool Node::State::connected(NodeId peer) const {
  const auto uuid = uuids.find(peer);
  if (uuid == uuids.end()) return false;
  const auto entry = known.find(uuid->second);
  return entry != known.end() && entry->second.connected;
}

Time Node::State::pulse_due(NodeId peer) const {
  const auto next = next_pulse.find(peer);
  return next == next_pulse.end() ? now.mono : next->second;
}

/// The end of a step: pulses that are due, wanted by a read round, caused by a new claim, or owed as an
/// answer.
void Node::State::beat() {
  if (!identity) return;
  const bool all = pulse_all || round_wanted;
  for (const auto& [peer, uuid] : uuids) {
    if (peer == self || !connected(peer)) continue;
    if (all || answers.contains(peer) || pulse_due(peer) <= now.mono) send_pulse(peer, round_wanted);
  }
  pulse_all = false;
  round_wanted = false;
  answers.clear();
}

void Node::State::send_pulse(NodeId peer, bool reply_now) {
  auto pulse = live.make_pulse(peer, now.mono, reply_now, refusals_for(peer), [&](GroupId group) {
    const Replica* led = replica(group);
    return led == nullptr ? Index() : led->raft.commit_for(peer);
  });
  turn.send_now.push_back({uuids.at(peer), std::move(pulse)});
  // Any pulse is as good as the regular one. The other of the two leaves whoever keeps time the first word.
  next_pulse[peer] = now.mono + options.pulse_ns + (keeps_time(peer) ? 0 : options.pulse_ns / 4);
}

/// Of two nodes one sends its pulses by the clock, and the other's go along with the packets that acknowledge
/// them: a fourth of an idle cluster's datagrams. Who keeps time sends most of them, so the parts are shared
/// out: of three nodes each keeps time for one pair.
bool Node::State::keeps_time(NodeId peer) const {
  return (self.value + peer.value) % 2 == 1 ? self < peer : peer < self;
}

Time Node::State::next_pulses() const {
  Time first = never;
  for (const auto& [peer, uuid] : uuids)
    if (peer != self && connected(peer)) first = std::min(first, pulse_due(peer));
  return first;
}

std::vector<raft::Refusal> Node::State::refusals_for(NodeId peer) const {
  std::vector<raft::Refusal> refusals;
  for (const auto& [group, term] : live.claims_of(peer)) {
    const Replica* here = replica(group);
    if (here == nullptr) {
      refusals.push_back({group, Term()});
    } else if (here->raft.term() != term || here->raft.leader() != peer) {
      refusals.push_back({group, here->raft.term()});
    }
  }
  return refusals;
}

void Node::State::receive(NodeId peer, const raft::Pulse& pulse) {
  const raft::Liveness::Received received = live.receive(peer, pulse, now.mono);
  if (received.stale) return;
  vouch_for(peer);
  if (received.peer_restarted) lost_touch(peer);
  for (const raft::Claim& claim : received.claims) {
    if (Replica* here = replica(claim.group)) {
      here->raft.claimed(now.mono, peer, claim);
      touch(claim.group);
      if (claim.leading && here->raft.term() > claim.term) answers.insert(peer);
    }
    if (claim.leading) {
      set_leader(claim.group, peer, claim.term);
    } else if (leaders[claim.group.value] == peer && leader_terms[claim.group.value] <= claim.term) {
      set_leader(claim.group, NodeId(), claim.term);
    }
  }
  for (const raft::Refusal& refusal : received.refusals) {
    if (Replica* here = replica(refusal.group)) {
      here->raft.refused(now.mono, peer, refusal.term);
      touch(refusal.group);
    }
  }
  if (received.echoed) {
    for (const GroupId group : std::exchange(awaiting_support, {})) {
      raft::Group& raft = replica(group)->raft;
      raft.support_changed(now.mono, live);
      if (raft.awaits_support()) awaiting_support.insert(group);
      touch(group);
    }
  }
  const bool soon_due = pulse_due(peer) - now.mono < options.pulse_ns / 2;
  if (received.answer_now || soon_due) answers.insert(peer);
}

/// One election timeout without a sign of life: the groups that followed or counted on the peer are told.
void Node::State::find_silent() {
  for (const auto& [peer, uuid] : uuids) {
    if (peer == self || silent.contains(peer)) continue;
    const Time heard = live.last_heard(peer);
    if (heard == long_ago || now.mono - heard < options.raft.election_timeout_ns) continue;
    silent.insert(peer);
    lost_touch(peer);
  }
  find_deaf();
}

/// Until when `peer` is taken to hear this node, if nothing more comes from it.
Time Node::State::heard_until(NodeId peer) const {
  const auto since = healthy_since.find(peer);
  const Time in_touch = since == healthy_since.end() ? now.mono : since->second;
  return std::max(live.last_echoed(peer), in_touch) + options.raft.election_timeout_ns;
}

/// A peer that speaks but has answered no pulse for one election timeout does not hear this node: groups that
/// are led here may have lost their quorum.
void Node::State::find_deaf() {
  for (const auto& [peer, uuid] : uuids) {
    if (peer == self || silent.contains(peer)) continue;
    if (heard_until(peer) > now.mono) {
      deaf.erase(peer);
      continue;
    }
    if (!deaf.insert(peer).second) continue;
    for (const auto& here : replicas) {
      if (!here || here->raft.role() != raft::Role::leader) continue;
      here->raft.peer_silent(now.mono, peer, live);
      touch(here->raft.id());
    }
  }
}

Time Node::State::next_silence() const {
  Time first = never;
  for (const auto& [peer, uuid] : uuids) {
    if (peer == self || silent.contains(peer)) continue;
    const Time heard = live.last_heard(peer);
    if (heard != long_ago) first = std::min(first, heard + options.raft.election_timeout_ns);
    if (heard != long_ago && !deaf.contains(peer)) first = std::min(first, heard_until(peer));
  }
  return first;
}

void Node::State::lost_touch(NodeId peer) {
  healthy_since.erase(peer);
  for (const auto& here : replicas) {
    if (!here) continue;
    if (here->raft.leader() != peer && here->raft.role() != raft::Role::leader) continue;
    here->raft.peer_silent(now.mono, peer, live);
    touch(here->raft.id());
  }
  for (std::uint32_t group = 0; group < group_count; ++group) {
    if (leaders[group] == peer) set_leader(GroupId(group), NodeId(), leader_terms[group]);
  }
  gateway.peer_lost(now.mono, peer);
}

/// Silence made its hints void, and pulses only tell what changes: what it claimed before holds again. Should
/// it be another life's claim, the next pulse says so.
void Node::State::heard_again(NodeId peer) {
  for (const auto& [group, term] : live.claims_of(peer)) set_leader(group, peer, term);
}

/// Takes a hint about who leads; a hint of an earlier term loses.
void Node::State::set_leader(GroupId group, NodeId leader, Term term) {
  if (term < leader_terms[group.value]) return;
  leader_terms[group.value] = term;
  if (leaders[group.value] == leader) return;
  leaders[group.value] = leader;
  routing_changed = true;
  gateway.leader_changed(now.mono, group, leaders);
  // Asked before whoever drains has handed the group back.
  if (group == metadata_group && metadata_damaged()) next_upkeep = now.mono;
}

void Node::State::publish_routing() {
  if (!identity || !routing_changed || now.mono - routing_at < routing_interval_ns) return;
  auto routing = std::make_shared<Routing>();
  routing->cluster = tables.cluster.value_or(identity->genesis.cluster);
  routing->self = self;
  for (const auto& [id, member] : tables.members) routing->members.push_back(member);
  routing->routes.reserve(vshard_count);
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    const meta::Placement& placement = tables.placement[v];
    routing->routes.push_back({leaders[group_of(VShardId(v)).value], placement.epoch, placement.replicas});
  }
  for (const auto& [id, intent] : tables.migrations.intents()) {
    if (auto record = tables.migrations.find(id)) routing->migrations.push_back(std::move(*record));
  }
  turn.routing = std::move(routing);
  routing_changed = false;
  routing_at = now.mono;
}

}  // namespace nodedb::node
