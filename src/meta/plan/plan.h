// SPDX-License-Identifier: Apache-2.0
#pragma once

// The placement planner: from a picture of the cluster to the steps that make it what is wanted. Pure: no
// clock, no luck; the same picture gives the same plan, in whatever order its rows are listed. It knows
// nothing of tables, entries or migrations: who calls it draws the picture and carries out the steps.
//
// What a plan promises (docs/placement.md): with its steps taken, every vShard has its replicas on nodes that
// stay, spread over zones as well as the nodes allow; replica and leader counts are within one of each node's
// share; loads are within the goal where the vShards can be divided so. A second plan is then empty. No
// replica is moved twice or back. Within the bounds there is no step at all.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "meta/plan/bugs.h"

namespace nodedb::meta {

enum class Standing : std::uint8_t {
  active,    ///< holds, leads, takes and gives
  draining,  ///< keeps its replicas, takes none, and is to lead nothing
  leaving,   ///< decommissioned: gives all of its replicas away
  silent,    ///< does not answer, and is not given up yet: nothing is sent to it or taken from it
  dead,      ///< given up: its replicas are replaced
};
std::string_view name(Standing standing);

struct PlanNode {
  NodeId id;
  Standing standing = Standing::active;
  std::uint32_t weight = 1;       ///< shares of replicas, leaders and load are in proportion to it; 0: none
  std::vector<std::string> zone;  ///< outermost first, as {"eu", "eu-1", "rack 7"}; at most `zone_levels_max`
  std::uint32_t slots = std::numeric_limits<std::uint32_t>::max();  ///< copies it may still take part in now
  std::uint64_t free_bytes = std::numeric_limits<std::uint64_t>::max();
};
inline constexpr std::size_t zone_levels_max = 4;

/// What a vShard costs: bytes and writes each of its nodes, reads and CPU the one that leads.
struct ShardLoad {
  std::uint64_t bytes = 0;
  std::uint64_t writes = 0;  ///< a second
  std::uint64_t reads = 0;   ///< a second
  std::uint64_t cpu_us = 0;  ///< of the leader, µs a second
  bool operator==(const ShardLoad&) const = default;
};

struct PlanShard {
  VShardId id;
  std::vector<NodeId> voters;  ///< a node that the picture lacks counts as dead
  NodeId leader;               ///< nobody: not known; it is left alone
  ShardLoad load;
  /// A move that is under way. It is taken for done, and the vShard is left alone until it is.
  struct Flight {
    NodeId from;  ///< nobody: a replica is added
    NodeId to;    ///< nobody: a replica is removed
  };
  std::optional<Flight> flight;
};

/// Pre: ids are distinct, every vShard has a voter, 1 <= replication_factor <= `replication_factor_max` of
/// meta/placement.h.
struct PlanInput {
  std::vector<PlanNode> nodes;
  std::vector<PlanShard> shards;
  std::uint32_t replication_factor = 3;
};

struct PlanOptions {
  double load_bound = 0.10;  ///< of a node's share: beyond it loads are balanced …
  double load_goal = 0.05;  ///< … until they are within this. Smaller than the bound: that is the hysteresis
  /// Steps after which planning stops: those that copy, and transfers. A few cost a small part of all.
  std::size_t copies_max = std::numeric_limits<std::size_t>::max();
  std::size_t transfers_max = std::numeric_limits<std::size_t>::max();
  std::size_t at_once = 16;  ///< copies under way in the cluster
  bool balance = true;       ///< false: only what is broken, surplus, leaving or draining
  PlanBugs bugs{};
};

enum class StepKind : std::uint8_t {
  move,      ///< a replica goes from one live node to another
  repair,    ///< the same, from a node that is dead
  add,       ///< a replica more: there are too few
  remove,    ///< a replica less: there are too many
  transfer,  ///< of leadership to another voter; nothing is copied
};
std::string_view name(StepKind kind);

/// In order of priority.
enum class Why : std::uint8_t {
  dead,
  missing,
  surplus,
  leaving,
  zone,
  count,
  bytes,
  writes,
  leader_leaves,  ///< its node drains or leaves
  leader_count,
  reads,
  cpu,
};
std::string_view name(Why why);

struct NodeLoad {
  std::uint32_t replicas = 0;
  std::uint32_t leaders = 0;
  ShardLoad load;  ///< bytes and writes of its replicas, reads and CPU of what it leads
  bool operator==(const NodeLoad&) const = default;
};

struct PlanStep {
  VShardId vshard;
  NodeId from;  ///< nobody for `add`
  NodeId to;    ///< nobody for `remove`
  StepKind kind = StepKind::move;
  Why why = Why::count;
  /// What the reason is about, before and after the step, and what is wanted. dead, missing, surplus: live
  /// voters of the vShard. zone: pairs of its voters in one zone. Others: replicas, leaders or load of
  /// `about`.
  NodeId about;
  double before = 0;
  double after = 0;
  double wanted = 0;
  std::uint32_t exchange =
      0;                ///< not 0: one of two steps of that number, in a row, that only make sense together
  NodeLoad from_after;  ///< once this step and all before it are taken
  NodeLoad to_after;
  bool operator==(const PlanStep&) const = default;
};

enum class Constraint : std::uint8_t {
  replication,  ///< too few nodes may hold replicas
  majority,     ///< too few voters live: the group cannot change its members
  space,        ///< no node that may take a replica has room for it
  zone,         ///< fewer zones than replicas: spread as well as possible
};
std::string_view name(Constraint constraint);

/// What cannot be met.
struct Complaint {
  Constraint constraint = Constraint::replication;
  std::uint32_t vshards = 0;  ///< how many it concerns
  VShardId first;             ///< the first of them
  std::string text;           ///< one sentence for a person
  bool operator==(const Complaint&) const = default;
};

/// One node before and after the whole plan, and what its share is then.
struct NodeOutlook {
  NodeId id;
  NodeLoad now;
  NodeLoad then;
  double replicas_share = 0;
  double leaders_share = 0;
  bool operator==(const NodeOutlook&) const = default;
};

struct Plan {
  std::vector<PlanStep> steps;  ///< most urgent first
  std::vector<Complaint> complaints;
  std::vector<NodeOutlook> nodes;  ///< by id
  bool complete = true;            ///< false: cut off by a maximum
  bool operator==(const Plan&) const = default;
};

Plan plan(const PlanInput& input, const PlanOptions& options = {});

/// Those steps that may begin now, in order: within `at_once`, both nodes' slots and the target's free bytes,
/// and only the first of each vShard. Transfers need no slot. The steps of an exchange begin together, unless
/// nothing else is under way or can begin.
std::vector<PlanStep> startable(const Plan& plan, const PlanInput& input, const PlanOptions& options = {});

/// May these nodes leave, all together? Every constraint that says no, or that is met less well without them
/// (zone). Pre: they are in the picture.
std::vector<Complaint> removal_check(PlanInput input, const std::vector<NodeId>& nodes,
                                     const PlanOptions& options = {});

}  // namespace nodedb::meta
