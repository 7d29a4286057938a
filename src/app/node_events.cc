// SPDX-License-Identifier: Apache-2.0
#include "app/node_events.h"

#include <algorithm>
#include <utility>

#include "app/meta_json.h"
#include "app/status_json.h"

namespace nodedb::app {

namespace {

Json stamped(std::int64_t wall_ms) {
  Json data = Json::object();
  data.set("ts_ms", wall_ms);
  return data;
}

bool differ(const node::MemberStatus& a, const node::MemberStatus& b) {
  return a.member.state != b.member.state || a.standing != b.standing || a.connected != b.connected;
}

void add_members(const node::Status& before, const node::Status& after, std::int64_t wall_ms,
                 std::vector<NodeEvent>& out) {
  for (const node::MemberStatus& now : after.members) {
    const auto was = std::ranges::find(before.members, now.member.id,
                                       [](const node::MemberStatus& one) { return one.member.id; });
    if (was != before.members.end() && !differ(*was, now)) continue;
    Json data = stamped(wall_ms);
    data.set("member", now.member.id.value)
        .set("state", meta::name(now.member.state))
        .set("standing", swim::name(now.standing))
        .set("connected", now.connected);
    out.push_back({"member", std::move(data)});
  }
}

void add_leaders(const node::Status& before, const node::Status& after, std::int64_t wall_ms,
                 std::vector<NodeEvent>& out) {
  const auto same = [](const node::MemberStatus& a, const node::MemberStatus& b) {
    return a.member.id == b.member.id && a.leads == b.leads;
  };
  if (before.groups_without_leader == after.groups_without_leader &&
      std::ranges::equal(before.members, after.members, same))
    return;
  Json leads = Json::array();
  for (const node::MemberStatus& one : after.members) {
    Json row = Json::object();
    row.set("member", one.member.id.value).set("groups", one.leads);
    leads.push(std::move(row));
  }
  Json data = stamped(wall_ms);
  data.set("leads", std::move(leads)).set("groups_without_leader", after.groups_without_leader);
  out.push_back({"leaders", std::move(data)});
}

bool same_step(const meta::Migration& a, const meta::Migration& b) {
  return a.intent.id == b.intent.id && a.checkpoint.phase() == b.checkpoint.phase() &&
         a.checkpoint.attempt == b.checkpoint.attempt && a.intent.aborting == b.intent.aborting;
}

Json stamped(std::int64_t wall_ms, Json row) {
  Json data = std::move(row);
  data.set("ts_ms", wall_ms);
  return data;
}

void add_migrations(const node::Status& before, const node::Status& after, std::int64_t wall_ms,
                    std::vector<NodeEvent>& out) {
  for (const node::MigrationStatus& is : after.migrations) {
    const bool known = std::ranges::any_of(before.migrations, [&](const node::MigrationStatus& was) {
      return same_step(was.record, is.record);
    });
    if (!known) out.push_back({"migration", stamped(wall_ms, migration_json(is))});
  }
  for (const meta::MigrationHistory& ended : after.history) {
    const bool known = !before.history.empty() && ended.ended <= before.history.back().ended;
    if (!known) out.push_back({"migration_ended", stamped(wall_ms, history_json(ended))});
  }
}

}  // namespace

NodeEvent notice_event(std::int64_t wall_ms, const std::string& text) {
  Json data = stamped(wall_ms);
  data.set("text", text);
  return {"notice", std::move(data)};
}

std::vector<NodeEvent> events_between(const node::Status& before, const node::Status& after,
                                      std::int64_t wall_ms) {
  std::vector<NodeEvent> events;
  add_members(before, after, wall_ms, events);
  add_leaders(before, after, wall_ms, events);
  add_migrations(before, after, wall_ms, events);
  return events;
}

}  // namespace nodedb::app
