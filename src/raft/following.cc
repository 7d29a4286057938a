// SPDX-License-Identifier: Apache-2.0
// The follower's side of replication. Paper, section 5.3.
#include <algorithm>

#include "base/check.h"
#include "raft/state.h"

namespace nodedb::raft {

namespace {

/// What a correct leader would send: contiguous, terms rising up to its own, configs that decode.
bool plausible(const Append& append) {
  Position before = append.previous;
  for (const Entry& entry : append.entries) {
    if (entry.index != before.index + 1 || entry.term < before.term || entry.term > append.term) return false;
    if (entry.kind == EntryKind::config && !decode_config(entry.payload.view())) return false;
    before = Position{entry.index, entry.term};
  }
  return before.term <= append.term;
}

}  // namespace

void Group::State::receive_append(Time now, NodeId from, Append&& append, const Liveness& live) {
  if (append.term < hard.term) return reject_append(from, append);
  const bool another = append.term == hard.term && leader != NodeId() && leader != from;
  if (another || !plausible(append)) return;
  if (append.term > hard.term || role != Role::follower || leader != from) {
    become_follower(now, append.term, from);
  }
  hear_leader(now, live);
  admitted = append.admitted;
  const Index verified = append.previous.index + append.entries.size();
  // Up to the base everything is committed, so whatever a leader sends there matches.
  const bool above_base = append.previous.index >= log.base().index;
  const auto mine = log.term_at(append.previous.index);
  const bool matches = mine && (*mine == append.previous.term || bugs.match_by_index_only);
  if (above_base && !matches) return reject_append(from, append);
  if (!accept_entries(append)) return reject_append(from, append);
  commit_to(std::min(append.commit, verified));
  send_durable(from,
               AppendReply{.term = hard.term, .success = true, .match = verified, .admitted = admitted});
}

void Group::State::hear_leader(Time now, const Liveness& live) {
  heard_append = now;
  // A leader whose pulses claim this group is watched by them: silence is reported, no timer needed.
  election = live.claimed_term(leader, id) == hard.term ? never : now + random_timeout();
}

bool Group::State::accept_entries(Append& append) {
  for (Entry& entry : append.entries) {
    if (entry.index <= log.base().index) continue;
    const auto mine = log.term_at(entry.index);
    if (mine == entry.term) continue;
    if (mine && bugs.truncate_below_commit) {
      truncate_from(std::max(std::min(entry.index, hard.commit), log.base().index + 1));
      if (entry.index != log.last().index + 1) return false;
    } else if (mine) {
      truncate_from(entry.index);
    }
    append_entry(std::move(entry));
  }
  return true;
}

void Group::State::reject_append(NodeId from, const Append& append) {
  AppendReply reply{.term = hard.term, .success = false, .rejected = append.previous.index};
  reply.conflict = Position{log.last().index + 1, Term()};
  reply.admitted = append.admitted;
  if (const auto term = log.term_at(append.previous.index)) {
    reply.conflict = Position{log.first_of_term(append.previous.index), *term};
  }
  send_durable(from, reply);
}

void Group::State::truncate_from(Index from) {
  CHECK_MSG(from > hard.commit || bugs.truncate_below_commit, "R3: committed entries never vanish");
  log.truncate_from(from);
  disk.truncated(from);
  if (!bugs.config_not_rolled_back && configs.truncate_from(from)) config_changed();
  while (!proposals.empty() && proposals.back().last >= from) {
    Proposals& range = proposals.back();
    const Index first = std::max(range.first, from);
    for (Index at = first; at <= range.last; ++at) work().lost.push_back(Decided{at, range.term, false});
    if (range.first >= from) {
      proposals.pop_back();
    } else {
      range.last = from - 1;
    }
  }
}

void Group::State::append_entry(Entry entry) {
  const Index index = entry.index;
  std::optional<Config> config;
  if (entry.kind == EntryKind::config) {
    auto decoded = decode_config(entry.payload.view());
    CHECK_MSG(decoded.has_value(), "configs are validated before they are appended");
    config = std::move(*decoded);
  }
  log.append(std::move(entry));
  if (!config) return;
  if (bugs.config_not_rolled_back) configs.truncate_from(index);
  configs.append(index, std::move(*config));
  config_changed();
}

}  // namespace nodedb::raft
