// SPDX-License-Identifier: Apache-2.0
#include "app/meta_json.h"

#include <algorithm>

#include "app/json_words.h"
#include "base/time.h"

namespace nodedb::app {

Json cluster_json(const meta::Cluster& cluster) {
  Json body = Json::object();
  body.set("uuid", cluster.uuid.text())
      .set("version", cluster.version)
      .set("replication_factor", cluster.replication_factor);
  return body;
}

Json member_json(const meta::Member& member) {
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
      .set("successor", member.successor.value);
  return body;
}

Json migration_json(const meta::Migration& record) {
  const auto& [intent, checkpoint] = record;
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
      .set("started_ms", intent.first.started_at.wall_ns / ns_per_ms);
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

Json recovery_json(const meta::Recovery& recovery) {
  Json body = Json::object();
  body.set("vshard", std::uint32_t{recovery.vshard.value})
      .set("epoch", recovery.epoch.value)
      .set("survivor", recovery.survivor.value)
      .set("learners", ids_json(recovery.learners))
      .set("term", recovery.term.value)
      .set("last", position_json({recovery.last, recovery.last_term}));
  return body;
}

Json settings_json(const meta::Settings& settings, std::span<const std::string> changed) {
  Json list = Json::array();
  for (const meta::SettingInfo& info : meta::setting_infos()) {
    const auto text = [&](std::int64_t value) { return meta::setting_text(info, value); };
    Json one = Json::object();
    one.set("name", info.name)
        .set("value", text(settings.*info.value))
        .set("default", text(meta::Settings().*info.value))
        .set("changed", std::ranges::find(changed, info.name) != changed.end())
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

Json audit_json(const meta::AuditLine& line) {
  Json one = Json::object();
  one.set("at", line.at).set("ts_ms", line.by.ts_ms).set("actor", line.by.actor).set("what", line.what);
  return one;
}

Json rotation_json(std::span<const meta::Authority> authorities, std::span<const meta::MemberTrust> trusts) {
  Json all = Json::array();
  for (const meta::Authority& authority : authorities) {
    Json one = Json::object();
    one.set("sha256", authority.fingerprint.text())
        .set("state", std::string(meta::name(authority.state)))
        .set("ts_ms", authority.by.ts_ms)
        .set("actor", authority.by.actor);
    all.push(std::move(one));
  }
  Json members = Json::array();
  for (const meta::MemberTrust& trust : trusts) {
    Json one = Json::object();
    one.set("node", trust.node.value)
        .set("issuer", trust.issuer.text())
        .set("staged", trust.staged == Digest() ? "" : trust.staged.text());
    members.push(std::move(one));
  }
  Json body = Json::object();
  body.set("authorities", std::move(all)).set("members", std::move(members));
  return body;
}

}  // namespace nodedb::app
