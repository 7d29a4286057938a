// SPDX-License-Identifier: Apache-2.0
// Reads that this node answers from its own replica, whoever leads: levels bounded, session and local of
// nodedb/cluster/read.h.
//
//   bounded: the leader has been asked lately ──yes──▶ handed out ──▶ answered if that is still lately,
//                │ no                                      ▲               │  or since the read began
//                │                                         │               │ else
//                ▼                                         │               ▼
//            asked for a read index ──granted──▶ waits for that entry    asked again
//   session: waits for the caller's entry ──▶ handed out ──▶ answered
//   local:   handed out ──▶ answered
//
// Freshness: the leader's read index covers whatever was acknowledged before it was asked (thesis, section
// 6.4), so once that entry has been handed out here, all of it is in what a read sees. The time is this
// node's own: no clocks are compared.
#include <algorithm>
#include <utility>

#include "node/state.h"

namespace nodedb::node {

namespace {

/// The question or its answer may have been lost.
constexpr std::int64_t ask_again_ns = 200 * ns_per_ms;
/// The leader is not known, or has just stopped being it.
constexpr std::int64_t no_leader_ns = 20 * ns_per_ms;

}  // namespace

/// Without a replica here the leader answers, who has seen all; only what this node holds cannot be asked of
/// another one.
bool Node::State::reads_here(const ClientRequest& request) const {
  switch (request.level) {
    case ReadLevel::linearizable:
    case ReadLevel::lease:
      return false;
    case ReadLevel::bounded:
    case ReadLevel::session:
      return replica(group_of(request.vshard)) != nullptr;
    case ReadLevel::local:
      return true;
  }
  return false;
}

void Node::State::read_here(ClientRequest request) {
  LocalRead read;
  read.began = now.mono;
  read.deadline = request.arrived.value_or(now.mono) + request.timeout_ns;
  read.request = std::move(request);
  Replica* group = replica(group_of(read.request.vshard));
  const auto refuse = [&](Error error) { answer_here(read, std::unexpected(std::move(error))); };
  if (group == nullptr) return refuse({Code::not_found, "this node holds no replica of the vShard"});
  if (group->halted) return refuse(*group->halted);
  if (local_reads.size() >= options.raft.pending_reads_max)
    return refuse({Code::busy, "too many reads wait"});
  const std::uint64_t token = ++last_token;
  const ReadLevel level = read.request.level;
  const Index after = read.request.after;
  const bool fresh = now.mono - group->fresh <= read.request.max_staleness_ns;
  local_alarms.emplace(read.deadline, token);
  local_reads.emplace(token, std::move(read));
  if (level == ReadLevel::bounded && !fresh) return ask_for(token);
  await_index(token, level == ReadLevel::session ? after : Index());
}

/// Each question has a token of its own: the answer to an earlier one would make the read seem fresher than
/// it is.
void Node::State::ask_for(std::uint64_t token) {
  auto moved = local_reads.extract(token);
  LocalRead& read = moved.mapped();
  local_alarms.erase({std::min(read.deadline, read.ask_at), token});
  const GroupId id = group_of(read.request.vshard);
  Replica& group = *replica(id);
  moved.key() = ++last_token;
  read.asked = now.mono;
  read.at.reset();
  const auto asked = group.raft.read_index(now.mono, moved.key(), live);
  read.ask_at = now.mono + (asked ? ask_again_ns : no_leader_ns);
  touch(id);
  local_alarms.emplace(std::min(read.deadline, read.ask_at), moved.key());
  local_reads.insert(std::move(moved));
}

bool Node::State::granted_here(const raft::ReadGrant& grant) {
  const auto at = local_reads.find(grant.context);
  if (at == local_reads.end()) return false;
  if (grant.granted)
    await_index(grant.context, grant.index);
  else
    set_alarm(grant.context, now.mono + no_leader_ns);
  return true;
}

void Node::State::await_index(std::uint64_t token, Index at) {
  set_alarm(token, never);
  LocalRead& read = local_reads.at(token);
  read.at = at;
  if (read.request.level == ReadLevel::bounded) read.stages.confirmed = now.mono;
  const GroupId group = group_of(read.request.vshard);
  replica(group)->reads.add(at, token);
  touch(group);
}

void Node::State::hand_out_here(Replica& group, std::uint64_t token) {
  const auto at = local_reads.find(token);
  if (at == local_reads.end()) return;
  LocalRead& read = at->second;
  group.fresh = std::max(group.fresh, read.asked);
  read.fresh = group.fresh;
  read.at = group.handed;
  read.stages.handed = now.mono;
  give(ReadTask{token, group.raft.id(), group.handed, hlc.now(now.wall), read.request.command});
}

void Node::State::read_is_done(ReadDone done) {
  const auto at = local_reads.find(done.token);
  if (at == local_reads.end()) return;
  LocalRead& read = at->second;
  // What was asked since the read began is all that it can want, however slow the round was.
  const Time least = std::min(read.began, now.mono - read.request.max_staleness_ns);
  const bool stale = read.request.level == ReadLevel::bounded && read.fresh < least;
  if (stale && done.reply && replica(group_of(read.request.vshard)) != nullptr) return ask_for(done.token);
  meter.read(read.request.vshard);
  read.stages.applied = now.mono;
  const Index seen = read.at.value_or(Index());
  end_local_read(done.token, std::move(done.reply), seen);
}

void Node::State::wake_local_reads() {
  while (!local_alarms.empty() && local_alarms.begin()->first <= now.mono) {
    const std::uint64_t token = local_alarms.begin()->second;
    const LocalRead& read = local_reads.at(token);
    if (read.deadline > now.mono) {
      ask_for(token);
      continue;
    }
    end_local_read(token, fail(Code::timeout, read.asked == long_ago
                                                  ? "this node's replica has not come that far in time"
                                                  : "the vShard's leader did not say in time what is new"));
  }
}

void Node::State::set_alarm(std::uint64_t token, Time ask_at) {
  LocalRead& read = local_reads.at(token);
  local_alarms.erase({std::min(read.deadline, read.ask_at), token});
  read.ask_at = ask_at;
  local_alarms.emplace(std::min(read.deadline, read.ask_at), token);
}

void Node::State::end_local_read(std::uint64_t token, Result<Blob> result, Index at) {
  const auto moved = local_reads.extract(token);
  const LocalRead& read = moved.mapped();
  local_alarms.erase({std::min(read.deadline, read.ask_at), token});
  if (Replica* group = replica(group_of(read.request.vshard)); group != nullptr && read.at)
    group->reads.drop(*read.at, token);
  answer_here(read, std::move(result), at);
}

void Node::State::answer_here(const LocalRead& read, Result<Blob> result, Index at) {
  tell_read_here(read, result);
  turn.replies.push_back({read.request.tag, std::move(result), at});
}

/// Its replica leaves this node.
void Node::State::end_local_reads(GroupId group) {
  std::vector<std::uint64_t> ended;
  for (const auto& [token, read] : local_reads)
    if (group_of(read.request.vshard) == group) ended.push_back(token);
  for (const std::uint64_t token : ended)
    end_local_read(token, fail(Code::not_found, "the vShard's replica has left this node"));
}

}  // namespace nodedb::node
