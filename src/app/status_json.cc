// SPDX-License-Identifier: Apache-2.0
#include "app/status_json.h"

#include <algorithm>
#include <span>

#include "app/balance_json.h"
#include "app/json_words.h"

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

Json member_json(const node::MemberStatus& status) {
  const meta::Member& member = status.member;
  Json body = Json::object();
  body.set("id", member.id.value)
      .set("uuid", member.uuid.text())
      .set("quic", member.address)
      .set("redis", member.client_address)
      .set("incarnation", member.incarnation.value)
      .set("state", meta::name(member.state))
      .set("name", member.name)
      .set("zone", member.zone)
      .set("capacity", member.capacity)
      .set("successor", member.successor.value)
      .set("connected", status.connected)
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

/// `{"authorities":[{"sha256":…,"state":…}…],"members":[{"node":…,"issuer":…,"staged":…}…]}`.
Json rotation_json(const node::Status& status) {
  Json authorities = Json::array();
  for (const meta::Authority& authority : status.authorities) {
    Json one = Json::object();
    one.set("sha256", authority.fingerprint.text())
        .set("state", std::string(meta::name(authority.state)))
        .set("ts_ms", authority.by.ts_ms)
        .set("actor", authority.by.actor);
    authorities.push(std::move(one));
  }
  Json members = Json::array();
  for (const meta::MemberTrust& trust : status.trusts) {
    Json one = Json::object();
    one.set("node", trust.node.value)
        .set("issuer", trust.issuer.text())
        .set("staged", trust.staged == Digest() ? "" : trust.staged.text());
    members.push(std::move(one));
  }
  Json body = Json::object();
  body.set("authorities", std::move(authorities)).set("members", std::move(members));
  return body;
}

Json cluster_json(const std::optional<meta::Cluster>& cluster) {
  if (!cluster) return {};
  Json body = Json::object();
  body.set("uuid", cluster->uuid.text())
      .set("version", cluster->version)
      .set("replication_factor", cluster->replication_factor);
  return body;
}

Json ghost_json(const meta::GhostStub& ghost) {
  Json body = Json::object();
  body.set("vshard", std::uint32_t{ghost.vshard.value})
      .set("node", ghost.node.value)
      .set("to", ghost.to.value)
      .set("epoch", ghost.epoch.value)
      .set("cutover", ghost.cutover)
      .set("migration", ghost.migration.text());
  return body;
}

Json recovery_json(const node::RecoveryStatus& status) {
  const meta::Recovery& recovery = status.recovery;
  Json body = Json::object();
  body.set("vshard", std::uint32_t{recovery.vshard.value})
      .set("epoch", recovery.epoch.value)
      .set("survivor", recovery.survivor.value)
      .set("learners", ids_json(recovery.learners))
      .set("term", recovery.term.value)
      .set("last", position_json({recovery.last, recovery.last_term}))
      .set("waits_for", status.waits_for);
  return body;
}

void set_moves(Json& body, const node::Status& status) {
  Json migrations = Json::array();
  for (const node::MigrationStatus& one : status.migrations) migrations.push(migration_json(one));
  Json ghosts = Json::array();
  for (const meta::GhostStub& one : status.ghosts) ghosts.push(ghost_json(one));
  Json recoveries = Json::array();
  for (const node::RecoveryStatus& one : status.recoveries) recoveries.push(recovery_json(one));
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

Json settings_json(const node::Status::Admin& admin) {
  Json list = Json::array();
  for (const meta::SettingInfo& info : meta::setting_infos()) {
    const auto text = [&](std::int64_t value) { return meta::setting_text(info, value); };
    Json one = Json::object();
    one.set("name", info.name)
        .set("value", text(admin.settings.*info.value))
        .set("default", text(meta::Settings().*info.value))
        .set("changed", std::ranges::find(admin.changed, info.name) != admin.changed.end())
        .set("type", meta::name(info.type))
        .set("min", text(info.min))
        .set("max", text(info.max))
        .set("what", info.what);
    list.push(std::move(one));
  }
  return list;
}

Json token_json(const meta::Token& token, std::uint64_t wall_ms) {
  const bool open = token.state == meta::TokenState::issued || token.state == meta::TokenState::in_flight;
  Json one = Json::object();
  one.set("id", text(token.id))
      .set("state", open && token.expires_ms <= wall_ms ? "expired" : meta::name(token.state))
      .set("node_name", token.node_name)
      .set("issuer", token.issuer)
      .set("holder", token.holder.is_nil() ? "" : token.holder.text())
      .set("issued_ms", token.issued_ms)
      .set("expires_ms", token.expires_ms);
  return one;
}

void set_admin(Json& body, const node::Status::Admin& admin) {
  Json tokens = Json::array();
  for (const meta::Token& token : admin.tokens) tokens.push(token_json(token, admin.wall_ms));
  Json audit = Json::array();
  for (const meta::AuditLine& line : admin.audit) {
    Json one = Json::object();
    one.set("at", line.at).set("ts_ms", line.by.ts_ms).set("actor", line.by.actor).set("what", line.what);
    audit.push(std::move(one));
  }
  body.set("settings", settings_json(admin)).set("tokens", std::move(tokens)).set("audit", std::move(audit));
}

}  // namespace

Json migration_json(const node::MigrationStatus& status) {
  const auto& [intent, checkpoint] = status.record;
  Json steps = Json::array();
  for (const meta::Compensation step : intent.compensations) steps.push(Json(meta::name(step)));
  Json body = Json::object();
  body.set("id", intent.id.text())
      .set("vshard", std::uint32_t{intent.first.vshard.value})
      .set("source", intent.first.source.value)
      .set("target", intent.first.target.value)
      .set("phase", meta::name(checkpoint.phase()))
      .set("attempt", checkpoint.attempt)
      .set("aborting", intent.aborting)
      .set("reason", intent.reason)
      .set("compensations", std::move(steps))
      .set("pause_budget_us", intent.first.write_pause_budget_us)
      .set("pause_us", intent.pause_us)
      .set("started_ms", intent.first.started_at.wall_ns / ns_per_ms)
      .set("waits_for", status.waits_for)
      .set("waits_ms", status.waits_ns / ns_per_ms)
      .set("copied_bytes", status.copied_bytes)
      .set("copy_bytes", status.copy_bytes)
      .set("lag_entries", status.lag_entries)
      .set("pace_bytes_per_second", status.pace);
  return body;
}

Json history_json(const meta::MigrationHistory& ended) {
  Json body = Json::object();
  body.set("id", ended.id.text())
      .set("vshard", std::uint32_t{ended.vshard.value})
      .set("source", ended.source.value)
      .set("target", ended.target.value)
      .set("outcome", meta::name(ended.outcome))
      .set("attempts", ended.attempts)
      .set("pause_us", ended.pause_us)
      .set("reason", ended.reason)
      .set("ended", ended.ended)
      .set("started_ms", ended.started_ms)
      .set("ended_ms", ended.ended_ms);
  return body;
}

Json status_json(const node::Status& status) {
  Json members = Json::array();
  for (const node::MemberStatus& member : status.members) members.push(member_json(member));
  Json body = Json::object();
  body.set("cluster", cluster_json(status.cluster))
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
  body.set("halted", std::move(halted)).set("rotation", rotation_json(status));
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
