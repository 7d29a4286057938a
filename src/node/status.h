// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a node knows about itself and the cluster, as plain values: for `status`, the dashboard and metrics.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "meta/admin.h"
#include "meta/migration.h"
#include "meta/plan/plan.h"
#include "meta/recovery.h"
#include "meta/settings.h"
#include "meta/trust.h"
#include "meta/types.h"
#include "node/transfers.h"
#include "raft/types.h"
#include "swim/types.h"
#include "wire/load_messages.h"

namespace nodedb::node {

struct MemberStatus {
  meta::Member member;
  bool connected = false;
  std::int64_t last_heard_ns_ago = -1;  ///< -1: never
  /// As SWIM has it: a hint. And for how long; -1: assumed, nothing was heard of it yet.
  swim::Standing standing = swim::Standing::alive;
  std::int64_t standing_ns = -1;
  std::uint32_t leads = 0;        ///< groups that it claims to lead, as far as this node knows
  std::uint32_t wanted = 0;       ///< replicas that the placement gives it
  std::uint64_t lag_entries = 0;  ///< the most that a replica there is behind a leader here
};

struct FollowerStatus {
  NodeId node;
  Index match;
  std::string state;  ///< probe, stream, snapshot
};

struct GroupStatus {
  GroupId group;
  raft::Role role = raft::Role::follower;
  bool replica = false;  ///< this node holds one
  Term term;
  NodeId leader;  ///< 0: unknown
  Index commit;
  Index applied;
  raft::Position base;
  raft::Position last;
  std::size_t log_bytes = 0;
  raft::Config config;
  Epoch epoch;
  std::vector<NodeId> wanted;
  std::vector<FollowerStatus> followers;  ///< leader only
  /// Known to its leader, and to the node that drives; not in the first minute.
  std::optional<wire::VShardLoad> load{};
  std::string halted;  ///< why apply stopped, empty if it did not
};

/// How a migration stands. Only the leader of group 0 knows more than the record.
struct MigrationStatus {
  meta::Migration record;
  std::string waits_for;           ///< empty: it is not waiting, or this node does not drive
  std::int64_t waits_ns = 0;       ///< since when
  std::uint64_t copied_bytes = 0;  ///< of the snapshot under way
  std::uint64_t copy_bytes = 0;    ///< about all of it; 0: not known
  std::uint64_t lag_entries = 0;
  std::uint64_t pace = 0;  ///< bytes per second to which writes are limited for the copy; 0: they are not
};

/// What a status is to tell beside what it always tells.
struct StatusWish {
  bool groups = false;             ///< a row for every group
  std::optional<GroupId> group{};  ///< a row for this one
  bool history = false;            ///< the whole history of migrations, not only its latest part
  bool admin = false;              ///< settings, join tokens and the audit log
  bool plan = false;               ///< how balanced the cluster is, and what the planner would do
  bool operator==(const StatusWish&) const = default;
};

struct RecoveryStatus {
  meta::Recovery recovery;
  std::string waits_for;  ///< why the survivor, if that is this node, does not go on yet
};

struct HaltedGroup {
  GroupId group;
  std::string why;
};

struct Status {
  std::optional<meta::Cluster> cluster;  ///< nothing before `init`
  Uuid uuid;
  NodeId id;
  Incarnation incarnation;
  std::string address;
  std::string client_address;
  bool disk_full = false;
  bool draining = false;
  std::uint32_t ill = 0;       ///< how slow this node seems to itself, 0 to 8 (swim/health.h)
  std::uint32_t replicas = 0;  ///< held here, without that of group 0
  std::uint32_t groups_led = 0;
  std::uint32_t groups_without_leader = 0;  ///< of all vshard_count + 1, as far as this node knows
  std::uint64_t lag_entries_max = 0;        ///< the worst follower of a group led here
  std::uint64_t requests_waiting = 0;
  std::uint64_t requests_refused = 0;  ///< as busy, in this life, by this node as their gateway
  std::size_t log_bytes = 0;
  std::uint64_t log_syncs = 0;  ///< writes of the log store in this life: each is one sync for all groups
  std::vector<MemberStatus> members;
  std::vector<HaltedGroup> halted;  ///< groups of which this node applies nothing any more
  bool drives = false;              ///< this node leads group 0 and drives the migrations
  NodeId driver;                    ///< who does, as far as this node knows; 0: nobody
  bool in_touch = false;            ///< with the driver, or it is this node
  Transfers::Counts snapshots;
  std::vector<wire::VShardLoad> hot;  ///< the busiest that it leads, the first most; few
  std::vector<MigrationStatus> migrations;
  std::vector<meta::GhostStub> ghosts;
  std::vector<RecoveryStatus> recoveries;       ///< under way
  std::vector<meta::MigrationHistory> history;  ///< the latest last
  std::size_t history_left_out = 0;             ///< earlier ones
  std::vector<std::string> quarantined;         ///< rows of group 0 that cannot be trusted, and why
  std::vector<GroupStatus> groups;              ///< those that were asked for
  /// If they were asked for.
  struct Admin {
    meta::Settings settings;
    std::vector<std::string> changed;  ///< the names of the settings that are not at their defaults
    std::vector<meta::Token> tokens;
    std::vector<meta::AuditLine> audit;  ///< the latest last
    std::uint64_t wall_ms = 0;           ///< here, to see which tokens have expired
  };
  std::optional<Admin> admin{};
  /// If it was asked for, of the node that drives.
  struct Balance {
    meta::Settings settings;
    std::vector<std::pair<NodeId, meta::Standing>> standings;
    meta::Plan plan;
  };
  std::optional<Balance> balance{};
  std::vector<meta::Authority> authorities;  ///< as the exchange of the authority has it
  std::vector<meta::MemberTrust> trusts;     ///< of the members that are not retired, as they have reported
};

}  // namespace nodedb::node
