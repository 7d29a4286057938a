// SPDX-License-Identifier: Apache-2.0
#include "app/catalog_command.h"

#include <vector>

#include "app/admin_rows.h"
#include "app/json_words.h"
#include "app/meta_json.h"
#include "app/move_rows.h"
#include "app/table.h"
#include "edge/base/clock.h"

namespace nodedb::app {

namespace {

Json placement_json(const std::vector<meta::Placement>& placement) {
  Json list = Json::array();
  for (std::size_t v = 0; v < placement.size(); ++v) {
    list.push(Json::object()
                  .set("vshard", v)
                  .set("epoch", placement[v].epoch.value)
                  .set("replicas", ids_json(placement[v].replicas)));
  }
  return list;
}

/// `json_of` each value of a map.
template <class Map, class Function>
Json list_json(const Map& rows, Function json_of) {
  Json list = Json::array();
  for (const auto& [key, row] : rows) list.push(json_of(row));
  return list;
}

template <class Map>
std::vector<typename Map::mapped_type> values_of(const Map& rows) {
  std::vector<typename Map::mapped_type> values;
  for (const auto& [key, row] : rows) values.push_back(row);
  return values;
}

Json migrations_json(const meta::MigrationStateTable& table) {
  Json list = Json::array();
  for (const auto& [id, intent] : table.intents())
    if (const auto record = table.find(id)) list.push(migration_json(*record));
  return list;
}

Json quarantined_json(const meta::MigrationStateTable& table) {
  Json list = Json::array();
  for (const auto& row : table.quarantined()) list.push(Json(row.error.detail));
  return list;
}

std::string number_of(const Json& row, const char* key) {
  return std::to_string(row[key].number());
}

std::string members_text(const Json& members) {
  Table table({"NODE", "NAME", "STATE", "ZONE", "CAPACITY", "LIFE", "QUIC", "REDIS", "UUID"});
  const auto or_none = [](const std::string& text) { return text.empty() ? "-" : text; };
  for (const Json& one : members.items()) {
    table.add({number_of(one, "id"), or_none(one["name"].text()), one["state"].text(),
               or_none(one["zone"].text()), number_of(one, "capacity"), number_of(one, "incarnation"),
               one["quic"].text(), or_none(one["redis"].text()), one["uuid"].text()});
  }
  return table.text();
}

std::string migrations_text(const Json& migrations) {
  Table table({"MIGRATION", "VSHARD", "FROM", "TO", "PHASE", "TRY"});
  for (const Json& one : migrations.items()) {
    table.add({one["id"].text(), number_of(one, "vshard"), number_of(one, "source"), number_of(one, "target"),
               phase_text(one), number_of(one, "attempt")});
  }
  return table.text();
}

std::string recoveries_text(const Json& recoveries) {
  Table table({"VSHARD", "EPOCH", "SURVIVOR", "LEARNERS", "TERM"});
  for (const Json& one : recoveries.items()) {
    table.add({number_of(one, "vshard"), number_of(one, "epoch"), number_of(one, "survivor"),
               ids_text(one["learners"]), number_of(one, "term")});
  }
  return table.text();
}

std::string authorities_text(const Json& rotation) {
  Table table({"AUTHORITY", "STATE", "SINCE", "BY"});
  for (const Json& one : rotation["authorities"].items())
    table.add(
        {one["sha256"].text(), one["state"].text(), time_text(one["ts_ms"].number()), one["actor"].text()});
  return table.text();
}

std::string placement_text(const Json& placement) {
  Table table({"VSHARD", "EPOCH", "WANTED"});
  for (const Json& one : placement.items())
    table.add({number_of(one, "vshard"), number_of(one, "epoch"), ids_text(one["replicas"])});
  return table.text();
}

/// Under its name, if there is a row.
std::string section(const char* name, const Json& rows, std::string (*text)(const Json&)) {
  return rows.items().empty() ? "" : "\n" + std::string(name) + "\n" + text(rows);
}

std::string place_text(const Json& position) {
  return number_of(position, "index") + " of term " + number_of(position, "term");
}

std::string heading(const Json& catalog) {
  const Json& cluster = catalog["cluster"];
  const std::int64_t applied = catalog["applied"]["index"].number();
  std::string text = "node " + number_of(catalog["node"], "id") + " (" + catalog["node"]["uuid"].text() +
                     ") of cluster " + catalog["node"]["cluster"].text() + "\ngroup 0 at " +
                     place_text(catalog["applied"]) + ": " +
                     std::to_string(applied - catalog["stored"]["index"].number()) +
                     " entries of it are in the log only, which ends at " + place_text(catalog["last"]) +
                     "\nreplication factor " + number_of(cluster, "replication_factor") +
                     ", formats of version " + number_of(cluster, "version") + "\n";
  if (!catalog["halted"].text().empty())
    text += "the entry after that cannot be applied: " + catalog["halted"].text() + "\n";
  for (const Json& why : catalog["quarantined"].items()) text += "cannot be trusted: " + why.text() + "\n";
  return text;
}

}  // namespace

Json catalog_json(const Catalog& catalog, std::uint64_t wall_ms) {
  const meta::Tables& tables = catalog.tables;
  const wire::Identity& identity = catalog.identity;
  std::vector<std::string> changed;
  for (const auto& [name, value] : tables.setting_rows) changed.push_back(name);
  Json body = Json::object();
  body.set("version", 1)
      .set("node", Json::object()
                       .set("id", identity.id.value)
                       .set("uuid", identity.node.text())
                       .set("cluster", identity.cluster.text()))
      .set("stored", position_json(catalog.stored))
      .set("applied", position_json(catalog.applied))
      .set("last", position_json(catalog.last))
      .set("halted", catalog.halted ? catalog.halted->detail : "")
      .set("cluster", tables.cluster ? cluster_json(*tables.cluster) : Json())
      .set("members", list_json(tables.members, member_json))
      .set("placement", placement_json(tables.placement))
      .set("migrations", migrations_json(tables.migrations))
      .set("quarantined", quarantined_json(tables.migrations))
      .set("ghosts", list_json(tables.ghosts, ghost_json))
      .set("history", list_json(tables.history, history_json))
      .set("recoveries", list_json(tables.recoveries, recovery_json))
      .set("settings", settings_json(tables.settings, changed))
      .set("tokens", list_json(tables.tokens, [&](const auto& row) { return token_json(row, wall_ms); }))
      .set("rotation", rotation_json(values_of(tables.authorities), values_of(tables.trusts)))
      .set("audit", list_json(tables.audit, audit_json));
  return body;
}

std::string catalog_text(const Json& catalog) {
  std::string text = heading(catalog) + section("members", catalog["members"], members_text) +
                     section("migrations", catalog["migrations"], migrations_text) +
                     section("ghost stubs", catalog["ghosts"], ghosts_table) +
                     section("recoveries", catalog["recoveries"], recoveries_text) +
                     section("ended migrations", catalog["history"], history_table) +
                     section("settings", catalog["settings"], settings_table) +
                     section("join tokens", catalog["tokens"], tokens_table);
  if (!catalog["rotation"]["authorities"].items().empty())
    text += "\nauthorities\n" + authorities_text(catalog["rotation"]);
  return text + section("audit log", catalog["audit"], audit_table) +
         section("placement", catalog["placement"], placement_text);
}

Exit run_catalog_dump(const std::string& data, Output output) {
  const auto node = open_offline(data);
  if (!node) return refuse_offline(node.error());
  const auto catalog = read_catalog(data, *node);
  if (!catalog) return refuse_offline(catalog.error());
  const Json body = catalog_json(*catalog, static_cast<std::uint64_t>(edge::wall_time().ns / ns_per_ms));
  show(body, output, catalog_text(body));
  const auto& bad = catalog->tables.migrations.quarantined();
  return bad.empty() ? Exit::ok
                     : complain({Code::damaged, std::to_string(bad.size()) +
                                                    " rows of migrations cannot be trusted; a running node "
                                                    "takes them from the leader of group 0"});
}

}  // namespace nodedb::app
