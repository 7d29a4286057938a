// SPDX-License-Identifier: Apache-2.0
// Proposals and the commit index. Paper, sections 5.3 and 5.4.2.
#include <algorithm>

#include "raft/state.h"

namespace nodedb::raft {

Result<Position> Group::State::propose(std::vector<Blob> commands) {
  if (role != Role::leader) return fail(Code::not_leader, {});
  if (transfer) return fail(Code::stopping, "leadership is being handed over");
  if (commands.empty()) return fail(Code::malformed, "a proposal without commands");
  std::size_t bytes = 0;
  for (const Blob& command : commands) bytes += Entry{{}, {}, EntryKind::command, command}.bytes();
  if (uncommitted_bytes > 0 && uncommitted_bytes + bytes > options.uncommitted_bytes_max) {
    return fail(Code::busy, "too many bytes wait to be committed");
  }
  const Position first{log.last().index + 1, hard.term};
  for (Blob& command : commands) append_own(EntryKind::command, std::move(command));
  remember_proposals(first.index, log.last().index);
  return first;
}

Position Group::State::append_own(EntryKind kind, Blob payload) {
  Entry entry{log.last().index + 1, hard.term, kind, std::move(payload)};
  const Position at{entry.index, entry.term};
  uncommitted_bytes += entry.bytes();
  append_entry(std::move(entry));
  replicate = true;
  return at;
}

void Group::State::remember_proposals(Index first, Index last) {
  if (!proposals.empty() && proposals.back().term == hard.term && proposals.back().last + 1 == first) {
    proposals.back().last = last;
  } else {
    proposals.push_back(Proposals{first, last, hard.term});
  }
}

void Group::State::advance_commit(Time now) {
  if (role != Role::leader || configs.latest().voters.empty()) return;
  const auto reached = joint_value(
      configs.latest(), [&](NodeId node) { return static_cast<std::int64_t>(match_of(node).value); });
  const Index to(static_cast<std::uint64_t>(reached));
  if (to <= hard.commit) return;
  // An entry of an earlier term is committed only by one of this term above it (paper, section 5.4.2).
  if (log.term_at(to) != hard.term && !bugs.commit_old_term) return;
  commit_to(to);
  after_commit(now);
}

void Group::State::commit_to(Index to) {
  if (to <= hard.commit) return;
  if (role == Role::leader) {
    for (Index at = hard.commit + 1; at <= to; ++at) uncommitted_bytes -= log.at(at).bytes();
  }
  hard.commit = to;
  while (!proposals.empty() && proposals.front().last <= to) proposals.pop_front();
  if (!proposals.empty() && proposals.front().first <= to) proposals.front().first = to + 1;
}

void Group::State::after_commit(Time now) {
  release_reads();
  leave_if_due();
  retire_if_removed(now);
}

bool Group::State::own_term_committed() const {
  return role == Role::leader && hard.commit >= first_own;
}

void Group::State::persisted(Time now, Position last) {
  disk.persisted(last);
  while (!held.empty() && held.front().until <= disk.done()) {
    work().send_after.push_back(std::move(held.front().envelope));
    held.pop_front();
  }
  const bool vote_durable = disk.hard().term == hard.term && disk.hard().vote == self;
  if (role == Role::candidate && vote_durable) {
    ballots[self] = Ballot::granted;
    count_ballots(now);
  }
  advance_commit(now);
  confirm_reads(now, nullptr);
}

}  // namespace nodedb::raft
