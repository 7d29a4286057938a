// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/raft/harness.h"

#include <algorithm>

namespace nodedb::raft::test {

Config voters(std::uint32_t n) {
  Config config;
  for (std::uint32_t i = 1; i <= n; ++i) config.voters.push_back(NodeId(i));
  return config;
}

World::World(std::uint64_t seed, std::vector<std::uint32_t> ids, Config config, Options options,
             PlantedBugs bugs)
    : options_(options), bugs_(bugs), rng_(seed) {
  for (const std::uint32_t id : ids) {
    Node& node = nodes_[id];
    const auto members = config.members();
    if (std::ranges::binary_search(members, NodeId(id))) {
      const Position genesis{Index(1), Term(1)};
      node.disk = Disk{HardState{Term(1), NodeId(), Index(1)}, genesis, config, {}, Index(1), {}, {}};
    }
  }
  for (const std::uint32_t id : ids) boot(id);
}

std::vector<std::uint32_t> World::ids() const {
  std::vector<std::uint32_t> out;
  for (const auto& [id, node] : nodes_) out.push_back(id);
  return out;
}

// --- time ---

void World::at(Time when, std::function<void()> deed) {
  events_.push(Event{when, order_++, std::move(deed)});
}

Time World::next_wake() const {
  Time soonest = never;
  for (const auto& [id, node] : nodes_) {
    if (node.group) soonest = std::min(soonest, node.group->deadline());
  }
  return soonest;
}

void World::wake_due() {
  for (auto& [id, node] : nodes_) {
    if (!node.group || node.group->deadline() > now_) continue;
    node.group->wake(now_, *node.live);
    drain(id);
    if (node.group->deadline() <= now_) complain("a group wants to be woken again at once");
  }
}

bool World::run(std::int64_t for_ns, const std::function<bool()>& until) {
  const Time end = now_ + for_ns;
  while (!broken_) {
    if (until && until()) return true;
    const Time wake = next_wake();
    const Time event = events_.empty() ? never : events_.top().at;
    const Time next = std::min(wake, event);
    if (next > end) break;
    now_ = std::max(now_, next);
    if (event <= wake) {
      const auto deed = events_.top().deed;
      events_.pop();
      deed();
    } else {
      wake_due();
    }
  }
  now_ = std::max(now_, end);
  return until ? until() : !broken_;
}

// --- boot and crash ---

void World::boot(std::uint32_t id) {
  Node& node = nodes_.at(id);
  Disk& disk = node.disk;
  if (disk.snapshot.index > disk.base.index) compact_disk(disk, disk.snapshot);
  ++node.incarnation;
  node.booted = node.disk_free = now_;
  node.silent.clear();
  node.deaf.clear();
  node.reads.clear();
  node.seen_role = Role::follower;
  node.applied.resize(std::min(
      node.applied.size(), static_cast<std::size_t>(disk.applied.value > 0 ? disk.applied.value - 1 : 0)));
  node.live = std::make_unique<Liveness>(Incarnation(node.incarnation));
  const Restored restored{disk.hard, disk.base, disk.base_config, disk.log, disk.applied};
  checker.restarted(id_, NodeId(id), disk.hard, std::max(disk.applied, disk.base.index));
  node.group = std::make_unique<Group>(id_, NodeId(id), options_, restored, rng_.fork(), stamp(), bugs_);
  drain(id);
  pulse_timer(id, node.incarnation);
}

void World::crash(std::uint32_t id) {
  Node& node = nodes_.at(id);
  node.group.reset();
  node.live.reset();
  ++node.incarnation;  // whatever was under way for the old one is void
  ++crashes;
}

void World::restart(std::uint32_t id) {
  if (!up(id)) boot(id);
}

void World::isolate(std::uint32_t id) {
  for (const auto& [other, node] : nodes_) {
    if (other == id) continue;
    cut(id, other);
    cut(other, id);
  }
}

// --- network ---

bool World::passes(std::uint32_t from, std::uint32_t to) {
  return nodes_.contains(to) && !cuts_.contains({from, to}) && !rng_.chance(climate.loss);
}

void World::transmit(std::uint32_t from, std::uint32_t to, std::function<void()> arrive) {
  const std::uint64_t incarnation = nodes_.at(from).incarnation;
  const int copies = rng_.chance(climate.repeat) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    if (!passes(from, to)) continue;
    const Time when = now_ + rng_.between(climate.delay_min_ns, climate.delay_max_ns);
    at(when, [this, from, to, incarnation, arrive] {
      if (!up(to) || cuts_.contains({from, to})) return;
      if (nodes_.at(from).incarnation == incarnation) {
        nodes_.at(to).live->heard(NodeId(from), now_);
        nodes_.at(to).silent.erase(from);
      }
      ++messages;
      arrive();
    });
  }
}

void World::send(std::uint32_t from, const Envelope& envelope) {
  if (dropped_kinds.contains(envelope.message.index())) return;
  const std::uint32_t to = envelope.to.value;
  const auto* vote = std::get_if<VoteReply>(&envelope.message);
  if (vote != nullptr && vote->granted && !vote->pre)
    checker.voted(id_, NodeId(from), vote->term, envelope.to);
  transmit(from, to, [this, from, to, message = envelope.message] {
    group(to).receive(now_, NodeId(from), message, live(to));
    drain(to);
  });
}

void World::pulse_timer(std::uint32_t id, std::uint64_t incarnation) {
  at(now_ + rng_.between(climate.pulse_ns / 2, climate.pulse_ns), [this, id, incarnation] {
    if (!up(id) || nodes_.at(id).incarnation != incarnation) return;
    pulses(id, false);
    look_for_silence(id);
    pulse_timer(id, incarnation);
  });
}

void World::pulses(std::uint32_t id, bool reply_now) {
  for (const auto& [other, node] : nodes_) {
    if (other != id) pulse(id, other, reply_now);
  }
}

void World::pulse(std::uint32_t from, std::uint32_t to, bool reply_now) {
  Node& node = nodes_.at(from);
  std::vector<Refusal> refusals;
  for (const auto& [claimed, term] : node.live->claims_of(NodeId(to))) {
    if (node.group->leader() == NodeId(to) && node.group->term() == term) continue;
    refusals.push_back(Refusal{claimed, node.group->term()});
  }
  const Pulse pulse = node.live->make_pulse(NodeId(to), now_, reply_now, refusals,
                                            [&](GroupId) { return node.group->commit_for(NodeId(to)); });
  transmit(from, to, [this, from, to, pulse] { receive_pulse(from, to, pulse); });
}

void World::receive_pulse(std::uint32_t from, std::uint32_t to, const Pulse& pulse_in) {
  Node& node = nodes_.at(to);
  const auto received = node.live->receive(NodeId(from), pulse_in, now_);
  if (received.stale) return;
  if (received.peer_restarted) node.group->peer_silent(now_, NodeId(from), *node.live);
  for (const Claim& claim : received.claims) node.group->claimed(now_, NodeId(from), claim);
  for (const Refusal& refusal : received.refusals) node.group->refused(now_, NodeId(from), refusal.term);
  if (received.echoed) node.group->support_changed(now_, *node.live);
  drain(to);
  if (received.answer_now) pulse(to, from, false);
}

void World::look_for_silence(std::uint32_t id) {
  Node& node = nodes_.at(id);
  for (const auto& [other, peer] : nodes_) {
    const Time heard = std::max(node.live->last_heard(NodeId(other)), node.booted);
    if (other == id || heard > now_ - options_.election_timeout_ns || !node.silent.insert(other).second)
      continue;
    node.group->peer_silent(now_, NodeId(other), *node.live);
    drain(id);
  }
  look_for_deafness(id);
}

void World::look_for_deafness(std::uint32_t id) {
  Node& node = nodes_.at(id);
  for (const auto& [other, peer] : nodes_) {
    if (other == id) continue;
    const Time answered = std::max(node.live->last_echoed(NodeId(other)), node.booted);
    if (answered > now_ - options_.election_timeout_ns) {
      node.deaf.erase(other);
    } else if (node.deaf.insert(other).second) {
      node.group->peer_silent(now_, NodeId(other), *node.live);
      drain(id);
    }
  }
}

// --- disk ---

void World::persist(std::uint32_t id, Batch batch) {
  Node& node = nodes_.at(id);
  node.disk_free =
      std::max(node.disk_free, now_) + rng_.between(climate.persist_min_ns, climate.persist_max_ns);
  at(node.disk_free, [this, id, incarnation = node.incarnation, batch = std::move(batch)] {
    if (!up(id) || nodes_.at(id).incarnation != incarnation) return;
    make_durable(id, batch);
    for (const Envelope& envelope : batch.send_after) send(id, envelope);
    group(id).persisted(now_, batch.last);
    drain(id);
  });
}

void World::make_durable(std::uint32_t id, const Batch& batch) {
  Disk& disk = nodes_.at(id).disk;
  if (batch.hard) {
    checker.persisted(id_, NodeId(id), *batch.hard);
    disk.hard = *batch.hard;
  }
  if (batch.truncate_from) {
    std::erase_if(disk.log, [&](const Entry& entry) { return entry.index >= *batch.truncate_from; });
  }
  disk.log.insert(disk.log.end(), batch.append.begin(), batch.append.end());
  if (batch.compact_to) compact_disk(disk, *batch.compact_to);
}

void World::compact_disk(Disk& disk, Position to) {
  if (to.index <= disk.base.index) return;
  const auto at = std::ranges::find(disk.log, to.index, &Entry::index);
  const bool matches = at != disk.log.end() && at->term == to.term;
  for (const Entry& entry : disk.log) {
    if (matches && entry.index <= to.index && entry.kind == EntryKind::config) {
      disk.base_config = *decode_config(entry.payload.view());
    }
  }
  if (!matches) {
    disk.log.clear();
    if (to == disk.snapshot) disk.base_config = disk.snapshot_config;
  }
  std::erase_if(disk.log, [&](const Entry& entry) { return entry.index <= to.index; });
  disk.base = to;
}

// --- the group's work ---

void World::drain(std::uint32_t id) {
  Node& node = nodes_.at(id);
  while (node.group && node.group->has_work()) {
    observe(id);
    step_after(id, node.group->take_work());
  }
  observe(id);
}

void World::step_after(std::uint32_t id, Work work) {
  Node& node = nodes_.at(id);
  for (const Entry& entry : work.append) {
    const auto previous = node.group->term_at(entry.index - 1);
    if (previous) checker.appended(id_, NodeId(id), entry, *previous);
  }
  if (work.commit_rose) node.live->touch(id_);
  for (const Envelope& envelope : work.send_now) send(id, envelope);
  apply(id, work.apply);
  for (const ReadGrant& grant : work.reads) answer(id, grant);
  lost.insert(lost.end(), work.lost.begin(), work.lost.end());
  for (const NodeId to : work.snapshot_to) send_snapshot(id, to.value);
  if (work.must_persist()) {
    persist(id, Batch{work.hard_state, work.truncate_from, std::move(work.append), work.compact_to,
                      std::move(work.send_after), node.group->last()});
  } else {
    for (const Envelope& envelope : work.send_after) send(id, envelope);
  }
  if (work.wants_round) pulses(id, true);
}

void World::apply(std::uint32_t id, const std::vector<Entry>& entries) {
  Node& node = nodes_.at(id);
  for (const Entry& entry : entries) {
    checker.applied(id_, NodeId(id), entry);
    if (node.applied.size() + 2 != entry.index.value) complain("R6: an entry meets a state of another index");
    node.applied.push_back(entry);
    node.group->applied(entry.index);
  }
}

void World::observe(std::uint32_t id) {
  Node& node = nodes_.at(id);
  if (!node.group) return;
  const bool led = node.seen_role == Role::leader;
  const bool leads = node.group->role() == Role::leader;
  if (led && (!leads || node.group->term() != node.seen_term)) node.live->disclaim(id_, node.seen_term);
  if (leads && (!led || node.group->term() != node.seen_term)) {
    checker.elected(id_, node.group->term(), NodeId(id));
    node.live->claim(id_, node.group->term());
  }
  node.seen_role = node.group->role();
  node.seen_term = node.group->term();
  if (leads) acknowledged = std::max(acknowledged, node.group->commit());
  if (const auto rule = node.group->broken_rule()) complain("node " + std::to_string(id) + ": " + *rule);
  if (checker.broken()) complain(*checker.broken());
}

}  // namespace nodedb::raft::test
