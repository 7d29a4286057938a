// SPDX-License-Identifier: Apache-2.0
// The leader's side of replication. Paper, section 5.3; pipelining: thesis, section 10.2.1.
#include <algorithm>

#include "raft/state.h"

namespace nodedb::raft {

namespace {

/// What an overloaded machine still carries and writes: 8 MB/s.
constexpr std::int64_t slow_way_ns_per_byte = 125;

/// About one period after `now`, at an instant that all groups of a node share: a thousand that wait for a
/// dead peer wake it once a period, not a thousand times.
Time shared_instant(Time now, std::int64_t period_ns) {
  return Time{(now.ns + period_ns + period_ns / 2) / period_ns * period_ns};
}

}  // namespace

void Group::State::pump(Time now) {
  replicate = false;
  for (auto& [peer, follower] : progress) pump_to(now, peer, follower);
}

void Group::State::pump_to(Time now, NodeId peer, Progress& follower) {
  const auto waits = [&] { return follower.next <= log.last().index; };
  switch (follower.state) {
    case Progress::State::snapshot:
      return;
    case Progress::State::probe:
      if (!follower.in_flight.empty() || now < follower.not_before) return;
      if (waits() || follower.nudge) send_append(now, peer, follower, true);
      return;
    case Progress::State::stream:
      while (waits() && !follower.window_full(options)) {
        if (!send_append(now, peer, follower, true)) return;
      }
      if (follower.nudge && follower.in_flight.empty()) send_append(now, peer, follower, false);
      return;
  }
}

/// False if the follower needs a snapshot instead.
bool Group::State::send_append(Time now, NodeId peer, Progress& follower, bool with_entries) {
  const Index previous = follower.next - 1;
  const auto term = log.term_at(previous);
  if (!term) {
    follower.to_snapshot(applied_upto);
    work().snapshot_to.push_back(peer);
    return false;
  }
  Append append{.term = hard.term,
                .previous = {previous, *term},
                .commit = hard.commit,
                .entries = {},
                .admitted = follower.admitted};
  if (with_entries && follower.next <= log.last().index) {
    append.entries = log.slice(follower.next, options.append_entries_max, options.append_bytes_max);
  }
  std::size_t bytes = 0;
  for (const Entry& entry : append.entries) bytes += entry.bytes();
  const Index last = previous + append.entries.size();
  // What is much needs longer: sent again too soon it would only be in its own way.
  const auto way_ns = static_cast<std::int64_t>(follower.in_flight_bytes + bytes) * slow_way_ns_per_byte;
  follower.sent({.last = last, .bytes = bytes, .expires = now + options.resend_ns + way_ns});
  follower.told_commit = std::max(follower.told_commit, std::min(hard.commit, last));
  if (follower.state == Progress::State::stream) follower.next = last + 1;
  send(peer, std::move(append));
  return true;
}

void Group::State::receive_append_reply(Time now, NodeId from, const AppendReply& reply) {
  if (role != Role::leader) return;
  if (reply.term > hard.term) return become_follower(now, reply.term, NodeId());
  const auto found = progress.find(from);
  if (reply.term < hard.term || found == progress.end()) return;
  Progress& follower = found->second;
  if (reply.admitted != follower.admitted) return;
  follower.heard = now;
  replicate = true;
  if (!reply.success) return back_off(follower, reply);
  if (reply.match > log.last().index) return;
  const bool news = follower.acknowledged(reply.match);
  const bool usable = follower.match >= log.base().index;
  if (follower.state != Progress::State::stream && usable) follower.to_stream();
  follower.settle_told();
  if (!news) return;
  // What is committed already is no news to the quorum.
  if (reply.match > hard.commit) advance_commit(now);
  transfer_if_caught_up(now);
}

void Group::State::back_off(Progress& follower, const AppendReply& reply) {
  if (follower.state == Progress::State::snapshot || reply.rejected <= follower.match) return;
  // While probing only the answer to the latest probe counts; the others are of before.
  if (follower.state == Progress::State::probe && reply.rejected + 1 != follower.next) return;
  if (reply.rejected >= follower.next) return;
  Index next = reply.conflict.index;
  if (reply.conflict.term != Term()) {
    // Where we hold its conflicting term too, both logs agree up to the end of ours in that term; else the
    // whole run of it goes. Below the window only a snapshot helps.
    const auto shared = log.last_up_to_term(reply.rejected - 1, reply.conflict.term);
    if (!shared) {
      next = log.base().index;
    } else if (log.term_at(*shared) == reply.conflict.term) {
      next = *shared + 1;
    } else {
      next = std::min(next, *shared + 1);
    }
  }
  follower.to_probe(std::min(next, reply.rejected));
}

void Group::State::resend_lost(Time now, const Liveness& live) {
  for (auto& [peer, follower] : progress) {
    if (follower.state == Progress::State::probe && follower.in_flight.empty()) {
      if (follower.not_before <= now) replicate = true;
      continue;
    }
    if (!follower.lost(now)) continue;
    follower.lose_in_flight();
    if (live.last_heard(peer) > now - options.election_timeout_ns) {
      follower.nudge = true;
      replicate = true;
    } else if (send_append(now, peer, follower, false)) {
      // Nobody home, it seems: knock rarely and without luggage.
      follower.in_flight.back().expires = shared_instant(now, options.election_timeout_ns);
    }
  }
}

void Group::State::resend_to(NodeId peer) {
  const auto found = progress.find(peer);
  if (found == progress.end() || found->second.in_flight.empty()) return;
  found->second.lose_in_flight();
  found->second.nudge = true;
  replicate = true;
}

Index Group::State::match_of(NodeId node) const {
  if (node == self) return disk.upto();
  const auto found = progress.find(node);
  return found == progress.end() ? Index() : found->second.match;
}

}  // namespace nodedb::raft
