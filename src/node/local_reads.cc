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
  local_reads.add(token, std::move(read));
  if (level == ReadLevel::bounded && !fresh) return ask_for(token);
  await_index(token, level == ReadLevel::session ? after : Index());
}

/// Each question has a token of its own: the answer to an earlier one would make the read seem fresher than
/// it is.
void Node::State::ask_for(std::uint64_t token) {
  LocalRead read = local_reads.take(token);
  const GroupId id = read.group();
  const std::uint64_t question = ++last_token;
  read.asked = now.mono;
  read.at.reset();
  const auto asked = replica(id)->raft.read_index(now.mono, question, live);
  read.ask_at = now.mono + (asked ? ask_again_ns : no_leader_ns);
  touch(id);
  local_reads.add(question, std::move(read));
}

bool Node::State::granted_here(const raft::ReadGrant& grant) {
  if (local_reads.find(grant.context) == nullptr) return false;
  if (grant.granted)
    await_index(grant.context, grant.index);
  else
    local_reads.ask_at(grant.context, now.mono + no_leader_ns);
  return true;
}

void Node::State::await_index(std::uint64_t token, Index at) {
  LocalRead& read = local_reads.ask_at(token, never);
  read.at = at;
  if (read.request.level == ReadLevel::bounded) read.stages.confirmed = now.mono;
  replica(read.group())->reads.add(at, token);
  touch(read.group());
}

void Node::State::hand_out_here(Replica& group, std::uint64_t token) {
  LocalRead* const read = local_reads.find(token);
  if (read == nullptr) return;
  group.fresh = std::max(group.fresh, read->asked);
  read->fresh = group.fresh;
  read->at = group.handed;
  read->stages.handed = now.mono;
  give(ReadTask{token, group.raft.id(), group.handed, hlc.now(now.wall), read->request.command});
}

void Node::State::read_is_done(ReadDone done) {
  LocalRead* const read = local_reads.find(done.token);
  if (read == nullptr) return;
  // What was asked since the read began is all that it can want, however slow the round was.
  const Time least = std::min(read->began, now.mono - read->request.max_staleness_ns);
  const bool stale = read->request.level == ReadLevel::bounded && read->fresh < least;
  if (stale && done.reply && replica(read->group()) != nullptr) return ask_for(done.token);
  meter.read(read->request.vshard);
  read->stages.applied = now.mono;
  end_local_read(done.token, std::move(done.reply), read->at.value_or(Index()));
}

void Node::State::wake_local_reads() {
  while (const auto token = local_reads.due(now.mono)) {
    const LocalRead& read = *local_reads.find(*token);
    if (read.deadline > now.mono) {
      ask_for(*token);
      continue;
    }
    end_local_read(*token, fail(Code::timeout, read.asked == long_ago
                                                   ? "this node's replica has not come that far in time"
                                                   : "the vShard's leader did not say in time what is new"));
  }
}

void Node::State::end_local_read(std::uint64_t token, Result<Blob> result, Index at) {
  const LocalRead read = local_reads.take(token);
  if (Replica* group = replica(read.group()); group != nullptr && read.at) group->reads.drop(*read.at, token);
  answer_here(read, std::move(result), at);
}

void Node::State::answer_here(const LocalRead& read, Result<Blob> result, Index at) {
  tell_read_here(read, result);
  turn.replies.push_back({read.request.tag, std::move(result), at});
}

/// Its replica leaves this node.
void Node::State::end_local_reads(GroupId group) {
  for (const std::uint64_t token : local_reads.of(group))
    end_local_read(token, fail(Code::not_found, "the vShard's replica has left this node"));
}

}  // namespace nodedb::node
