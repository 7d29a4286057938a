// SPDX-License-Identifier: Apache-2.0
#include "raft/liveness.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace nodedb::raft {

void Liveness::claim(GroupId group, Term term) {
  const auto found = mine_.find(group);
  if (found != mine_.end() && found->second.leading && found->second.term >= term) return;
  ++version_;
  if (found != mine_.end() && !found->second.leading) --withdrawn_;
  mine_[group] = Mine{.term = term, .claimed_at = version_, .changed_at = version_, .leading = true};
}

void Liveness::disclaim(GroupId group, Term term) {
  const auto found = mine_.find(group);
  if (found == mine_.end() || !found->second.leading || found->second.term != term) return;
  found->second.leading = false;
  ++withdrawn_;
  found->second.changed_at = ++version_;
}

void Liveness::touch(GroupId group) {
  const auto found = mine_.find(group);
  if (found != mine_.end() && found->second.leading) found->second.changed_at = ++version_;
}

bool Liveness::claims(GroupId group) const {
  const auto found = mine_.find(group);
  return found != mine_.end() && found->second.leading;
}

Pulse Liveness::begin_pulse(NodeId peer, Time now, bool reply_now, std::vector<Refusal> refusals) {
  const Peer& to = peers_[peer];
  Pulse pulse{.incarnation = incarnation_,
              .sent = now,
              .base = to.acked_version,
              .version = version_,
              .reply_now = reply_now,
              .claims = {},
              .echo_incarnation = {},
              .echo_sent = {},
              .echo_version = 0,
              .refusals = std::move(refusals)};
  const bool news = to.acked_version < version_;
  for (auto at = mine_.begin(); news && at != mine_.end(); ++at) {
    const auto& [group, mine] = *at;
    if (mine.changed_at <= to.acked_version) continue;
    // A complete pulse needs no withdrawals: what it does not claim is withdrawn.
    if (!mine.leading && to.acked_version == 0) continue;
    pulse.claims.push_back(Claim{group, mine.term, Index(), mine.leading});
  }
  if (to.latest_sent != long_ago) {
    pulse.echo_incarnation = to.incarnation;
    pulse.echo_sent = to.latest_sent;
    pulse.echo_version = to.version;
  }
  return pulse;
}

Time Liveness::supported_since(NodeId peer, GroupId group) const {
  const auto mine = mine_.find(group);
  const auto found = peers_.find(peer);
  if (mine == mine_.end() || !mine->second.leading || found == peers_.end()) return long_ago;
  const Peer& by = found->second;
  if (by.acked_version < mine->second.claimed_at || by.refused.contains(group)) return long_ago;
  return by.acked_sent;
}

Liveness::Received Liveness::receive(NodeId peer, const Pulse& pulse, Time now) {
  Received out;
  Peer& from = peers_[peer];
  if (pulse.incarnation < from.incarnation) {
    out.stale = true;
    return out;
  }
  if (pulse.incarnation > from.incarnation) {
    out.peer_restarted = from.incarnation != Incarnation();
    from = Peer{.incarnation = pulse.incarnation,
                .last_heard = from.last_heard,
                .claims = {},
                .version = 0,
                .latest_sent = long_ago,
                .acked_sent = long_ago,
                .last_echoed = from.last_echoed,
                .acked_version = 0,
                .refused = {}};
    out.answer_now = true;
  }
  const bool older =
      pulse.sent < from.latest_sent || (pulse.sent == from.latest_sent && pulse.version < from.version);
  if (older) {
    out.stale = true;
    return out;
  }
  from.latest_sent = pulse.sent;
  from.last_heard = std::max(from.last_heard, now);
  if (pulse.reply_now) out.answer_now = true;
  take_claims(from, pulse, out);
  take_echo(from, pulse, now, out);
  return out;
}

void Liveness::take_claims(Peer& from, const Pulse& pulse, Received& out) {
  if (pulse.base > from.version) {
    // The peer takes us for an earlier incarnation that knew more: our echo will tell it.
    out.answer_now = true;
    return;
  }
  if (pulse.base == 0) {
    Claims gone = std::exchange(from.claims, {});
    for (const Claim& claim : pulse.claims) {
      const auto held = gone.find(claim.group);
      if (held == gone.end()) continue;
      if (claim.leading && held->second == claim.term) from.claims[claim.group] = claim.term;
      gone.erase(held);
    }
    for (const auto& [group, term] : gone) out.claims.push_back(Claim{group, term, Index(), false});
  }
  for (const Claim& claim : pulse.claims) {
    const auto held = from.claims.find(claim.group);
    const bool known = held != from.claims.end() && held->second == claim.term;
    if (claim.leading) {
      from.claims[claim.group] = claim.term;
      if (!known) out.answer_now = true;  // its first read or lease waits for our support
    } else if (held != from.claims.end()) {
      from.claims.erase(held);
    }
    out.claims.push_back(claim);
  }
  from.version = std::max(from.version, pulse.version);
}

void Liveness::take_echo(Peer& from, const Pulse& pulse, Time now, Received& out) {
  if (pulse.echo_incarnation == Incarnation() || pulse.echo_incarnation != incarnation_) return;
  if (pulse.echo_sent < from.acked_sent) return;
  // What we never sent can only be garbage.
  if (pulse.echo_sent > now || pulse.echo_version > version_) return;
  from.acked_sent = pulse.echo_sent;
  from.last_echoed = std::max(from.last_echoed, pulse.echo_sent);
  from.acked_version = std::max(from.acked_version, pulse.echo_version);
  from.refused.clear();
  for (const Refusal& refusal : pulse.refusals) {
    const auto mine = mine_.find(refusal.group);
    if (mine == mine_.end() || !mine->second.leading) continue;
    from.refused[refusal.group] = refusal.term;
    out.refusals.push_back(refusal);
  }
  out.echoed = true;
  drop_known_withdrawals();
}

void Liveness::drop_known_withdrawals() {
  if (withdrawn_ == 0) return;
  std::uint64_t known_by_all = std::numeric_limits<std::uint64_t>::max();
  for (const auto& [node, peer] : peers_) {
    if (peer.acked_version != 0) known_by_all = std::min(known_by_all, peer.acked_version);
  }
  withdrawn_ -= mine_.erase_if(
      [&](const auto& item) { return !item.second.leading && item.second.changed_at <= known_by_all; });
}

void Liveness::heard(NodeId peer, Time now) {
  Peer& from = peers_[peer];
  from.last_heard = std::max(from.last_heard, now);
}

Time Liveness::time_of(NodeId peer, Time Peer::*time) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? long_ago : found->second.*time;
}

std::optional<Term> Liveness::claimed_term(NodeId peer, GroupId group) const {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return std::nullopt;
  const auto claim = found->second.claims.find(group);
  if (claim == found->second.claims.end()) return std::nullopt;
  return claim->second;
}

const Liveness::Claims& Liveness::claims_of(NodeId peer) const {
  static const Claims none;
  const auto found = peers_.find(peer);
  return found == peers_.end() ? none : found->second.claims;
}

std::optional<NodeId> Liveness::claimant(GroupId group) const {
  std::optional<NodeId> best;
  Term highest;
  for (const auto& [node, peer] : peers_) {
    const auto claim = peer.claims.find(group);
    if (claim == peer.claims.end() || (best && claim->second <= highest)) continue;
    best = node;
    highest = claim->second;
  }
  return best;
}

void Liveness::forget(NodeId peer) {
  peers_.erase(peer);
}

}  // namespace nodedb::raft
