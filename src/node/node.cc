// SPDX-License-Identifier: Apache-2.0
#include "node/node.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "node/state.h"

namespace nodedb::node {

Node::State::State(const Options& given, Incarnation life, Rng luck, Now at)
    : options(given),
      incarnation(life),
      rng(luck),
      now(at),
      booted(at.mono),
      live(life),
      gateway(life, 2 * given.raft.election_timeout_ns, given.admission),
      transfers(life, given.snapshot_chunk_bytes, given.snapshot_bytes_per_second),
      replicas(group_count),
      leaders(group_count),
      leader_terms(group_count),
      driver({}, given.bugs.moves),
      reconciler(given.bugs.moves) {
  tables.migrations = meta::MigrationStateTable(given.bugs.moves);
}

Node::Node(std::unique_ptr<State> state) : state_(std::move(state)) {}
Node::~Node() = default;
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(Node&&) noexcept = default;

Result<Node> Node::create(const Options& options, Boot boot, Rng rng, Now now) {
  if (options.bugs.lease_on_wall_clock) now.mono = Time{now.wall.ns};
  auto state = std::make_unique<State>(options, boot.incarnation, rng, now);
  if (auto booted = state->boot(std::move(boot)); !booted) return std::unexpected(booted.error());
  return Node(std::move(state));
}

Turn Node::step(Now now, Event event) {
  state_->tell_time(now);
  std::visit([this](auto&& one) { state_->handle(std::forward<decltype(one)>(one)); }, std::move(event));
  return state_->finish();
}

Turn Node::step(Now now, std::vector<Event> events) {
  state_->tell_time(now);
  for (Event& event : events) {
    std::visit([this](auto&& one) { state_->handle(std::forward<decltype(one)>(one)); }, std::move(event));
  }
  return state_->finish();
}

NodeId Node::id() const {
  return state_->self;
}

bool Node::initialised() const {
  return state_->identity.has_value();
}

const raft::Group* Node::group(GroupId group) const {
  const Replica* replica = state_->replica(group);
  return replica == nullptr ? nullptr : &replica->raft;
}

std::vector<swim::Verdict> Node::verdicts() const {
  return state_->swim ? state_->swim->verdicts() : std::vector<swim::Verdict>();
}

Status Node::status(Now now, const StatusWish& wish) const {
  state_->tell_time(now);
  return state_->status(wish);
}

Node::Held Node::held() const {
  return {state_->log_held(), state_->gateway.admission().bytes(), state_->transfers.held_bytes()};
}

void Node::State::tell_time(Now told) {
  if (!options.bugs.lease_on_wall_clock) {
    now = told;
    return;
  }
  // The planted bug: time is what the wall clock says, and stands still while that is behind.
  wall_ahead_ns = told.wall.ns - told.mono.ns;
  now = Now{std::max(now.mono, Time{told.wall.ns}), told.wall};
}

Replica* Node::State::replica(GroupId group) const {
  return group.value < group_count ? replicas[group.value].get() : nullptr;
}

void Node::State::touch(GroupId group) {
  Replica* touched = replica(group);
  if (touched == nullptr || touched->dirty) return;
  touched->dirty = true;
  dirty.push_back(group);
}

void Node::State::handle(Wake) {}

void Node::State::handle(PeerConnected event) {
  Known& peer = known[event.peer];
  peer.connected = true;
  if (!event.seed.empty()) peer.dialled = event.seed;
  say_hello(event.peer);
  const auto id = ids.find(event.peer);
  if (id == ids.end()) return;
  answers.insert(id->second);
  if (swim) swim->connected(now.mono, id->second);
  send_again(id->second);
}

/// What was sent to `peer` before this connection stood, and was not answered, went with an earlier one.
void Node::State::send_again(NodeId peer) {
  gateway.peer_lost(now.mono, peer);
  for (const auto& here : replicas) {
    if (!here) continue;
    here->raft.reconnected(now.mono, peer);
    if (here->raft.has_work()) touch(here->raft.id());
  }
  if (!awaiting_support.empty()) round_wanted = true;
}

void Node::State::handle(PeerDisconnected event) {
  known[event.peer].connected = false;
  if (const auto id = ids.find(event.peer); id != ids.end()) {
    healthy_since.erase(id->second);
    gateway.peer_lost(now.mono, id->second);
  }
}

void Node::State::handle(FromPeer event) {
  const auto id = ids.find(event.peer);
  const NodeId peer = id == ids.end() ? NodeId() : id->second;
  if (peer != NodeId() && is_refused(peer)) return turn_away(event.peer, event.message);
  // A datagram says nothing about the streams that pulses and the log need.
  if (const auto* word = std::get_if<swim::Message>(&event.message)) {
    if (peer != NodeId()) receive(peer, *word);
    return;
  }
  if (peer != NodeId()) {
    live.heard(peer, now.mono);
    if (silent.erase(peer) > 0) heard_again(peer);
    healthy_since.try_emplace(peer, now.mono);
  }
  std::visit(
      [&](auto&& message) {
        using Kind = std::decay_t<decltype(message)>;
        if constexpr (std::is_same_v<Kind, wire::Hello> || std::is_same_v<Kind, wire::Found> ||
                      std::is_same_v<Kind, wire::Founded>) {
          receive(event.peer, std::forward<decltype(message)>(message));
        } else if (peer == NodeId() || std::is_same_v<Kind, swim::Message>) {
          return;  // not a member: it may say who it is, nothing else
        } else if constexpr (std::is_same_v<Kind, wire::CertificateWanted> ||
                             std::is_same_v<Kind, wire::CertificateGiven> ||
                             std::is_same_v<Kind, wire::Vitals>) {
          return;  // the net threads' own affair
        } else if constexpr (std::is_same_v<Kind, wire::RaftBundle>) {
          for (std::size_t i = 0; i < message.messages.size(); ++i) {
            look_ahead(message.messages, i, [](const wire::GroupMessage& later) { return later.group; });
            wire::GroupMessage& one = message.messages[i];
            Replica* group = replica(one.group);
            if (group == nullptr) continue;
            group->raft.receive(now.mono, peer, std::move(one.message), live);
            touch(one.group);
          }
        } else if constexpr (std::is_same_v<Kind, wire::ForwardBundle>) {
          for (wire::Forward& forward : message.requests) {
            const Origin origin{peer,     forward.incarnation, forward.request,
                                now.mono, forward.trace,       forward.write};
            serve(origin, std::move(forward));
          }
          for (const wire::ForwardReply& answer : message.replies) {
            gateway.answered(now.mono, peer, answer, leaders);
          }
        } else if constexpr (std::is_same_v<Kind, wire::LargeReply>) {
          gateway.answered(now.mono, peer, message.reply, leaders);
        } else {
          receive(peer, std::forward<decltype(message)>(message));
        }
      },
      std::move(event.message));
}

void Node::State::handle(LogDurable event) {
  ++log_syncs;
  while (!promises.empty() && promises.front().id <= event.id) {
    const LogPromise kept = std::move(promises.front());
    promises.pop_front();
    for (std::size_t i = 0; i < kept.groups.size(); ++i) {
      look_ahead(kept.groups, i, [](const auto& later) { return later.first; });
      const auto& [group, last] = kept.groups[i];
      Replica* owner = replica(group);
      if (owner == nullptr) continue;
      owner->raft.persisted(now.mono, last);
      owner->writes.persisted(last.index, now.mono);
      if (owner->raft.has_work()) touch(group);
    }
    for (const TraceEvent& one : kept.trace) trace(one);
    for (const GroupId group : kept.buried) give(DestroyTask{group});
    if (kept.founds) {
      install_genesis_rows();
      for (const auto& [peer, what] : known) offer_genesis(peer);
      continue_founding();
    }
  }
}

void Node::State::handle(DiskRoom event) {
  if (disk_full == event.full) return;
  disk_full = event.full;
  notice(disk_full ? "the disk is full: writes are refused until there is room, reads go on"
                   : "the disk has room again: writes are taken");
}

void Node::State::handle(FromState event) {
  std::visit([this](auto&& done) { receive(std::forward<decltype(done)>(done)); }, std::move(event.done));
}

void Node::State::handle(ClientRequest event) {
  const bool exists = event.vshard.value < vshard_count;
  if (identity && exists && !event.write && reads_here(event)) return read_here(std::move(event));
  Gateway::Request request{.tag = event.tag,
                           .group = group_of(event.vshard),
                           .write = event.write,
                           .command = std::move(event.command),
                           .timeout_ns = event.timeout_ns,
                           .arrived = event.arrived,
                           .by_round = event.level == ReadLevel::linearizable,
                           .trace = event.trace};
  if (!identity)
    gateway.refuse(now.mono, std::move(request),
                   {Code::not_initialised, "the cluster has not been formed: run `nodedb-cluster init`"});
  else if (!exists)
    gateway.refuse(now.mono, std::move(request), {Code::malformed, "no such vShard"});
  else
    gateway.submit(now.mono, std::move(request), leaders);
}

void Node::State::handle(GetStatus event) {
  Status out = status(event.wish);
  if (event.wish.plan && leads_metadata()) out.balance = balance_status();
  answer_operator(event.tag, std::move(out));
}

void Node::State::handle(TransferLeader event) {
  Replica* group = replica(event.group);
  if (group == nullptr) {
    answer_operator(event.tag, fail(Code::not_found, "this node has no replica of that vShard"));
    return;
  }
  auto started = connected(event.to) && !may_lead(event.to)
                     ? fail(Code::conflict, "that node has just started: it may lead in a moment")
                     : group->raft.transfer(now.mono, event.to);
  touch(event.group);
  if (!started) {
    answer_operator(event.tag, std::unexpected(started.error()));
  } else {
    answer_operator(event.tag, Transferred{});
  }
}

void Node::State::handle(ChangeConfig event) {
  Replica* group = replica(event.group);
  if (group == nullptr) {
    answer_operator(event.tag, fail(Code::not_found, "this node has no replica of that vShard"));
    return;
  }
  auto proposed = group->raft.change_config(now.mono, event.next);
  touch(event.group);
  if (!proposed) {
    answer_operator(event.tag, std::unexpected(proposed.error()));
  } else {
    answer_operator(event.tag, ConfigProposed{*proposed});
  }
}

void Node::State::handle(Drain) {
  if (draining) return;
  draining = true;
  next_upkeep = now.mono;
  for (const auto& [peer, what] : known) say_hello(peer);
}

Turn Node::State::finish() {
  while (!timers.empty() && timers.begin()->first <= now.mono) {
    const GroupId group = timers.begin()->second;
    timers.erase(timers.begin());
    Replica& woken = *replica(group);
    woken.timer = never;
    woken.raft.wake(now.mono, live);
    touch(group);
  }
  if (gateway.deadline() <= now.mono) gateway.wake(now.mono, leaders);
  wake_local_reads();
  if (transfers.deadline() <= now.mono) transfers.wake(now.mono);
  if (founding.deadline <= now.mono) continue_founding();
  find_silent();
  if (next_upkeep <= now.mono) upkeep();
  run_due();
  pace_writes();
  settle();
  report_moves();
  drive();
  settle();
  beat();
  const bool gone = said_goodbye();
  swim_along();
  seal_log();
  seal_messages();
  publish_routing();
  turn.drained = gone;
  turn.retired = retired;
  turn.wake_at = next_wake();
  if (turn.wake_at != never) turn.wake_at = turn.wake_at - wall_ahead_ns;
  return std::exchange(turn, {});
}

/// Requests become proposals, proposals become work, work answers requests: until nothing is left to do.
void Node::State::settle() {
  while (true) {
    Gateway::Output out = gateway.take_output();
    for (ClientReply& answer : out.replies) turn.replies.push_back(std::move(answer));
    for (const Gateway::Answer& answer : out.answers) answered(answer);
    for (RequestPath& path : out.paths) tell_path(std::move(path));
    for (std::size_t i = 0; i < out.sends.size(); ++i) {
      look_ahead(out.sends, i, [](const Gateway::Send& later) { return later.forward.group; });
      Gateway::Send& send = out.sends[i];
      if (send.to == self) {
        const Origin origin{self,     incarnation,        send.forward.request,
                            now.mono, send.forward.trace, send.forward.write};
        serve(origin, std::move(send.forward));
      } else if (uuids.contains(send.to)) {
        // Else a hint names a member that this node's own group 0 does not know yet: asked again in time.
        forwards[send.to].requests.push_back(std::move(send.forward));
      }
    }
    propose_staged();
    const std::vector<GroupId> now_dirty = std::exchange(dirty, {});
    for (const GroupId group : now_dirty) {
      if (Replica* here = replica(group)) drain(*here);
    }
    take_transfers();
    if (out.sends.empty() && out.replies.empty() && now_dirty.empty() && staged.empty()) break;
  }
  give_entries();
}

void Node::State::give_entries() {
  if (!apply_task.groups.empty()) turn.tasks.push_back(std::exchange(apply_task, {}));
}

void Node::State::give(StateTask task) {
  give_entries();
  turn.tasks.push_back(std::move(task));
}

void Node::State::seal_log() {
  if (!boot_updates.empty()) {
    LogBatch& batch = log_batch();
    batch.groups.insert(batch.groups.begin(), boot_updates.begin(), boot_updates.end());
    boot_updates.clear();
  }
  if (!turn.log) {
    CHECK(promise.groups.empty());
    return;
  }
  turn.log->id = ++last_log_id;
  promise.id = last_log_id;
  promises.push_back(std::exchange(promise, {}));
}

void Node::State::seal_messages() {
  const auto address = [this](NodeId to) { return uuids.at(to); };
  for (auto& [to, bundle] : bundle_now) turn.send_now.push_back({address(to), std::move(bundle)});
  for (auto& [to, bundle] : bundle_after)
    if (!bundle.messages.empty()) turn.send_after.push_back({address(to), std::move(bundle)});
  for (auto& [to, bundle] : forwards) turn.send_now.push_back({address(to), std::move(bundle)});
  bundle_now.clear();
  bundle_after.clear();
  forwards.clear();
}

Time Node::State::next_wake() const {
  Time first = std::min(
      {gateway.deadline(), transfers.deadline(), founding.deadline, next_silence(), local_reads.alarm()});
  if (!timers.empty()) first = std::min(first, timers.begin()->first);
  if (report_wanted) first = std::min(first, now.mono);
  if (something_moves()) first = std::min(first, report_at);
  if (driving && drives()) first = std::min({first, driver.deadline(), reconciler.deadline()});
  if (identity) first = std::min({first, next_pulses(), next_upkeep});
  if (swim) first = std::min(first, swim->deadline());
  if (!held_back.empty()) first = std::min(first, held_back.begin()->first);
  if (!due.empty())
    first = std::min(first, now.mono + std::max<std::int64_t>(0, due.begin()->first - now.wall.ns));
  if (routing_changed) first = std::min(first, routing_at + 50 * ns_per_ms);
  return first;
}

}  // namespace nodedb::node
