// SPDX-License-Identifier: Apache-2.0
// What vShards cost: measured where they are led, told to the leader of group 0.
#include <algorithm>
#include <utility>

#include "node/state.h"

namespace nodedb::node {

namespace {

constexpr std::int64_t measure_ns = 10 * ns_per_s;
constexpr std::int64_t tell_ns = 30 * ns_per_s;
/// A report may have been lost.
constexpr std::int64_t tell_anew_ns = 300 * ns_per_s;
/// Asking costs the apply thread some time.
constexpr std::size_t sizes_at_once = 64;

}  // namespace

void Node::State::measure_loads() {
  if (measure_at > now.mono) return;
  measure_at = now.mono + measure_ns;
  meter.sample(now.mono, [this](VShardId vshard) {
    const Replica* here = replica(group_of(vshard));
    return here != nullptr && here->raft.role() == raft::Role::leader;
  });
  SizeTask sizes;
  for (const VShardId vshard : meter.take_unsized(sizes_at_once)) sizes.groups.push_back(group_of(vshard));
  if (!sizes.groups.empty()) give(std::move(sizes));
  tell_loads();
}

void Node::State::receive(const Sized& done) {
  for (const auto& [group, bytes] : done.bytes) meter.sized(vshard_of(group), bytes);
}

/// Who begins to lead group 0 is told everything, else what has changed. Idle nodes have nothing to tell.
void Node::State::tell_loads() {
  const std::pair to(leaders[metadata_group.value], leader_terms[metadata_group.value]);
  if (to.first == NodeId()) return;
  const bool anew = to != loads_told_to || now.mono - loads_told_anew >= tell_anew_ns;
  if (!anew && now.mono - loads_told < tell_ns) return;
  loads_told = now.mono;
  loads_told_to = to;
  if (anew) loads_told_anew = now.mono;
  wire::LoadReport report{meter.take_news(now.mono, anew)};
  if (report.loads.empty()) return;
  if (to.first == self) {
    receive(self, report);
  } else if (uuids.contains(to.first)) {
    turn.send_now.push_back({uuids.at(to.first), std::move(report)});
  }
}

std::optional<wire::VShardLoad> Node::State::known_load(VShardId vshard) const {
  if (const auto measured = meter.known(now.mono, vshard)) return measured;
  if (leads_metadata() && loads.complete(now.mono)) {
    const meta::ShardLoad told = loads.of(now.mono, vshard);
    return wire::VShardLoad{vshard, told.bytes, told.writes, told.reads};
  }
  return std::nullopt;
}

/// Who leads a vShard knows; another one's word is late.
void Node::State::receive(NodeId peer, const wire::LoadReport& report) {
  if (!leads_metadata()) return;
  for (const wire::VShardLoad& load : report.loads)
    if (leaders[group_of(load.vshard).value] == peer) loads.note(load);
}

}  // namespace nodedb::node
