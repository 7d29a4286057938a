// SPDX-License-Identifier: Apache-2.0
#include "raft/state.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace nodedb::raft {

Options::Options()
    : append_entries_max(limits::append_entries_max),
      append_bytes_max(limits::append_bytes_max),
      inflight_appends_max(limits::inflight_appends_max),
      inflight_entries_max(limits::inflight_entries_max),
      inflight_bytes_max(limits::inflight_bytes_max),
      uncommitted_bytes_max(limits::uncommitted_bytes_max),
      pending_reads_max(limits::pending_reads_max) {}

Group::State::State(GroupId group, NodeId node, const Options& opts, Restored restored, Rng luck, Now at,
                    PlantedBugs planted)
    : id(group),
      self(node),
      options(opts),
      clock(at.mono),
      hard(restored.hard),
      log(restored.base, std::move(restored.log)),
      disk(restored.hard, log.last().index),
      configs(restored.base.index, std::move(restored.base_config)),
      rng(luck),
      bugs(planted),
      boot(restored.promised.value_or(at.mono)) {
  for (Index index = log.base().index + 1; index <= log.last().index; ++index) {
    const Entry& entry = log.at(index);
    if (entry.kind != EntryKind::config) continue;
    auto config = decode_config(entry.payload.view());
    CHECK_MSG(config.has_value(), "the stored log was validated when it was loaded");
    configs.append(index, std::move(*config));
  }
  if (log.last().term > hard.term) {
    hard.term = log.last().term;
    hard.vote = NodeId();
  }
  hard.commit = std::max({hard.commit, restored.applied, log.base().index});
  if (bugs.truncate_below_commit) hard.commit = std::min(hard.commit, log.last().index);
  CHECK_MSG(hard.commit <= log.last().index, "R3: what was committed or applied is in the log");
  handed = applied_upto = std::min(std::max(restored.applied, log.base().index), hard.commit);
  election = lone_voter() ? boot + options.election_timeout_ns : boot + random_timeout();
}

void Group::State::receive(Time now, NodeId from, Message&& message, const Liveness& live) {
  if (from == self || from == NodeId()) return;
  struct Dispatch {
    State& to;
    Time now;
    NodeId from;
    const Liveness& live;
    void operator()(VoteRequest& m) const { to.receive_vote_request(now, from, m, live); }
    void operator()(VoteReply& m) const { to.receive_vote_reply(now, from, m); }
    void operator()(Append& m) const { to.receive_append(now, from, std::move(m), live); }
    void operator()(AppendReply& m) const { to.receive_append_reply(now, from, m); }
    void operator()(TimeoutNow& m) const { to.receive_timeout_now(now, from, m, live); }
    void operator()(ReadIndexRequest& m) const { to.receive_read_request(now, from, m, live); }
    void operator()(ReadIndexReply& m) const { to.receive_read_reply(m); }
  };
  std::visit(Dispatch{*this, now, from, live}, message);
}

/// Nothing waits for a time-out for the sake of a message that a connection took with it.
void Group::State::reconnected(Time now, NodeId peer) {
  if (role == Role::leader) {
    resend_to(peer);
    if (transfer && transfer->target == peer && transfer->tell_again != never) {
      transfer->tell_again = now;
      transfer_if_caught_up(now);
    }
  } else if (role == Role::follower) {
    if (leader == peer) refuse_asks(now);
  } else if (ballots.contains(self) && !ballots.contains(peer) && configs.latest().is_voter(peer)) {
    ask_vote(peer);  // the own vote is durable; until then the first request has not even left
  }
}

void Group::State::wake(Time now, const Liveness& live) {
  refuse_asks(now - options.election_timeout_ns);
  if (role != Role::leader) return election_due(now, live);
  resend_lost(now, live);
  transfer_due(now);
}

void Group::State::send_durable(NodeId to, Message message) {
  const bool reply =
      std::holds_alternative<AppendReply>(message) || std::holds_alternative<VoteReply>(message);
  auto& queue = reply && bugs.ack_before_fsync ? work().send_now : work().send_after;
  queue.push_back({to, std::move(message)});
}

/// A voter may stand for election; and so may one whose removal is in its log but not committed as far as it
/// knows: it can be the only one whose log is complete enough to win (thesis, section 4.2.2, figure 4.6).
bool Group::State::may_stand() const {
  if (voter()) return true;
  return configs.latest_index() > hard.commit && configs.at(hard.commit).is_voter(self);
}

/// Rule R7: a newborn, whose log holds no config yet, gives no vote. On a node that had a replica before it
/// has forgotten what that one promised; once its log has come as far as the entry that admitted it, it
/// refuses whoever lacks that entry. Everybody else may be asked, learners and the removed included: a
/// candidate can know of an admission that has not come this far (thesis, section 4.2.1).
bool Group::State::newborn() const {
  return configs.latest().voters.empty();
}

bool Group::State::lone_voter() const {
  const Config& config = configs.latest();
  return config.voters.size() == 1 && config.voters.front() == self && !config.joint();
}

bool Group::State::higher(Position a, Position b) const {
  return a.term != b.term ? a.term > b.term : a.index > b.index;
}

Work Group::State::take_work() {
  if (role == Role::leader && replicate) pump(clock);
  for (auto& [peer, follower] : progress) {
    const Index share = std::min(hard.commit, follower.match);
    if (share <= follower.told_commit) continue;
    follower.told_commit = share;
    work().commit_rose = true;
  }
  Durability::Batch batch = disk.take(hard, log, bugs.vote_not_persisted);
  Work out = said ? std::move(*said) : Work();
  said.reset();
  out.hard_state = batch.hard;
  out.truncate_from = batch.truncate_from;
  out.append = std::move(batch.append);
  out.compact_to = batch.compact_to;
  const Index ready = std::min(hard.commit, disk.upto());
  if (handed < ready) {
    out.apply = log.slice(handed + 1, ready.value - handed.value, std::numeric_limits<std::size_t>::max());
    handed = ready;
  }
  hold_or_release(out);
  return out;
}

/// A Work without anything to persist would let its promises go at once; they must not overtake what an
/// earlier Work is still persisting.
void Group::State::hold_or_release(Work& out) {
  if (out.must_persist() || disk.idle()) return;
  for (Envelope& envelope : out.send_after) held.push_back(Held{disk.taken(), std::move(envelope)});
  out.send_after.clear();
}

bool Group::State::has_work() const {
  return said || (role == Role::leader && replicate) || handed < std::min(hard.commit, disk.upto()) ||
         disk.pending(hard, log);
}

Time Group::State::deadline() const {
  Time soonest = never;
  if (!asks.empty()) soonest = asks.front().asked + options.election_timeout_ns;
  if (role != Role::leader) return election < soonest && may_stand() ? election : soonest;
  for (const auto& [peer, follower] : progress) {
    soonest = std::min(soonest, follower.deadline(follower.next <= log.last().index || follower.nudge));
  }
  return transfer ? std::min({soonest, transfer->ends, transfer->tell_again}) : soonest;
}

}  // namespace nodedb::raft
