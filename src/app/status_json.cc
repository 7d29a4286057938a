// SPDX-License-Identifier: Apache-2.0
#include "app/status_json.h"

#include <span>

#include "app/balance_json.h"
#include "app/json_words.h"
#include "app/meta_json.h"

namespace nodedb::app {

namespace {

BytesView role_name(raft::Role role) {
  switch (role) {
    case raft::Role::follower:
      return "follower";
    case raft::Role::pre_candidate:
      return "pre_candidate";
    case raft::Role::candidate:
      return "candidate";
    case raft::Role::leader:
      return "leader";
  }
  return "follower";
}

Json member_status_json(const node::MemberStatus& status) {
  Json body = member_json(status.member);
  body.set("connected", status.connected)
      .set("last_heard_ms_ago",
           status.last_heard_ns_ago < 0 ? std::int64_t{-1} : status.last_heard_ns_ago / ns_per_ms)
      .set("standing", swim::name(status.standing))
      .set("standing_ms", status.standing_ns < 0 ? std::int64_t{-1} : status.standing_ns / ns_per_ms)
      .set("leads", status.leads)
      .set("wanted", status.wanted)
      .set("lag_entries", status.lag_entries);
  return body;
}

Json snapshots_json(const node::Transfers::Counts& counts) {
  Json body = Json::object();
  body.set("sending", counts.sending)
      .set("receiving", counts.receiving)
      .set("sent", counts.sent)
      .set("installed", counts.installed);
  return body;
}

Json hot_json(std::span<const wire::VShardLoad> loads) {
  Json list = Json::array();
  for (const wire::VShardLoad& load : loads) {
    Json one = Json::object();
    one.set("vshard", std::uint32_t{load.vshard.value})
        .set("bytes", load.bytes)
        .set("writes", load.writes)
        .set("reads", load.reads);
    list.push(std::move(one));
  }
  return list;
}

Json config_json(const raft::Config& config) {
  Json body = Json::object();
  body.set("voters", ids_json(config.voters))
      .set("outgoing", ids_json(config.outgoing))
      .set("learners", ids_json(config.learners))
      .set("learners_next", ids_json(config.learners_next));
  return body;
}

Json group_json(const node::GroupStatus& group) {
  Json followers = Json::array();
  for (const node::FollowerStatus& follower : group.followers) {
    Json one = Json::object();
    one.set("node", follower.node.value).set("match", follower.match.value).set("state", follower.state);
    followers.push(std::move(one));
  }
  Json body = Json::object();
  body.set("group", group.group.value)
      .set("replica", group.replica)
      .set("role", role_name(group.role))
      .set("term", group.term.value)
      .set("leader", group.leader.value)
      .set("commit", group.commit.value)
      .set("applied", group.applied.value)
      .set("base", position_json(group.base))
      .set("last", position_json(group.last))
      .set("log_bytes", group.log_bytes)
      .set("config", config_json(group.config))
      .set("epoch", group.epoch.value)
      .set("wanted", ids_json(group.wanted))
      .set("followers", std::move(followers))
      .set("halted", group.halted);
  return body;
}

void set_moves(Json& body, const node::Status& status) {
  Json migrations = Json::array();
  for (const node::MigrationStatus& one : status.migrations) migrations.push(migration_json(one));
  Json ghosts = Json::array();
  for (const meta::GhostStub& one : status.ghosts) ghosts.push(ghost_json(one));
  Json recoveries = Json::array();
  for (const node::RecoveryStatus& one : status.recoveries)
    recoveries.push(recovery_json(one.recovery).set("waits_for", one.waits_for));
  Json history = Json::array();
  for (const meta::MigrationHistory& one : status.history) history.push(history_json(one));
  Json quarantined = Json::array();
  for (const std::string& reason : status.quarantined) quarantined.push(Json(reason));
  body.set("drives", status.drives)
      .set("driver", status.driver.value)
      .set("in_touch", status.in_touch)
      .set("migrations", std::move(migrations))
      .set("ghosts", std::move(ghosts))
      .set("recoveries", std::move(recoveries))
      .set("history", std::move(history))
      .set("history_left_out", status.history_left_out)
      .set("quarantined", std::move(quarantined));
}

void set_admin(Json& body, const node::Status::Admin& admin) {
  Json tokens = Json::array();
  for (const meta::Token& token : admin.tokens) tokens.push(token_json(token, admin.wall_ms));
  Json audit = Json::array();
  for (const meta::AuditLine& line : admin.audit) audit.push(audit_json(line));
  body.set("settings", settings_json(admin.settings, admin.changed))
      .set("tokens", std::move(tokens))
      .set("audit", std::move(audit));
}

}  // namespace

Json migration_json(const node::MigrationStatus& status) {
  Json body = migration_json(status.record);
  body.set("waits_for", status.waits_for)
      .set("waits_ms", status.waits_ns / ns_per_ms)
      .set("copied_bytes", status.copied_bytes)
      .set("copy_bytes", status.copy_bytes)
      .set("lag_entries", status.lag_entries)
      .set("pace_bytes_per_second", status.pace);
  return body;
}

Json status_json(const node::Status& status) {
  Json members = Json::array();
  for (const node::MemberStatus& member : status.members) members.push(member_status_json(member));
  Json body = Json::object();
  body.set("cluster", status.cluster ? cluster_json(*status.cluster) : Json())
      .set("uuid", status.uuid.text())
      .set("id", status.id.value)
      .set("incarnation", status.incarnation.value)
      .set("quic", status.address)
      .set("redis", status.client_address)
      .set("disk_full", status.disk_full)
      .set("draining", status.draining)
      .set("ill", status.ill)
      .set("replicas", status.replicas)
      .set("groups_led", status.groups_led)
      .set("groups_without_leader", status.groups_without_leader)
      .set("lag_entries_max", status.lag_entries_max)
      .set("requests_waiting", status.requests_waiting)
      .set("requests_refused", status.requests_refused)
      .set("log_bytes", status.log_bytes)
      .set("snapshots", snapshots_json(status.snapshots))
      .set("hot", hot_json(status.hot))
      .set("members", std::move(members));
  Json halted = Json::array();
  for (const node::HaltedGroup& one : status.halted) {
    Json row = Json::object();
    row.set("group", one.group.value).set("why", one.why);
    halted.push(std::move(row));
  }
  body.set("halted", std::move(halted)).set("rotation", rotation_json(status.authorities, status.trusts));
  set_moves(body, status);
  if (status.admin) set_admin(body, *status.admin);
  if (status.balance) body.set("balance", balance_json(*status.balance));
  if (!status.groups.empty()) {
    Json groups = Json::array();
    for (const node::GroupStatus& group : status.groups) groups.push(group_json(group));
    body.set("groups", std::move(groups));
  }
  return body;
}

}  // namespace nodedb::app
