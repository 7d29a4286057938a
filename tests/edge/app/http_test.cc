// SPDX-License-Identifier: Apache-2.0
// What the HTTP port says: metrics and their page, readiness, the description, events. The port itself is in
// tests/edge/http, the whole of it in tests/e2e/http_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <set>

#include "app/http_routes.h"
#include "app/metrics.h"
#include "app/node_events.h"
#include "app/readiness.h"
#include "tests/edge/app/healthy.h"

namespace nodedb::app {
namespace {

using test::healthy;
using test::member;

node::MigrationStatus migration(std::uint8_t id, std::int64_t started_ms, std::uint64_t step_ms) {
  node::MigrationStatus one;
  one.record.intent.id = Uuid::parse("3f2a1b4c-0000-4000-8000-0000000000" + std::to_string(10 + id)).value();
  one.record.intent.first.vshard = VShardId(7);
  one.record.intent.first.started_at.wall_ns = started_ms * ns_per_ms;
  one.record.checkpoint = meta::make_checkpoint(one.record.intent.id, 3, one.record.intent.first, step_ms);
  return one;
}

/// The value of a row, or nothing.
std::string value_of(const Bytes& text, const std::string& row) {
  const std::size_t at = text.find("\n" + row + " ");
  if (at == Bytes::npos) return "(none)";
  const std::size_t from = at + row.size() + 2;
  return text.substr(from, text.find('\n', from) - from);
}

TEST(Metrics, ThePageIsTheOneThatIsCommitted) {
  std::ifstream in(std::string(NODEDB_SOURCE_DIR) + "/docs/metrics.md");
  const std::string committed{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(committed, metrics_page()) << "nodedb-cluster metrics page > docs/metrics.md";
}

TEST(Metrics, NamesKeepToTheRules) {
  std::set<std::string_view> names;
  for (const Metric& metric : metric_table()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name << " is there twice";
    EXPECT_TRUE(metric.name.starts_with("nodedb_")) << metric.name;
    EXPECT_EQ(metric.name.ends_with("_total"), metric.kind == MetricKind::counter) << metric.name;
    EXPECT_EQ(metric.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos);
    EXPECT_EQ(metric.help.find('\n'), std::string_view::npos) << metric.name;
    EXPECT_TRUE(metric.help.ends_with(".")) << metric.name;
  }
}

/// Each line is a comment or a row of the metric that was described before it, and no row comes twice.
TEST(Metrics, TheTextIsWellFormed) {
  NodeFigures figures = healthy();
  figures.status.address = "quote \" slash \\ line\nend";
  figures.around.memory.rows = {{"log", 1, 2}};
  const Bytes text = metrics_text(figures);
  ASSERT_TRUE(text.ends_with("\n"));
  std::string_view rest = text, described;
  std::set<std::string_view> rows;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    if (line.starts_with("# TYPE ")) {
      described = line.substr(7, line.find(' ', 7) - 7);
      continue;
    }
    if (line.starts_with("# HELP ")) continue;
    EXPECT_EQ(line.substr(0, line.find_first_of("{ ")), described) << line;
    EXPECT_TRUE(rows.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  EXPECT_NE(text.find("quic=\"quote \\\" slash \\\\ line\\nend\""), Bytes::npos);
}

TEST(Metrics, TellWhatIsWrong) {
  NodeFigures figures = healthy();
  figures.status.members[1].standing = swim::Standing::dead;
  figures.status.members[1].last_heard_ns_ago = 1'500 * ns_per_ms;
  figures.status.members[1].lag_entries = 17;
  figures.status.groups_without_leader = 4;
  figures.status.halted.push_back({GroupId(8), "why"});
  figures.status.disk_full = true;
  figures.requests.ended(Blob(Bytes("x")));
  figures.requests.ended(fail(Code::timeout, ""));
  figures.requests.ended(fail(Code::no_leader, ""));
  figures.disk_free_bytes = 123'456'789'012;
  Json ending = Json::object();
  ending.set("whose", "node")
      .set("sha256", "0123456789abcdef0000")
      .set("from_s", std::int64_t{820})
      .set("until_s", std::int64_t{1'060});
  figures.around.certificates = Json::array().push(std::move(ending));
  figures.status.migrations = {migration(1, 400'000, 990'000), migration(2, 700'000, 700'500)};
  const Bytes text = metrics_text(figures);
  EXPECT_EQ(value_of(text, "nodedb_member_standing{member=\"2\",standing=\"dead\"}"), "1");
  EXPECT_EQ(value_of(text, "nodedb_member_standing{member=\"2\",standing=\"alive\"}"), "0");
  EXPECT_EQ(value_of(text, "nodedb_member_last_heard_seconds{member=\"2\"}"), "1.5");
  EXPECT_EQ(value_of(text, "nodedb_replica_lag_entries{member=\"2\"}"), "17");
  EXPECT_EQ(value_of(text, "nodedb_groups_without_leader"), "4");
  EXPECT_EQ(value_of(text, "nodedb_groups_halted"), "1");
  EXPECT_EQ(value_of(text, "nodedb_disk_full"), "1");
  EXPECT_EQ(value_of(text, "nodedb_disk_free_bytes"), "123456789012");
  EXPECT_EQ(value_of(text, "nodedb_requests_total{result=\"ok\"}"), "1");
  EXPECT_EQ(value_of(text, "nodedb_requests_total{result=\"timeout\"}"), "1");
  EXPECT_EQ(value_of(text, "nodedb_requests_total{result=\"busy\"}"), "0");
  EXPECT_EQ(value_of(text, "nodedb_requests_total{result=\"no_leader\"}"), "1");
  EXPECT_EQ(value_of(text, "nodedb_requests_total{result=\"damaged\"}"), "(none)");
  EXPECT_EQ(
      value_of(text, "nodedb_certificate_remaining_seconds{whose=\"node\",sha256=\"0123456789abcdef\"}"),
      "60");
  EXPECT_EQ(value_of(text, "nodedb_certificate_life_left_ratio{whose=\"node\",sha256=\"0123456789abcdef\"}"),
            "0.25");
  EXPECT_EQ(value_of(text, "nodedb_migrations{phase=\"add_learner\"}"), "2") << text;
  EXPECT_EQ(value_of(text, "nodedb_migration_age_seconds_max"), "600");
  EXPECT_EQ(value_of(text, "nodedb_migration_step_age_seconds_max"), "299.5");
  EXPECT_EQ(value_of(text, "nodedb_migration_attempts_max"), "3");
}

/// 1,024 vShards make no more rows than one, apart from the busiest.
TEST(Metrics, AreBoundedInNumber) {
  NodeFigures figures = healthy();
  for (std::uint32_t id = 4; id <= 64; ++id) figures.status.members.push_back(member(id));
  for (std::uint16_t v = 0; v < 8; ++v) figures.status.hot.push_back({VShardId(v), 0, 100, 50});
  figures.status.groups.resize(vshard_count + 1);
  const Bytes text = metrics_text(figures);
  EXPECT_LT(std::ranges::count(text, '\n'), 1'000);
  EXPECT_EQ(value_of(text, "nodedb_hot_vshard_writes_per_second{vshard=\"7\"}"), "100");
}

TEST(Readiness, EveryCheckCanFail) {
  EXPECT_EQ(readiness_text(ready_checks(healthy().status), false), "ready\n");
  EXPECT_EQ(readiness_text(ready_checks(healthy().status), true),
            "[+] formed ok\n[+] metadata ok\n[+] halted ok\n[+] disk ok\n[+] draining ok\nready\n");
  const auto failing = [](void (*spoil)(node::Status&)) {
    node::Status status = healthy().status;
    spoil(status);
    const Bytes text = readiness_text(ready_checks(status), false);
    EXPECT_TRUE(text.ends_with("not ready\n")) << text;
    return text.substr(0, text.find(':'));
  };
  EXPECT_EQ(failing([](node::Status& status) { status.cluster.reset(); }), "[-] formed");
  EXPECT_EQ(failing([](node::Status& status) { status.in_touch = false; }), "[-] metadata");
  EXPECT_EQ(failing([](node::Status& status) { status.halted.push_back({GroupId(1), "x"}); }), "[-] halted");
  EXPECT_EQ(failing([](node::Status& status) { status.disk_full = true; }), "[-] disk");
  EXPECT_EQ(failing([](node::Status& status) { status.draining = true; }), "[-] draining");
  EXPECT_EQ(
      failing([](node::Status& status) { status.members[0].member.state = meta::MemberState::draining; }),
      "[-] draining");
}

TEST(HttpRoutes, AllAreDescribedAndNothingElse) {
  const Json body = openapi();
  EXPECT_TRUE(body["openapi"].text().starts_with("3.0"));
  std::size_t described = 0;
  for (const HttpRoute& route : http_routes()) {
    EXPECT_EQ(find_route(route.path), &route);
    const Json& get = body["paths"][route.path]["get"];
    EXPECT_FALSE(get["summary"].text().empty()) << route.path;
    EXPECT_FALSE(get["responses"]["200"]["content"][route.type].is_null()) << route.path;
    EXPECT_EQ(get["parameters"].items().size(), route.verbose ? 1u : 0u) << route.path;
    ++described;
  }
  std::size_t named = 0;
  const std::string text = body["paths"].dump();
  for (std::size_t at = 0; (at = text.find("\"get\":", at)) != std::string::npos; ++at) ++named;
  EXPECT_EQ(named, described);
  EXPECT_EQ(find_route("/v1"), nullptr);
  EXPECT_EQ(find_route(""), nullptr);
}

TEST(HttpRoutes, JsonHasTheShapesOfTheCommandLine) {
  NodeFigures figures = healthy();
  figures.status.groups.resize(3);
  for (std::uint32_t group = 0; group < 3; ++group) figures.status.groups[group].group = GroupId(group);
  const auto body = [&](std::string_view path) {
    return Json::parse(find_route(path)->answer(figures, false).body).value();
  };
  EXPECT_EQ(body("/v1/nodes")["members"].items().size(), 3u);
  EXPECT_EQ(body("/v1/nodes")["members"].items()[1]["standing"].text(), "alive");
  EXPECT_EQ(body("/v1/shards")["groups"].items().size(), 3u);
  EXPECT_EQ(body("/v1/cluster")["id"].number(), 1);
  EXPECT_FALSE(body("/v1/cluster")["memory"].is_null());
  EXPECT_EQ(body("/v1/cluster")["health"]["state"].text(), "well");
  EXPECT_EQ(body("/v1/cluster")["process"]["version"].text(), "1.2.3");
  EXPECT_EQ(body("/v1/map")["leader"].items().size(), 2u);
  EXPECT_EQ(body("/v1/migrations")["migrations"].items().size(), 0u);
}

TEST(HttpRoutes, VitalsAreThoseOfMembersThatHaveToldThem) {
  NodeFigures figures = healthy();
  figures.status.members[1].member.uuid = Uuid::parse("3f2a1b4c-0000-4000-8000-000000000002").value();
  figures.vitals[figures.status.members[1].member.uuid] = {125, 40, 100, 7, 900, 14'000};
  figures.vitals[Uuid::parse("3f2a1b4c-0000-4000-8000-000000000009").value()] = {};
  const Json body = Json::parse(find_route("/v1/nodes")->answer(figures, false).body).value();
  EXPECT_EQ(body["vitals"].dump(),
            "[{\"member\":2,\"cpu_permille\":125,\"disk_free_bytes\":40,\"disk_bytes\":100,\"answers\":7,"
            "\"answer_us\":900,\"answer_us_max\":14000}]");
}

std::vector<std::string> names(const std::vector<NodeEvent>& events) {
  std::vector<std::string> all;
  for (const NodeEvent& event : events) all.push_back(event.name);
  return all;
}

TEST(NodeEvents, TellWhatDiffers) {
  using Names = std::vector<std::string>;
  const node::Status before = healthy().status;
  const auto after = [&](void (*change)(node::Status&)) {
    node::Status changed = before;
    change(changed);
    return events_between(before, changed, 5);
  };
  EXPECT_EQ(names(after([](node::Status&) {})), Names());
  const auto dead = after([](node::Status& status) { status.members[2].standing = swim::Standing::dead; });
  ASSERT_EQ(names(dead), Names{"member"});
  EXPECT_EQ(dead[0].data.dump(),
            "{\"ts_ms\":5,\"member\":3,\"state\":\"active\",\"standing\":\"dead\",\"connected\":true}");
  EXPECT_EQ(names(after([](node::Status& status) { status.members.push_back(member(4)); })),
            (Names{"member", "leaders"}));
  EXPECT_EQ(names(after([](node::Status& status) { status.members[0].leads = 9; })), Names{"leaders"});
  EXPECT_EQ(names(after([](node::Status& status) { status.groups_without_leader = 1; })), Names{"leaders"});
  EXPECT_EQ(names(after([](node::Status& status) { status.members[0].last_heard_ns_ago = 9; })), Names());
  const auto began = after([](node::Status& status) { status.migrations = {migration(1, 1, 2)}; });
  ASSERT_EQ(names(began), Names{"migration"});
  EXPECT_EQ(began[0].data["phase"].text(), "add_learner");
  EXPECT_EQ(names(after([](node::Status& status) { status.history.push_back({}); })),
            Names{"migration_ended"});
}

TEST(NodeEvents, AnAttemptIsNewsAndAWaitIsNot) {
  node::Status before = healthy().status;
  before.migrations = {migration(1, 1, 2)};
  node::Status after = before;
  after.migrations[0].waits_for = "patience";
  EXPECT_TRUE(events_between(before, after, 5).empty());
  ++after.migrations[0].record.checkpoint.attempt;
  EXPECT_EQ(events_between(before, after, 5).size(), 1u);
}

}  // namespace
}  // namespace nodedb::app
