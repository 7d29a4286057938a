// SPDX-License-Identifier: Apache-2.0
// What a node does for itself now and then: flush and compact, bring leaderships home, give them away before
// it stops.
#include <algorithm>

#include "node/log_shares.h"
#include "node/state.h"

namespace nodedb::node {

namespace {

constexpr std::int64_t upkeep_ns = 1 * ns_per_s;
constexpr std::int64_t upkeep_draining_ns = 20 * ns_per_ms;
constexpr std::uint32_t transfers_at_once = 64;

}  // namespace

void Node::State::upkeep() {
  if (!identity) {
    drained = draining;
    next_upkeep = never;
    return;
  }
  const bool gives_away = draining || is_told_to_drain(self);
  next_upkeep = now.mono + (draining || (gives_away && !drained) ? upkeep_draining_ns : upkeep_ns);
  announce();
  tell_trust();
  offer_again();
  read_metadata();
  raise_replicas();
  recover_replicas();
  find_deviations();
  mend_metadata();
  count_log();
  maybe_flush();
  measure_loads();
  if (gives_away) {
    hand_over();
  } else if (options.rebalance_after_ns > 0) {
    balance();
  }
}

void Node::State::maybe_flush() {
  if (flush_running || log_bytes_unflushed < options.log_bytes_per_node / 4) return;
  flush_running = true;
  log_bytes_counted = log_held();
  log_bytes_unflushed = unflushed_then = 0;
  for (const auto& here : replicas) {
    if (here) here->flushing = here->handed;
  }
  give(FlushTask{++flush_token});
}

/// Once a second and after each compaction; in between, what was added counts, and what was cut off still
/// does.
void Node::State::count_log() {
  log_bytes_counted = 0;
  for (const auto& here : replicas)
    if (here) log_bytes_counted += here->raft.log_bytes();
  unflushed_then = log_bytes_unflushed;
}

/// After a flush the log below what is durable may go. A tail stays for followers that were away for a
/// moment, as long as all groups together keep within the node's cap.
void Node::State::compact() {
  std::size_t count = 0;
  std::size_t held = 0;
  for (const auto& here : replicas) {
    if (!here) continue;
    ++count;
    held += here->raft.log_bytes();
  }
  if (count == 0) return;
  const auto [share, keep_for_slow] = log_shares(options, count, held);
  for (const auto& here : replicas) {
    if (!here || here->raft.log_bytes() <= share) continue;
    const Index base = here->raft.base().index;
    if (here->flushed <= base) continue;
    const bool far_over = here->raft.log_bytes() > 2 * share;
    const Index half = base + (here->flushed.value - base.value) / 2;
    const GroupId id = here->raft.id();
    const bool moves = id != metadata_group && tables.migrations.of(vshard_of(id)).has_value();
    const std::size_t keep = moves ? options.log_bytes_for_move : keep_for_slow;
    here->raft.compact(far_over ? here->flushed : half, keep);
    touch(here->raft.id());
  }
  count_log();
}

/// By an operator: it drains, or leaves for good.
bool Node::State::is_told_to_drain(NodeId node) const {
  const auto member = tables.members.find(node);
  if (options.bugs.moves.drain_ignored) return false;
  return member != tables.members.end() && (member->second.state == meta::MemberState::draining ||
                                            member->second.state == meta::MemberState::leaving);
}

bool Node::State::is_draining(NodeId peer) const {
  if (is_told_to_drain(peer)) return true;
  const auto uuid = uuids.find(peer);
  if (uuid == uuids.end()) return false;
  const auto entry = known.find(uuid->second);
  return entry != known.end() && entry->second.hello && entry->second.hello->draining;
}

/// Leaderships go to the replica that the placement prefers, once it has been healthy for a while and has all
/// entries. Not while writes take long: what a handing over needs to say would wait in the same queues, and
/// no write of the group would get on meanwhile.
void Node::State::balance() {
  if (now.mono - slow_write_at < 2 * upkeep_ns) return;
  std::uint32_t moved = 0;
  for (std::uint16_t v = 0; v < vshard_count && moved < transfers_at_once; ++v) {
    Replica* led = replica(group_of(VShardId(v)));
    if (led == nullptr || led->raft.role() != raft::Role::leader || led->raft.transferring_to()) continue;
    const auto& wanted = tables.placement[v].replicas;
    if (wanted.empty() || wanted.front() == self || tables.migrations.of(VShardId(v))) continue;
    // What an operator or a drain has just brought here stays for as long.
    if (now.mono - led->claimed_at < options.rebalance_after_ns) continue;
    const NodeId home = wanted.front();
    const auto since = healthy_since.find(home);
    if (since == healthy_since.end() || now.mono - since->second < options.rebalance_after_ns) continue;
    if (!connected(home) || is_draining(home) || !led->raft.config().is_voter(home)) continue;
    const auto followers = led->raft.followers();
    const auto there = std::ranges::find(followers, home, &raft::Group::Follower::node);
    if (there == followers.end() || there->state != raft::Group::Follower::State::stream) continue;
    if (led->raft.last().index.value - there->match.value > 64) continue;
    if (led->raft.transfer(now.mono, home)) ++moved;
    touch(led->raft.id());
  }
}

/// Who has just started may have promised a leader its support in the life before: for one election timeout
/// it heeds no TimeoutNow (raft/election.cc, `fenced`), and a leadership on its way there takes no writes.
bool Node::State::may_lead(NodeId peer) const {
  const auto since = healthy_since.find(peer);
  if (since == healthy_since.end()) return false;
  const auto timeout = static_cast<double>(options.raft.election_timeout_ns);
  return now.mono - since->second > static_cast<std::int64_t>(timeout * (1 + options.raft.clock_drift_max));
}

bool Node::State::could_succeed(const raft::Group::Follower& follower, bool even_draining) const {
  if (follower.node == self || follower.learner || !connected(follower.node)) return false;
  if (silent.contains(follower.node)) return false;
  if (!even_draining && is_draining(follower.node)) return false;
  return follower.state == raft::Group::Follower::State::stream;
}

std::optional<NodeId> Node::State::best_successor(const Replica& group, bool even_draining) const {
  std::optional<raft::Group::Follower> best;
  for (const raft::Group::Follower& follower : group.raft.followers()) {
    if (!could_succeed(follower, even_draining) || !may_lead(follower.node)) continue;
    // Group 0 may be mending there: it would only be handed back.
    if (transfers.progress(group.raft.id(), follower.node)) continue;
    if (!best || follower.match > best->match) best = follower;
  }
  if (!best) return std::nullopt;
  return best->node;
}

std::optional<NodeId> Node::State::any_successor(const Replica& group) const {
  const auto best = best_successor(group);
  return best ? best : best_successor(group, true);
}

bool Node::State::awaits_successor(const Replica& group) const {
  return std::ranges::any_of(group.raft.followers(),
                             [this](const auto& one) { return could_succeed(one, false); });
}

/// Before a planned stop, and while an operator wants it: every leadership that somebody can take goes to
/// somebody.
void Node::State::hand_over() {
  std::uint32_t under_way = 0;
  std::uint32_t left = 0;
  for (const auto& here : replicas) {
    if (!here || here->raft.role() != raft::Role::leader) continue;
    if (here->raft.transferring_to()) {
      ++under_way;
      ++left;
      continue;
    }
    const auto successor = best_successor(*here);
    if (!successor) {
      left += awaits_successor(*here) ? 1U : 0U;
      continue;
    }
    ++left;
    if (under_way >= transfers_at_once) continue;
    if (here->raft.transfer(now.mono, *successor)) ++under_way;
    touch(here->raft.id());
  }
  drained = left == 0;
}

}  // namespace nodedb::node
