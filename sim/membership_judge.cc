// SPDX-License-Identifier: Apache-2.0
#include "sim/membership_judge.h"

#include <algorithm>

#include "base/names.h"
#include "base/node_list.h"
#include "node/namespaces.h"
#include "sim/oracle.h"

namespace nodedb::sim {

namespace {

using meta::MemberState;

meta::Standing standing_of(const meta::Member& member, bool up) {
  if (!up) return meta::Standing::dead;
  if (member.state == MemberState::draining) return meta::Standing::draining;
  if (member.state == MemberState::leaving) return meta::Standing::leaving;
  return meta::Standing::active;
}

}  // namespace

meta::Tables tables_on(Host& host) {
  meta::Tables tables;
  const auto view = host.state().view(metadata_group);
  for (Put& row : node::all_rows(node::MachineView(*view))) {
    // A row that cannot be read is the node's to complain about.
    if (!tables.absorb(Write(std::move(row)))) break;
  }
  return tables;
}

MembershipJudge::MembershipJudge(Machines machines, std::size_t driver)
    : machines_(std::move(machines)),
      driver_(driver),
      tables_(tables_on(machines_.host(driver))),
      plan_(plan()) {}

bool MembershipJudge::is_up(NodeId node) const {
  return machines_.host(node.value - 1).running();
}

bool MembershipJudge::is_able(const meta::Member& member) const {
  return meta::keeps_replicas(member) && is_up(member.id);
}

std::uint32_t MembershipJudge::up(std::initializer_list<MemberState> states) const {
  std::uint32_t count = 0;
  for (const auto& [id, member] : tables_.members) {
    if (is_up(id) && std::ranges::find(states, member.state) != states.end()) ++count;
  }
  return count;
}

bool MembershipJudge::too_few() const {
  return std::ranges::any_of(plan_.complaints, [](const meta::Complaint& one) {
    return one.constraint == meta::Constraint::replication;
  });
}

std::string MembershipJudge::amiss() const {
  if (auto what = members_amiss(); !what.empty()) return what;
  if (auto what = settings_amiss(); !what.empty()) return what;
  if (auto what = plan_amiss(); !what.empty()) return what;
  if (up({MemberState::active, MemberState::draining}) >= machines_.climate.replication) {
    if (auto what = metadata_amiss(); !what.empty()) return what;
  }
  if (auto what = leads_amiss(); !what.empty() || too_few()) return what;
  for (const auto& [id, member] : tables_.members) {
    if (member.state == MemberState::leaving) return named(id) + " still leaves";
  }
  for (std::uint16_t v = 0; v < machines_.climate.vshards; ++v) {
    if (auto what = vshard_amiss(VShardId(v)); !what.empty()) return what;
  }
  return {};
}

std::string MembershipJudge::members_amiss() const {
  for (std::size_t node = 0; node < machines_.climate.machines(); ++node) {
    if (!machines_.started(node) || machines_.gone(node)) continue;
    const NodeId id = id_of(node);
    const auto member = tables_.members.find(id);
    if (member == tables_.members.end() || member->second.uuid != machines_.host(node).options().uuid)
      return named(id) + " is no member";
    if (!is_up(id)) return named(id) + " is down";
    if (member->second.state == MemberState::joining) return named(id) + " has not reported itself";
    if (member->second.state == MemberState::retired) return named(id) + " does not know that it is retired";
  }
  return {};
}

/// In force everywhere is what group 0's log says.
std::string MembershipJudge::settings_amiss() const {
  for (const auto& [id, member] : tables_.members) {
    if (!is_up(id)) continue;
    if (machines_.host(id.value - 1).settings() == tables_.settings) continue;
    return named(id) + " goes by other settings than group 0's";
  }
  return {};
}

/// Loads are not its business.
meta::Plan MembershipJudge::plan() const {
  meta::PlanInput input;
  input.replication_factor = tables_.cluster->replication_factor;
  for (const auto& [id, member] : tables_.members) {
    if (member.state == MemberState::retired) continue;
    meta::PlanNode node;
    node.id = id;
    node.standing = standing_of(member, is_up(id));
    node.weight = member.capacity;
    input.nodes.push_back(std::move(node));
  }
  for (std::uint16_t v = 0; v < machines_.climate.vshards; ++v) {
    const std::vector<NodeId>& replicas = tables_.placement[v].replicas;
    if (replicas.empty()) continue;
    meta::PlanShard shard;
    shard.id = VShardId(v);
    shard.voters = replicas;
    shard.leader = replicas.front();
    input.shards.push_back(std::move(shard));
  }
  meta::PlanOptions options;
  options.balance = tables_.settings.mode() == meta::RebalanceMode::automatic;
  return meta::plan(input, options);
}

/// Planning again gives nothing; and where it names a constraint, that is so.
std::string MembershipJudge::plan_amiss() const {
  if (too_few() && up({MemberState::active}) >= machines_.climate.replication)
    return "the planner says that there are too few members, and there are not";
  if (plan_.steps.empty()) return {};
  const meta::PlanStep& step = plan_.steps.front();
  return "the planner still wants to " + std::string(meta::name(step.kind)) + " " + named(step.vshard) +
         " from " + named(step.from) + " to " + named(step.to) + ": " + std::string(meta::name(step.why));
}

/// Group 0: a voter for each replica of a vShard, all of them here to stay; all other members learn.
std::string MembershipJudge::metadata_amiss() const {
  const raft::Config& config = machines_.host(driver_).core()->group(metadata_group)->config();
  if (config.joint()) return "group 0 is in a joint config";
  for (const NodeId voter : config.voters) {
    const auto member = tables_.members.find(voter);
    if (member == tables_.members.end() || !is_able(member->second))
      return named(voter) + " votes in group 0 and is not to stay";
  }
  if (config.voters.size() != machines_.climate.replication)
    return "group 0 has " + std::to_string(config.voters.size()) + " voters";
  for (const auto& [id, member] : tables_.members) {
    const bool retired = member.state == MemberState::retired;
    if (retired == contains(config.members(), id))
      return named(id) + (retired ? " is retired and still in group 0" : " does not get group 0");
  }
  return {};
}

std::string MembershipJudge::vshard_amiss(VShardId vshard) const {
  std::vector<NodeId> wanted = tables_.placement[vshard.value].replicas;
  std::ranges::sort(wanted);
  if (wanted.size() != machines_.climate.replication)
    return named(vshard) + " is to have " + std::to_string(wanted.size()) + " replicas";
  for (std::size_t node = 0; node < machines_.climate.machines(); ++node) {
    if (!machines_.started(node)) continue;
    const std::string where = named(vshard) + " on " + named(id_of(node));
    const bool here = contains(wanted, id_of(node));
    if (machines_.gone(node)) {
      if (here) return where + " is gone for good";
      continue;
    }
    Host& host = machines_.host(node);
    const raft::Group* replica = host.core()->group(group_of(vshard));
    const bool held = replica != nullptr || host.log().group(group_of(vshard)) != nullptr ||
                      host.state().position(group_of(vshard)).index > Index();
    if (held && !here) return where + " is an orphan";
    if (here && (replica == nullptr || host.log().group(group_of(vshard)) == nullptr))
      return where + " is missing";
    if (!here) continue;
    const raft::Config& config = replica->config();
    if (config.joint() || !config.learners.empty() || config.voters != wanted)
      return where + " has another config than the placement";
  }
  return {};
}

/// Who drains leads nothing that another could lead.
std::string MembershipJudge::leads_amiss() const {
  for (const auto& [id, member] : tables_.members) {
    if (member.state != MemberState::draining || !is_up(id)) continue;
    for (std::uint32_t g = 0; g <= machines_.climate.vshards; ++g) {
      const raft::Group* replica = machines_.host(id.value - 1).core()->group(GroupId(g));
      if (replica == nullptr || replica->role() != raft::Role::leader) continue;
      const bool another = std::ranges::any_of(replica->config().voters, [&](NodeId voter) {
        const auto other = tables_.members.find(voter);
        return other != tables_.members.end() && other->second.state == MemberState::active && is_up(voter);
      });
      if (another) return named(id) + " drains and still leads group " + std::to_string(g);
    }
  }
  return {};
}

std::string MembershipJudge::unaudited(const std::set<std::string>& actors) const {
  std::set<std::string> by;
  std::string all;
  for (const auto& [key, line] : tables_.audit) {
    by.insert(line.by.actor);
    all += line.what + '\n';
  }
  for (const std::string& actor : actors) {
    if (!by.contains(actor)) return "what " + actor + " has changed";
  }
  for (const auto& [id, member] : tables_.members) {
    if (id.value > machines_.climate.nodes && !all.contains("node " + member.uuid.text() + " at"))
      return "that " + named(id) + " has joined";
    if (member.state == MemberState::retired && !all.contains(named(id) + " is to be retired\n"))
      return "that " + named(id) + " is retired";
  }
  return {};
}

}  // namespace nodedb::sim
