// SPDX-License-Identifier: Apache-2.0
#include "node/status.h"

#include <algorithm>
#include <iterator>

#include "node/state.h"

namespace nodedb::node {

namespace {

constexpr std::size_t history_latest = 32;
constexpr std::size_t hottest_shown = 8;

std::string_view name(raft::Group::Follower::State state) {
  switch (state) {
    case raft::Group::Follower::State::probe:
      return "probe";
    case raft::Group::Follower::State::stream:
      return "stream";
    case raft::Group::Follower::State::snapshot:
      return "snapshot";
  }
  return "";
}

}  // namespace

Status Node::State::status(const StatusWish& wish) const {
  Status out;
  if (identity) out.cluster = tables.cluster;
  out.uuid = options.uuid;
  out.id = self;
  out.incarnation = incarnation;
  out.address = options.address;
  out.client_address = options.client_address;
  out.disk_full = disk_full;
  out.draining = draining;
  out.ill = swim ? swim->ill() : 0;
  out.requests_waiting = gateway.waiting();
  out.requests_refused = gateway.admission().refused();
  out.log_syncs = log_syncs;
  out.snapshots = transfers.counts();
  out.hot = meter.hottest(hottest_shown);
  std::map<NodeId, std::uint32_t> led;
  std::map<NodeId, std::uint64_t> lags;
  for (std::uint32_t group = 0; group < group_count; ++group) {
    const bool exists = group == 0 || (identity && !tables.placement[group - 1].replicas.empty());
    if (exists) ++led[leaders[group]];
    if (const Replica* here = replica(GroupId(group))) {
      out.log_bytes += here->raft.log_bytes();
      if (group != metadata_group.value) ++out.replicas;
      if (here->halted) out.halted.push_back({GroupId(group), here->halted->detail});
      if (here->raft.role() == raft::Role::leader) {
        for (const auto& follower : here->raft.followers()) {
          if (follower.node == self) continue;
          const std::uint64_t lag = here->raft.last().index.value - follower.match.value;
          out.lag_entries_max = std::max(out.lag_entries_max, lag);
          lags[follower.node] = std::max(lags[follower.node], lag);
        }
      }
    }
    if (exists && (wish.groups || wish.group == GroupId(group)))
      out.groups.push_back(group_status(GroupId(group)));
  }
  out.groups_led = self == NodeId() ? 0 : led[self];
  out.groups_without_leader = led[NodeId()];
  std::map<NodeId, std::uint32_t> wanted;
  for (const meta::Placement& placement : tables.placement)
    for (const NodeId node : placement.replicas) ++wanted[node];
  for (const auto& [id, member] : tables.members) {
    MemberStatus one;
    one.wanted = wanted[id];
    one.member = member;
    one.connected = id == self || connected(id);
    const Time heard = live.last_heard(id);
    if (id == self)
      one.last_heard_ns_ago = 0;
    else if (heard != long_ago)
      one.last_heard_ns_ago = now.mono - heard;
    one.leads = led[id];
    one.lag_entries = lags[id];
    if (const auto verdict = swim ? swim->verdict(id) : std::nullopt) {
      one.standing = verdict->standing;
      if (verdict->since != long_ago) one.standing_ns = now.mono - verdict->since;
    }
    out.members.push_back(std::move(one));
  }
  migration_status(out, wish.history);
  if (wish.admin) out.admin = admin_status();
  for (const auto& [fingerprint, authority] : tables.authorities) out.authorities.push_back(authority);
  for (const auto& [id, row] : tables.trusts) {
    const auto member = tables.members.find(id);
    if (member != tables.members.end() && member->second.state != meta::MemberState::retired)
      out.trusts.push_back(row);
  }
  return out;
}

Status::Admin Node::State::admin_status() const {
  Status::Admin out;
  out.settings = tables.settings;
  for (const auto& [name, value] : tables.setting_rows) out.changed.push_back(name);
  for (const auto& [id, token] : tables.tokens) out.tokens.push_back(token);
  for (const auto& [key, line] : tables.audit) out.audit.push_back(line);
  out.wall_ms = wall_ms();
  return out;
}

Status::Balance Node::State::balance_status() {
  auto [picture, plan] = reconciler.outlook(now.mono, reconciler_surroundings());
  Status::Balance out{tables.settings, {}, std::move(plan)};
  for (const meta::PlanNode& node : picture.nodes) out.standings.emplace_back(node.id, node.standing);
  return out;
}

void Node::State::migration_status(Status& out, bool whole_history) const {
  out.drives = leads_metadata();
  out.driver = leaders[metadata_group.value];
  out.in_touch = out.driver != NodeId() && in_touch(out.driver);
  for (const auto& [id, intent] : tables.migrations.intents()) {
    if (const auto record = tables.migrations.find(id))
      out.migrations.push_back(driver.status(now.mono, *record));
  }
  for (const auto& [where, ghost] : tables.ghosts) out.ghosts.push_back(ghost);
  for (const auto& [vshard, recovery] : tables.recoveries) {
    const auto why = recovery_waits.find(vshard);
    out.recoveries.push_back({recovery, why == recovery_waits.end() ? std::string() : why->second});
  }
  if (!whole_history && tables.history.size() > history_latest)
    out.history_left_out = tables.history.size() - history_latest;
  for (auto at = std::next(tables.history.begin(), static_cast<std::ptrdiff_t>(out.history_left_out));
       at != tables.history.end(); ++at) {
    out.history.push_back(at->second);
  }
  for (const auto& row : tables.migrations.quarantined()) out.quarantined.push_back(row.error.detail);
}

GroupStatus Node::State::group_status(GroupId group) const {
  GroupStatus out;
  out.group = group;
  out.leader = leaders[group.value];
  if (group != metadata_group) {
    const meta::Placement& placement = tables.placement[vshard_of(group).value];
    out.epoch = placement.epoch;
    out.wanted = placement.replicas;
    out.load = known_load(vshard_of(group));
  }
  const Replica* here = replica(group);
  if (here == nullptr) return out;
  out.replica = true;
  out.role = here->raft.role();
  out.term = here->raft.term();
  out.commit = here->raft.commit();
  out.applied = here->applied;
  out.base = here->raft.base();
  out.last = here->raft.last();
  out.log_bytes = here->raft.log_bytes();
  out.config = here->raft.config();
  if (here->halted) out.halted = here->halted->detail;
  if (out.role == raft::Role::leader) {
    for (const auto& follower : here->raft.followers()) {
      if (follower.node == out.leader) continue;
      out.followers.push_back({follower.node, follower.match, std::string(name(follower.state))});
    }
  }
  return out;
}

}  // namespace nodedb::node
