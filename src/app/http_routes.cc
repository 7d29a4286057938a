// SPDX-License-Identifier: Apache-2.0
#include "app/http_routes.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "app/health.h"
#include "app/metrics.h"
#include "app/readiness.h"
#include "app/shard_map.h"
#include "app/status_json.h"

namespace nodedb::app {

namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";
constexpr std::string_view json = "application/json";

HttpAnswer answer_of(const Json& body) {
  return {200, body.dump() + "\n"};
}

/// Some members of the node's status.
HttpAnswer part_of(const NodeFigures& figures, std::initializer_list<const char*> names) {
  const Json status = status_json(figures.status);
  Json body = Json::object();
  for (const char* name : names) body.set(name, status[name]);
  return answer_of(body);
}

HttpAnswer readyz(const NodeFigures& figures, bool verbose) {
  const auto checks = ready_checks(figures.status);
  return {all_pass(checks) ? 200U : 503U, readiness_text(checks, verbose)};
}

HttpAnswer metrics(const NodeFigures& figures, bool) {
  return {200, metrics_text(figures)};
}

/// Of the members that have told them lately.
Json vitals_json(const NodeFigures& figures) {
  Json list = Json::array();
  for (const node::MemberStatus& one : figures.status.members) {
    const auto told = figures.vitals.find(one.member.uuid);
    if (told == figures.vitals.end()) continue;
    Json row = Json::object();
    row.set("member", one.member.id.value)
        .set("cpu_permille", told->second.cpu_permille)
        .set("disk_free_bytes", told->second.disk_free_bytes)
        .set("disk_bytes", told->second.disk_bytes)
        .set("answers", told->second.answers)
        .set("answer_us", told->second.answer_us)
        .set("answer_us_max", told->second.answer_us_max);
    list.push(std::move(row));
  }
  return list;
}

Json process_json(const NodeFigures& figures) {
  Json body = Json::object();
  body.set("version", figures.version)
      .set("started_ms", figures.started_ms)
      .set("wall_ms", figures.wall_ms)
      .set("client_connections", figures.clients.connections)
      .set("client_commands", figures.clients.commands);
  return body;
}

HttpAnswer cluster(const NodeFigures& figures, bool) {
  Json body = status_answer(figures.status, figures.around);
  body.set("vitals", vitals_json(figures))
      .set("process", process_json(figures))
      .set("health", health_json(health_of(figures)));
  return answer_of(body);
}

HttpAnswer map(const NodeFigures& figures, bool) {
  return answer_of(shard_map_json(figures.status));
}

HttpAnswer nodes(const NodeFigures& figures, bool) {
  Json body = Json::object();
  body.set("members", status_json(figures.status)["members"]).set("vitals", vitals_json(figures));
  return answer_of(body);
}

HttpAnswer shards(const NodeFigures& figures, bool) {
  return part_of(figures, {"id", "groups", "groups_without_leader", "halted", "hot"});
}

HttpAnswer migrations(const NodeFigures& figures, bool) {
  return part_of(figures,
                 {"drives", "driver", "migrations", "ghosts", "recoveries", "history", "quarantined"});
}

constexpr HttpRoute routes[] = {
    {livez_path, plain_text, "200 while the process works: neither a quorum nor the disk is asked"},
    {readyz_path,
     plain_text,
     "200 if the node should be sent clients, else 503; ?verbose tells each check",
     {},
     readyz,
     true},
    {"/metrics", metrics_type, "Prometheus's text format; docs/metrics.md names each", {}, metrics},
    {"/v1/cluster",
     json,
     "the node's status: the cluster as it knows it, and itself; is it well, and what helps",
     {},
     cluster},
    {"/v1/map", json, "the vShards in brief, a column for each property", {.groups = true}, map},
    {"/v1/nodes", json, "the members, as this node knows them", {}, nodes},
    {"/v1/shards",
     json,
     "a row for each group: leader, replicas, log; more of those held here",
     {.groups = true},
     shards},
    {"/v1/migrations",
     json,
     "moves under way and ended; waits and rates on the node that drives",
     {.history = true},
     migrations},
    {events_path, "text/event-stream", "what happens, as it happens: server-sent events"},
    {openapi_path, json, "this description"},
};

Json response(std::string_view what, std::string_view type) {
  Json media = Json::object();
  media.set(type, Json::object());
  Json body = Json::object();
  body.set("description", what).set("content", std::move(media));
  return body;
}

Json operation(const HttpRoute& route) {
  std::string id;
  for (const char c : route.path.substr(1)) id += c == '/' || c == '.' ? '_' : c;
  Json responses = Json::object();
  responses.set("200", response(route.what, route.type));
  // The probes say in a word why not, the others as operators' commands do.
  const bool probe = route.path == livez_path || route.path == readyz_path;
  if (route.path != openapi_path)
    responses.set("503", response(probe ? "not so, and why" : "the node does not answer in time",
                                  probe ? plain_text : json));
  Json body = Json::object();
  body.set("operationId", std::string_view(id))
      .set("summary", route.what)
      .set("responses", std::move(responses));
  if (route.verbose) {
    Json schema = Json::object();
    schema.set("type", "string");
    Json verbose = Json::object();
    verbose.set("name", "verbose")
        .set("in", "query")
        .set("required", false)
        .set("allowEmptyValue", true)
        .set("schema", std::move(schema));
    body.set("parameters", Json::array().push(std::move(verbose)));
  }
  return body;
}

}  // namespace

std::span<const HttpRoute> http_routes() {
  return routes;
}

const HttpRoute* find_route(std::string_view path) {
  const auto* const at = std::ranges::find(routes, path, &HttpRoute::path);
  return at == std::end(routes) ? nullptr : at;
}

Json openapi() {
  Json paths = Json::object();
  for (const HttpRoute& route : routes) {
    Json item = Json::object();
    item.set("get", operation(route));
    paths.set(route.path, std::move(item));
  }
  Json info = Json::object();
  info.set("title", "nodedb-cluster")
      .set("version", NODEDB_VERSION)
      .set("description", "A node's read-only port.");
  Json body = Json::object();
  body.set("openapi", "3.0.3").set("info", std::move(info)).set("paths", std::move(paths));
  return body;
}

}  // namespace nodedb::app
