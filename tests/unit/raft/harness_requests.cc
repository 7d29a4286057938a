// SPDX-License-Identifier: Apache-2.0
// The small world's requests: snapshots, proposals, reads, compaction, and whether all agree.
#include <algorithm>

#include "tests/unit/raft/harness.h"

namespace nodedb::raft::test {

void World::send_snapshot(std::uint32_t from, std::uint32_t to) {
  const Group& source = group(from);
  const Position at_{source.applied(), *source.term_at(source.applied())};
  const Config config = source.config_at(at_.index);
  const std::vector<Entry> data = nodes_.at(from).applied;
  const std::uint64_t incarnation = nodes_.at(from).incarnation;
  const bool passes_now = passes(from, to);
  at(now_ + rng_.between(climate.delay_max_ns, 20 * climate.delay_max_ns), [=, this] {
    const bool arrives = passes_now && nodes_.contains(to) && up(to) && !cuts_.contains({from, to});
    if (arrives) install_snapshot(from, to, at_, config, data);
    if (!up(from) || nodes_.at(from).incarnation != incarnation) return;
    group(from).snapshot_sent(now_, NodeId(to), arrives);
    drain(from);
  });
}

void World::install_snapshot(std::uint32_t from, std::uint32_t to, Position at, const Config& config,
                             const std::vector<Entry>& data) {
  Node& node = nodes_.at(to);
  if (node.group->applied() < at.index && node.group->commit() < at.index) {
    node.applied = data;
    node.disk.applied = at.index;
    node.disk.snapshot = at;
    node.disk.snapshot_config = config;
    checker.snapshot(id_, NodeId(to), at);
    ++snapshots_installed;
  }
  node.group->installed_snapshot(now_, at, config, NodeId(from));
  drain(to);
}

// --- requests ---

std::uint32_t World::leader() const {
  std::uint32_t best = 0;
  Term highest;
  for (const auto& [id, node] : nodes_) {
    if (!node.group || node.group->role() != Role::leader || node.group->term() <= highest) continue;
    best = id;
    highest = node.group->term();
  }
  return best;
}

bool World::elect(std::int64_t within_ns) {
  return run(within_ns, [&] {
    const std::uint32_t id = leader();
    return id != 0 && group(id).commit() == group(id).last().index;
  });
}

Result<Position> World::propose(std::uint32_t id, std::string command) {
  auto result = group(id).propose(now_, {Blob(std::move(command))});
  drain(id);
  return result;
}

void World::read(std::uint32_t id) {
  const std::uint64_t context = next_context_++;
  nodes_.at(id).reads[context] = acknowledged;
  if (!group(id).read_index(now_, context, live(id))) {
    nodes_.at(id).reads.erase(context);
    ++reads_refused;
  }
  drain(id);
}

void World::answer(std::uint32_t id, const ReadGrant& grant) {
  const auto asked = nodes_.at(id).reads.find(grant.context);
  if (asked == nodes_.at(id).reads.end()) return complain("a read is answered twice");
  if (grant.granted && grant.index < asked->second) complain("R8: a stale read is granted");
  (grant.granted ? reads_granted : reads_refused)++;
  nodes_.at(id).reads.erase(asked);
}

void World::compact(std::uint32_t id, std::size_t keep_bytes) {
  Node& node = nodes_.at(id);
  node.disk.applied = std::max(node.disk.applied, node.group->applied());
  node.group->compact(node.disk.applied, keep_bytes);
  drain(id);
}

bool World::settled() const {
  const std::uint32_t at = leader();
  if (at == 0) return false;
  const Group& leads = *nodes_.at(at).group;
  if (leads.commit() != leads.last().index) return false;
  const auto members = leads.config().members();
  return std::ranges::all_of(members, [&](NodeId member) {
    const auto found = nodes_.find(member.value);
    if (found == nodes_.end() || !found->second.group) return true;
    const Group& other = *found->second.group;
    return other.leader() == NodeId(at) && other.last() == leads.last() && other.commit() == leads.commit() &&
           other.applied() == leads.commit();
  });
}

}  // namespace nodedb::raft::test
