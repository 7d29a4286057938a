// SPDX-License-Identifier: Apache-2.0
#include "node/gateway.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace nodedb::node {

namespace {

constexpr std::int64_t first_retry_ns = 5 * ns_per_ms;
constexpr std::int64_t last_retry_ns = 200 * ns_per_ms;

std::int64_t back_off(std::uint32_t attempts) {
  return std::min(last_retry_ns, first_retry_ns << std::min(attempts, 10u));
}

/// What an answer means for the request that it answers.
enum class Meaning : std::uint8_t {
  final,      ///< tell the client
  try_hint,   ///< surely no effect; another node leads
  try_later,  ///< surely no effect; the group cannot take it just now
  ask_again,  ///< outcome unknown; the session makes asking again safe
  no_room,    ///< it was answered, and the answer found no room on its way
};

Meaning meaning_of(const Result<Blob>& result) {
  if (result) return Meaning::final;
  switch (result.error().code) {
    case Code::not_leader:
      return Meaning::try_hint;
    case Code::no_leader:
    case Code::lost:
    case Code::out_of_order:
    case Code::stopping:
      return Meaning::try_later;
    case Code::timeout:
      return Meaning::ask_again;
    case Code::unreachable:
      return Meaning::no_room;
    default:
      return Meaning::final;
  }
}

}  // namespace

void Gateway::submit(Time now, Request request, const Leaders& leaders) {
  const NodeId leader = leaders[request.group.value];
  Pending pending;
  if (request.tag) {
    pending.admitted = {request.group, leader, request.command.size(), request.arrived.value_or(now)};
    if (auto admitted = admission_.admit(now, *pending.admitted); !admitted)
      return refuse(now, std::move(request), std::move(admitted.error()));
  }
  Line& line = line_of(request.group);
  pending.taken = now;
  pending.deadline = now + request.timeout_ns;
  if (request.write) {
    pending.sequence = line.next_sequence++;
    line.writes.insert(pending.sequence);
  }
  pending.request = std::move(request);
  const auto at = requests_.emplace_hint(requests_.end(), ++last_number_, std::move(pending));
  // A write must not overtake one that waits: the group would answer out_of_order.
  if (leader == NodeId() || !line.waiting.empty()) {
    wait(now, at, back_off(0));
  } else {
    send(now, at, leader);
  }
}

void Gateway::refuse(Time now, Request request, Error error) {
  Pending pending;
  pending.request = std::move(request);
  pending.taken = now;
  tell(now, pending, {std::unexpected(std::move(error))});
}

bool Gateway::answered(Time now, NodeId from, const wire::ForwardReply& reply, const Leaders& leaders,
                       const ServedStages* served) {
  if (reply.incarnation != incarnation_) return false;
  const auto attempt = attempts_.find(reply.request);
  if (attempt == attempts_.end()) return false;  // answered before, or the request is done
  const Time sent = attempt->second.sent;
  const auto at = requests_.find(attempt->second.request);
  CHECK(at != requests_.end());
  Pending& pending = at->second;
  const bool awaited = pending.current == reply.request;
  const Meaning meaning = meaning_of(reply.result);
  const bool no_effect = !reply.result && meaning != Meaning::ask_again && meaning != Meaning::no_room;
  if (no_effect) {
    pending.in_doubt.erase(reply.request);
    attempts_.erase(attempt);
  }
  // A refusal of an earlier attempt says nothing about the one that is under way.
  if (!awaited && !reply.result) return true;
  switch (meaning) {
    case Meaning::final:
      finish(now, at, {reply.result, reply.at, from, reply.request, sent, served}, leaders);
      break;
    case Meaning::try_hint:
      if (reply.leader_hint != NodeId() && reply.leader_hint != from && pending.attempts < 3) {
        send(now, at, reply.leader_hint);
      } else {
        wait(now, at, back_off(pending.attempts));
      }
      break;
    case Meaning::try_later:
    case Meaning::ask_again:
      wait(now, at, back_off(pending.attempts));
      break;
    case Meaning::no_room:
      // A write's answer is kept, and asked for when it is late: sooner it would find no room again.
      if (!pending.request.write)
        finish(now, at,
               {fail(Code::busy, reply.result.error().detail), {}, from, reply.request, sent, served},
               leaders);
      break;
  }
  return true;
}

void Gateway::leader_changed(Time now, GroupId group, const Leaders& leaders) {
  const NodeId leader = leaders[group.value];
  if (leader == NodeId()) return;
  const SortedQueue<std::uint64_t> sent = line_of(group).sent;
  for (const std::uint64_t number : sent) {
    const auto at = requests_.find(number);
    if (at->second.target != leader) wait(now, at, 0);
  }
  send_waiting(now, group, leaders);
}

void Gateway::peer_lost(Time now, NodeId peer) {
  for (auto at = requests_.begin(); at != requests_.end(); ++at) {
    if (at->second.target == peer) wait(now, at, back_off(at->second.attempts));
  }
}

void Gateway::wake(Time now, const Leaders& leaders) {
  std::set<GroupId> due;
  while (!alarms_.empty() && alarms_.begin()->first <= now) {
    const auto at = requests_.find(alarms_.begin()->second);
    if (at->second.deadline <= now) {
      give_up(now, at, leaders);
      continue;
    }
    if (at->second.target != NodeId()) {
      wait(now, at, 0);  // no answer in time: the attempt stays in doubt
    }
    set_retry(at, now + back_off(at->second.attempts));
    due.insert(at->second.request.group);
  }
  for (const GroupId group : due) send_waiting(now, group, leaders);
}

Time Gateway::deadline() const {
  return alarms_.empty() ? never : alarms_.begin()->first;
}

Gateway::Line& Gateway::line_of(GroupId group) {
  if (group.value >= lines_.size()) lines_.resize(group.value + 1);
  return lines_[group.value];
}

void Gateway::send(Time now, Numbered at, NodeId to) {
  Pending& pending = at->second;
  Line& line = line_of(pending.request.group);
  line.waiting.erase(at->first);
  if (pending.target == NodeId()) line.sent.insert(at->first);
  pending.target = to;
  pending.current = ++last_attempt_;
  pending.in_doubt.insert(pending.current);
  attempts_.emplace(pending.current, Attempt{at->first, now});
  // Each further attempt is given twice the time of the one before.
  set_retry(at, now + (attempt_timeout_ns_ << std::min(pending.attempts, 5u)));
  ++pending.attempts;
  wire::Forward forward;
  forward.request = pending.current;
  forward.incarnation = incarnation_;
  forward.group = pending.request.group;
  forward.write = pending.request.write;
  forward.command = pending.request.command;
  forward.by_round = pending.request.by_round;
  forward.trace = pending.request.trace;
  if (forward.write) {
    forward.stamp = wire::SessionStamp{self_, incarnation_, pending.sequence, line.writes.front()};
  }
  output_.sends.push_back({to, std::move(forward)});
}

void Gateway::wait(Time now, Numbered at, std::int64_t delay_ns) {
  Pending& pending = at->second;
  Line& line = line_of(pending.request.group);
  line.sent.erase(at->first);
  if (pending.target != NodeId() || pending.retry_at == never) line.waiting.insert(at->first);
  pending.target = NodeId();
  pending.current = 0;
  set_retry(at, now + delay_ns);
}

void Gateway::send_waiting(Time now, GroupId group, const Leaders& leaders) {
  const NodeId leader = leaders[group.value];
  if (leader == NodeId()) return;
  const SortedQueue<std::uint64_t> waiting = line_of(group).waiting;
  for (const std::uint64_t number : waiting) send(now, requests_.find(number), leader);
}

void Gateway::set_retry(Numbered at, Time when) {
  if (at->second.retry_at != never) alarms_.erase({alarm(at->second), at->first});
  at->second.retry_at = when;
  alarms_.emplace(alarm(at->second), at->first);
}

void Gateway::finish(Time now, Numbered at, Outcome outcome, const Leaders& leaders) {
  Pending& pending = at->second;
  Result<Blob>& result = outcome.result;
  const GroupId group = pending.request.group;
  const bool write = pending.request.write;
  if (write && !result && !pending.in_doubt.empty() && effect(result.error().code) == Effect::no) {
    result = fail(Code::timeout,
                  "an earlier attempt was not answered, so the write may have been applied; the "
                  "latest was refused: " +
                      result.error().detail);
  }
  for (const std::uint64_t attempt : pending.in_doubt) attempts_.erase(attempt);
  if (pending.admitted) admission_.left(now, *pending.admitted, result && pending.attempts == 1);
  tell(now, pending, std::move(outcome));
  alarms_.erase({alarm(pending), at->first});
  Line& line = line_of(group);
  line.waiting.erase(at->first);
  line.sent.erase(at->first);
  if (write) line.writes.erase(pending.sequence);
  requests_.erase(at);
  // Writes that were refused for being out of order may be next now.
  if (write && !line.waiting.empty()) send_waiting(now, group, leaders);
}

void Gateway::tell(Time now, const Pending& pending, Outcome outcome) {
  const Request& request = pending.request;
  if (request.tag) {
    const std::int64_t took_ns = now - request.arrived.value_or(pending.taken);
    if (path_filter_.tells(request.trace, took_ns)) output_.paths.push_back(path(pending, outcome));
    output_.replies.push_back({*request.tag, std::move(outcome.result), outcome.seen});
  } else if (request.ticket) {
    output_.answers.push_back({*request.ticket, std::move(outcome.result)});
  }
}

RequestPath Gateway::path(const Pending& pending, const Outcome& outcome) const {
  RequestPath made;
  made.trace = pending.request.trace;
  made.write = pending.request.write;
  made.vshard = vshard_of(pending.request.group);
  made.asked = self_;
  made.served_by = outcome.served_by;
  made.number = outcome.attempt;
  made.attempts = pending.attempts;
  if (!outcome.result) made.error = outcome.result.error().code;
  made.received = pending.request.arrived.value_or(pending.taken);
  made.taken = pending.taken;
  made.sent = outcome.sent;
  if (outcome.served != nullptr) made.served = *outcome.served;
  return made;
}

void Gateway::give_up(Time now, Numbered at, const Leaders& leaders) {
  CHECK(at != requests_.end());
  const Pending& pending = at->second;
  auto error =
      pending.request.write && !pending.in_doubt.empty()
          ? fail(Code::timeout, "no answer from the vShard's leader in time; the write may have been applied")
          : fail(Code::no_leader, "the vShard had no leader that could take the request in time");
  Outcome outcome{std::move(error)};
  if (pending.current != 0) {
    outcome.served_by = pending.target;
    outcome.attempt = pending.current;
    outcome.sent = attempts_.at(pending.current).sent;
  }
  finish(now, at, std::move(outcome), leaders);
}

}  // namespace nodedb::node
