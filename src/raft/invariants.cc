// SPDX-License-Identifier: Apache-2.0
#include "raft/invariants.h"

#include <algorithm>
#include <iterator>

#include "base/crc32c.h"
#include "base/names.h"
#include "raft/quorum.h"

namespace nodedb::raft {

namespace {

std::uint32_t hash_of(const Entry& entry) {
  return crc32c(entry.payload.view(), static_cast<std::uint32_t>(entry.kind) + 1);
}

std::string text(Index index) {
  return std::to_string(index.value);
}

}  // namespace

void ClusterChecker::complain(GroupId group, const std::string& what) {
  if (!broken_) broken_ = "group " + std::to_string(group.value) + ": " + what;
}

void ClusterChecker::elected(GroupId group, Term term, NodeId node) {
  const auto [leader, fresh] = groups_[group].leaders.emplace(term, node);
  if (fresh || leader->second == node) return;
  complain(group, "R1: " + named(leader->second) + " and " + named(node) + " both lead term " +
                      std::to_string(term.value));
}

void ClusterChecker::voted(GroupId group, NodeId node, Term term, NodeId candidate) {
  const auto [vote, fresh] = groups_[group].replicas[node].votes.emplace(term, candidate);
  if (fresh || vote->second == candidate) return;
  complain(group, "R4: " + named(node) + " votes for " + named(vote->second) + " and " + named(candidate) +
                      " in term " + std::to_string(term.value));
}

void ClusterChecker::appended(GroupId group, NodeId node, const Entry& entry, Term previous) {
  const Placed placed{hash_of(entry), previous};
  const auto [known, fresh] = groups_[group].placed.emplace(Position{entry.index, entry.term}, placed);
  if (fresh) return;
  if (known->second.hash == placed.hash && known->second.previous == previous) return;
  complain(group, "R2: the log of " + named(node) + " disagrees at index " + text(entry.index) + " term " +
                      std::to_string(entry.term.value));
}

void ClusterChecker::applied(GroupId group, NodeId node, const Entry& entry) {
  PerGroup& in = groups_[group];
  Replica& replica = in.replicas[node];
  if (replica.seen && entry.index != replica.applied + 1) {
    complain(group, "R5: " + named(node) + " applies index " + text(entry.index) + " after " +
                        text(replica.applied));
  }
  replica.seen = true;
  replica.applied = entry.index;
  const Committed mine{entry.term, hash_of(entry)};
  const auto [known, fresh] = in.committed.emplace(entry.index, mine);
  if (fresh) return check_config(group, in, entry);
  if (known->second.term == mine.term && known->second.hash == mine.hash) return;
  complain(group, "R3: " + named(node) + " applies term " + std::to_string(entry.term.value) + " at index " +
                      text(entry.index) + ", where term " + std::to_string(known->second.term.value) +
                      " was committed");
}

void ClusterChecker::check_config(GroupId group, PerGroup& in, const Entry& entry) {
  if (entry.kind != EntryKind::config) return;
  const auto config = decode_config(entry.payload.view());
  if (!config) return complain(group, "R7: an undecodable config is committed");
  const auto placed = in.configs.emplace(entry.index, *config).first;
  if (placed == in.configs.begin()) return;
  if (!quorums_intersect(std::prev(placed)->second, *config)) {
    complain(group, "R7: the config at index " + text(entry.index) + " shares no quorum with the one before");
  }
}

void ClusterChecker::snapshot(GroupId group, NodeId node, Position at) {
  PerGroup& in = groups_[group];
  Replica& replica = in.replicas[node];
  if (replica.seen && at.index < replica.applied) {
    complain(group, "R5: a snapshot takes " + named(node) + " back to index " + text(at.index));
  }
  replica.seen = true;
  replica.applied = at.index;
  const auto known = in.committed.find(at.index);
  if (known != in.committed.end() && known->second.term != at.term) {
    complain(group, "R3: a snapshot of " + named(node) + " has another term at index " + text(at.index));
  }
}

void ClusterChecker::persisted(GroupId group, NodeId node, const HardState& hard) {
  HardState& known = groups_[group].replicas[node].hard;
  if (hard.term < known.term || hard.commit < known.commit) {
    complain(group, "R4: term or commit of " + named(node) + " falls");
  }
  if (hard.term == known.term && known.vote != NodeId() && hard.vote != known.vote) {
    complain(group, "R4: " + named(node) + " changes its vote in term " + std::to_string(hard.term.value));
  }
  known = hard;
}

void ClusterChecker::destroyed(GroupId group, NodeId node) {
  Replica& replica = groups_[group].replicas[node];
  replica.hard = {};
  replica.applied = {};
  replica.seen = false;
}

void ClusterChecker::restarted(GroupId group, NodeId node, const HardState& hard, Index applied) {
  Replica& replica = groups_[group].replicas[node];
  const HardState& known = replica.hard;
  if (hard.term < known.term || hard.commit < known.commit ||
      (hard.term == known.term && hard.vote != known.vote)) {
    complain(group, "R4: " + named(node) + " came back with less than it had made durable");
  }
  replica.applied = applied;
  replica.seen = true;
}

std::size_t ClusterChecker::committed(GroupId group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? 0 : found->second.committed.size();
}

bool quorums_intersect(const Config& a, const Config& b) {
  std::vector<NodeId> all = a.members();
  const std::vector<NodeId> more = b.members();
  all.insert(all.end(), more.begin(), more.end());
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  std::erase_if(all, [&](NodeId node) { return !a.is_voter(node) && !b.is_voter(node); });
  if (all.size() > 16) return true;  // too many to try
  // If a set of nodes is a quorum of one config while the rest is one of the other, they can miss each other.
  for (std::uint32_t chosen = 0; chosen < 1U << all.size(); ++chosen) {
    const auto inside = [&](NodeId node) {
      const auto at = std::ranges::lower_bound(all, node) - all.begin();
      return (chosen >> at & 1U) != 0;
    };
    const auto first =
        joint_vote(a, [&](NodeId n) { return inside(n) ? Ballot::granted : Ballot::rejected; });
    const auto rest = joint_vote(b, [&](NodeId n) { return inside(n) ? Ballot::rejected : Ballot::granted; });
    if (first == VoteResult::won && rest == VoteResult::won) return false;
  }
  return true;
}

}  // namespace nodedb::raft
