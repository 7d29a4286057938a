// SPDX-License-Identifier: Apache-2.0
// What a group's leader does with requests: writes are stamped and proposed together at the end of the step,
// reads get a read index, are handed out behind the entries that they must see, and are re-checked when they
// come back.
#include <algorithm>
#include <utility>

#include "meta/codec.h"
#include "node/state.h"
#include "wire/command_codec.h"

namespace nodedb::node {

void Node::State::serve(const Origin& origin, wire::Forward forward) {
  Replica* group = replica(forward.group);
  if (group == nullptr || group->raft.role() != raft::Role::leader) {
    const NodeId hint = group == nullptr ? whereabouts(forward.group) : group->raft.leader();
    reply(origin, forward.group, fail(Code::not_leader, "another node leads the vShard"), {hint});
    return;
  }
  if (group->halted) {
    reply(origin, forward.group, std::unexpected(*group->halted));
    return;
  }
  if (forward.write) {
    serve_write(origin, *group, forward);
  } else {
    serve_read(origin, *group, forward);
  }
}

/// Who may lead a group that has no replica here: what is heard, else where the ghost stub points.
NodeId Node::State::whereabouts(GroupId group) const {
  if (group.value >= group_count) return NodeId();
  if (leaders[group.value] != NodeId() || group == metadata_group) return leaders[group.value];
  const auto ghost = tables.ghosts.find({vshard_of(group), self});
  return ghost == tables.ghosts.end() ? NodeId() : ghost->second.to;
}

void Node::State::serve_write(const Origin& origin, Replica& group, const wire::Forward& forward) {
  const GroupId id = forward.group;
  if (forward.stamp.gateway != origin.gateway || !wire::well_formed(forward.stamp)) {
    reply(origin, id, fail(Code::malformed, "the session stamp is not the sender's"));
    note_forgery(origin.gateway,
                 "forwards a write with the stamp of node " + std::to_string(forward.stamp.gateway.value));
    return;
  }
  if (auto understood = check_command(id, forward.command.view()); !understood) {
    reply(origin, id, std::unexpected(understood.error()));
    return;
  }
  if (disk_full) {
    reply(origin, id,
          fail(Code::disk_full, "the disk of the vShard's leader, node " + std::to_string(self.value) +
                                    ", is full: free some room; writes resume by themselves"));
    return;
  }
  if (log_held() > options.log_bytes_max && id != metadata_group) {
    next_upkeep = std::min(next_upkeep, now.mono);
    reply(origin, id, fail(Code::busy, "the leader's log is as large as it may be"));
    return;
  }
  if (id != metadata_group) meter.wrote(vshard_of(id));
  if (options.bugs.reply_before_apply) reply(origin, id, Blob());
  const wire::CommandEntry entry{hlc.now(now.wall), forward.stamp, forward.command.view()};
  stage(group, {origin, wire::encode_command(entry)});
}

/// For the end of this step, unless the vShard's copy needs the writes to be slower.
void Node::State::stage(Replica& group, Replica::Staged write) {
  const GroupId id = group.raft.id();
  if (const auto pace = paces.find(id); pace != paces.end() || !group.held_back.empty()) {
    const Time until = pace == paces.end() ? now.mono : pace->second.admit(now.mono, write.payload.size());
    // An earlier write is never overtaken.
    if (until > now.mono || !group.held_back.empty()) return hold_back(group, until, std::move(write));
  }
  if (group.staged.empty()) staged.push_back(id);
  group.staged.push_back(std::move(write));
}

Result<void> Node::State::check_command(GroupId group, BytesView command) const {
  if (group == metadata_group) {
    if (auto entry = meta::decode_entry(command); !entry) return std::unexpected(entry.error());
    return {};
  }
  return options.check_command ? options.check_command(command) : Result<void>{};
}

void Node::State::propose_staged() {
  release_due();
  for (const GroupId id : std::exchange(staged, {})) {
    Replica& group = *replica(id);
    std::vector<Replica::Staged> proposals = std::exchange(group.staged, {});
    std::vector<Blob> payloads;
    payloads.reserve(proposals.size());
    for (Replica::Staged& one : proposals) payloads.push_back(std::move(one.payload));
    const auto first = group.raft.propose(now.mono, std::move(payloads));
    touch(id);
    for (std::size_t i = 0; i < proposals.size(); ++i) {
      if (!first) {
        reply(proposals[i].origin, id, std::unexpected(first.error()), {group.raft.leader()});
      } else if (proposals[i].origin.gateway != NodeId()) {
        group.writes.proposed({first->index + i, first->term}, proposals[i].origin, now.mono);
      }
    }
  }
}

void Node::State::serve_read(const Origin& origin, Replica&, const wire::Forward& forward) {
  const std::uint64_t token = ++last_token;
  const auto proof = forward.by_round ? raft::ReadProof::round : raft::ReadProof::lease;
  reads.emplace(token, PendingRead{origin, forward.group, forward.command, now.mono, proof});
  ask_read(token);
}

void Node::State::ask_read(std::uint64_t token) {
  PendingRead& read = reads.at(token);
  Replica& group = *replica(read.group);
  read.asked = now.mono;
  trace({TraceKind::read_request, read.group, {}, {}, {}, token, 0});
  const auto asked = group.raft.read_index(now.mono, token, live, read.proof);
  touch(read.group);
  if (!asked) drop_read(token, asked.error());
}

void Node::State::granted(const raft::ReadGrant& grant) {
  const auto at = reads.find(grant.context);
  if (at == reads.end()) {
    if (!granted_here(grant)) metadata_granted(grant);
    return;
  }
  if (!grant.granted) {
    drop_read(grant.context, {Code::not_leader, "leadership was lost"});
    return;
  }
  trace({TraceKind::read, at->second.group, {}, grant.index, {}, grant.context, 0});
  at->second.stages.confirmed = now.mono;
  Replica& group = *replica(at->second.group);
  group.reads.add(grant.index, grant.context);
}

/// Reads whose index has been handed to the apply thread go right behind it: tasks are done in order.
void Node::State::hand_out_reads(Replica& group) {
  while (const auto token = group.reads.take(group.handed)) {
    const auto at = reads.find(*token);
    if (at == reads.end()) {
      hand_out_here(group, *token);
      continue;
    }
    at->second.at = group.handed;
    at->second.stages.handed = now.mono;
    give(ReadTask{*token, at->second.group, group.handed, hlc.now(now.wall), at->second.query});
  }
}

void Node::State::receive(ReadDone done) {
  const auto at = reads.find(done.token);
  if (at == reads.end()) return read_is_done(std::move(done));
  if (replica(at->second.group) == nullptr || replica(at->second.group)->raft.role() != raft::Role::leader) {
    drop_read(done.token, {Code::not_leader, "leadership was lost"});
    return;
  }
  Replica& group = *replica(at->second.group);
  // The time that the read took counts, too: without this a lease that ended meanwhile would go unnoticed.
  if (!group.raft.confirms(now.mono, at->second.asked, live, at->second.proof) &&
      !options.raft_bugs.stale_leader_reads) {
    ask_read(done.token);
    return;
  }
  PendingRead read = std::move(at->second);
  reads.erase(at);
  read.stages.applied = now.mono;
  if (read.group != metadata_group) meter.read(vshard_of(read.group));
  reply(read.origin, read.group, std::move(done.reply), {.at = read.at, .stages = &read.stages});
}

void Node::State::drop_read(std::uint64_t token, Error error) {
  const auto at = reads.find(token);
  if (at == reads.end()) return;
  const PendingRead read = std::move(at->second);
  reads.erase(at);
  const Replica* group = replica(read.group);
  if (error.code == Code::no_leader) error.code = Code::not_leader;
  const NodeId hint = group == nullptr ? whereabouts(read.group) : group->raft.leader();
  reply(read.origin, read.group, std::unexpected(std::move(error)),
        {.leader_hint = hint, .stages = &read.stages});
}

void Node::State::reply(const Origin& origin, GroupId group, Result<Blob> result, const Served& served) {
  if (origin.gateway == NodeId()) return;
  wire::ForwardReply answer{origin.request,    origin.incarnation, group,
                            std::move(result), served.leader_hint, served.at};
  const bool told = path_filter.tells(origin.trace, now.mono - origin.came);
  if (origin.gateway == self) {
    const bool awaited = gateway.answered(now.mono, self, answer, leaders, served.stages);
    if (told && !awaited) tell_served(origin, answer, served.stages);
    return;
  }
  if (told) tell_served(origin, answer, served.stages);
  const auto gateway_uuid = uuids.find(origin.gateway);
  if (gateway_uuid == uuids.end()) return;
  if (answer.result && answer.result->size() >= limits::large_reply_bytes)
    turn.send_now.push_back({gateway_uuid->second, wire::LargeReply{std::move(answer)}});
  else
    forwards[origin.gateway].replies.push_back(std::move(answer));
}

}  // namespace nodedb::node
