// SPDX-License-Identifier: Apache-2.0
// A real Prometheus with our rules on a real cluster in which things go wrong: each mishap raises its alert
// within 30 s, and it clears by itself; while it lasts, Prometheus, the command line and the dashboard's
// health say the same, and it is what has happened. Node 1's data is on a small file system, so this runs as
// root.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <ctime>
#include <filesystem>

#include "edge/base/clock.h"
#include "edge/tls/certificates.h"
#include "tests/alerts/prometheus.h"
#include "tests/e2e/support/load.h"
#include "tests/e2e/support/moving_cluster.h"
#include "tests/e2e/support/pump.h"
#include "tests/e2e/support/redis.h"
#include "tests/e2e/support/small_disk.h"
#include "tests/edge/http/http_client.h"

namespace nodedb::e2e {
namespace {

using app::Json;
using Names = std::set<std::string>;

constexpr int raised_within_s = 30;
constexpr int cleared_within_s = 90;

class Alerts : public MovingCluster<Alerts> {
 protected:
  static void SetUpTestSuite() {
    // Leaders are to stay where they are, however busy the machine is; who is dead is told as soon as ever.
    ::setenv("NODEDB_ELECTION_TIMEOUT", "4s", 1);
    directory_.emplace("nodedb-alerts");
    const std::string home = directory_->path() + "/playground";
    disk_.emplace(home + "/node-1/data");
    ASSERT_TRUE(disk_->mounted()) << "cannot mount a small file system here; run as root";
    std::string complaint;
    auto cluster = Cluster::start(home, 3, complaint, {"--join", "1", "--rebalance", "advise"});
    ASSERT_TRUE(cluster) << complaint;
    cluster_.emplace(std::move(*cluster));
    prometheus_.emplace(*cluster_, directory_->path());
    ASSERT_TRUE(prometheus_->wait_ready(30)) << prometheus_->log();
  }
  static void TearDownTestSuite() {
    prometheus_.reset();
    cluster_.reset();
    disk_.reset();
    directory_.reset();
  }
  void SetUp() override {
    MovingCluster::SetUp();
    ASSERT_TRUE(eventually(cleared_within_s, [] {
      return prometheus_->firing().empty() && prometheus_->value("sum(up)") == 4;
    })) << said();
  }

  static std::string said() {
    std::string all = "raised:";
    for (const std::string& name : prometheus_->firing()) all += " " + name;
    return all;
  }
  static void expect_raised(const std::string& name, int seconds = raised_within_s) {
    const Time from = edge::monotonic_time();
    EXPECT_TRUE(eventually(seconds, [&] { return prometheus_->firing().contains(name); }))
        << name << "; " << said();
    std::printf("%s: raised after %.1f s\n", name.c_str(),
                static_cast<double>(edge::monotonic_time() - from) / ns_per_s);
  }
  static void expect_cleared() {
    const Time from = edge::monotonic_time();
    EXPECT_TRUE(eventually(cleared_within_s, [] { return prometheus_->firing().empty(); })) << said();
    std::printf("cleared after %.1f s\n", static_cast<double>(edge::monotonic_time() - from) / ns_per_s);
  }
  /// That node's page names the same problem.
  static bool page_names(std::size_t node, const std::string& alert) {
    const auto reply =
        http::http_get(static_cast<std::uint16_t>(cluster_->nodes()[node].http_port), "/v1/cluster");
    return reply.body.find("\"alert\":\"" + alert + "\"") != std::string::npos;
  }
  static std::string instance(std::size_t node) {
    return "instance=\"127.0.0.1:" + std::to_string(cluster_->nodes()[node].http_port) + "\"";
  }
  static void put_certificate(std::size_t node, std::int64_t from_s, std::int64_t until_s) {
    const std::string made = directory_->path() + "/certificate";
    const tls::NodeRequest request{
        *Uuid::parse((*cluster_->status(node))["uuid"].text()), {"127.0.0.1"}, {from_s, until_s}};
    ASSERT_TRUE(tls::issue_node(cluster_->directory() + "/ca", made, request));
    const std::string certs = cluster_->directory() + "/node-" + std::to_string(node + 1) + "/certs";
    for (const char* name : {"/node.key", "/node.crt"}) std::filesystem::rename(made + name, certs + name);
  }

  inline static std::optional<SmallDisk> disk_;
  inline static std::optional<Prometheus> prometheus_;
};

TEST_F(Alerts, AHealthyClusterRaisesNothing) {
  sleep_ms(20'000);  // longer than what most rules wait for
  EXPECT_EQ(prometheus_->firing(), Names());
  double led = 0;
  for (std::size_t node = 0; node < 4; ++node) {
    const auto status = cluster_->status(node);
    ASSERT_TRUE(status);
    EXPECT_EQ(prometheus_->value("nodedb_groups_led{" + instance(node) + "}"),
              (*status)["groups_led"].number());
    EXPECT_EQ(prometheus_->value("nodedb_replicas{" + instance(node) + "}"), (*status)["replicas"].number());
    led += static_cast<double>((*status)["groups_led"].number());
  }
  EXPECT_EQ(led, 1025);
  EXPECT_EQ(prometheus_->value("max(nodedb_members{state=\"active\"})"), 4);
}

/// What Grafana would ask for each panel, with all nodes chosen, while a client writes and reads.
TEST_F(Alerts, EachPanelOfTheGrafanaDashboardHasFigures) {
  const auto dashboard = Json::parse(file_text(NODEDB_SOURCE_DIR "/packaging/grafana/nodedb-cluster.json"));
  ASSERT_TRUE(dashboard) << dashboard.error().detail;
  Load load({cluster_->nodes()[0].redis_port}, "grafana");
  Redis reader(cluster_->nodes()[0].redis_port, 15'000);
  const auto has_figures = [&](const std::string& query) {
    for (int i = 0; i < 10; ++i) reader.command({"GET", "grafana"});
    // A node that nobody asks anything takes no time to answer.
    return std::isfinite(prometheus_->value("max(" + query + ")").value_or(NAN));
  };
  int expressions = 0;
  for (const Json& panel : (*dashboard)["panels"].items()) {
    for (const Json& target : panel["targets"].items()) {
      std::string query = target["expr"].text();
      for (const std::string variable : {"$job", "$instance"})
        for (std::size_t at; (at = query.find(variable)) != std::string::npos;)
          query.replace(at, variable.size(), ".*");
      ++expressions;
      EXPECT_TRUE(eventually(60, [&] { return has_figures(query); }))
          << panel["title"].text() << ": " << query;
    }
  }
  EXPECT_GT(expressions, 20);
  // Its lists of jobs and nodes are made of this one's labels.
  EXPECT_EQ(prometheus_->value("count(count by (job, instance) (nodedb_build_info))"), 4);
}

TEST_F(Alerts, ADeadNode) {
  cluster_->kill(newcomer);
  expect_raised("NodedbNodeDown{member=\"4\"}");
  EXPECT_TRUE(page_names(0, "NodedbNodeDown"));
  const Json members = json_of(cli({"node", "ls"}))["members"];
  for (const Json& one : members.items())
    EXPECT_EQ(one["standing"].text() == "dead", one["id"].number() == 4) << one.dump();
  cluster_->restart(newcomer);
  expect_cleared();
  EXPECT_FALSE(page_names(0, "NodedbNodeDown"));
}

/// A node that stands still: one busy vShard goes on without it.
TEST_F(Alerts, AReplicaThatLags) {
  const std::int64_t vshard = 7;
  const auto where = holders(vshard);
  std::size_t slow = 0;
  std::int64_t leader = 0;
  // A replica that has just been started may not know yet.
  ASSERT_TRUE(eventually(30, [&] {
    const Json shard = json_of(cli({"shard", "show", "7"}));
    leader = shard["replicas"].items().at(0)["state"]["leader"].number();
    return leader != 0;
  }));
  for (const std::int64_t node : where)
    if (node != leader) slow = static_cast<std::size_t>(node) - 1;
  Pump::Options load;
  load.ports = {cluster_->nodes()[static_cast<std::size_t>(leader) - 1].redis_port};
  load.connections = 4;
  const std::string key = key_in(VShardId(7), "lag");
  load.key = [key](int, std::int64_t) { return key; };
  ::kill(cluster_->nodes()[slow].pid, SIGSTOP);
  Pump pump(std::move(load));
  EXPECT_TRUE(eventually(120, [&] {
    return prometheus_->value("max(nodedb_replica_lag_entries)").value_or(0) > 100'000;
  })) << prometheus_->value("max(nodedb_replica_lag_entries)").value_or(-1);
  const std::string member = std::to_string(slow + 1);
  expect_raised("NodedbReplicaLags{member=\"" + member + "\"}");
  const auto status = cluster_->status(static_cast<std::size_t>(leader) - 1);
  ASSERT_TRUE(status);
  EXPECT_GT((*status)["lag_entries_max"].number(), 100'000);
  pump.stop();
  ::kill(cluster_->nodes()[slow].pid, SIGCONT);
  expect_cleared();
}

TEST_F(Alerts, AMoveThatIsStuck) {
  const std::int64_t vshard = 11;
  const auto where = holders(vshard);
  ASSERT_EQ(std::ranges::count(where, 4), 0);
  ::kill(cluster_->nodes()[newcomer].pid, SIGSTOP);
  const Finished started = start(vshard, static_cast<int>(where.front()), 4);
  ASSERT_EQ(started.status, 0) << started.output;
  expect_raised("NodedbMigrationStuck");
  const std::size_t driver = metadata_leader();
  EXPECT_TRUE(page_names(driver, "NodedbMigrationStuck"));
  const Json move = json_of(cli({"migration", "show", first_id(started)}));
  EXPECT_GT(move["waits_ms"].number(), 10'000) << move.dump();
  EXPECT_NE(move["waits_for"].text().find("node 4"), std::string::npos) << move.dump();
  ::kill(cluster_->nodes()[newcomer].pid, SIGCONT);
  expect_cleared();
  EXPECT_EQ(outcome(first_id(started)), "completed");
}

TEST_F(Alerts, AFullDisk) {
  disk_->fill(1 << 20);
  Redis client(cluster_->nodes()[0].redis_port, 15'000);
  const auto full = [] { return (*cluster_->status(0))["disk_full"].boolean(); };
  EXPECT_TRUE(eventually(60, [&] {
    client.command({"SET", "a", std::string(100, 'x')});
    return full();
  }));
  expect_raised("NodedbDiskFull");
  EXPECT_TRUE(page_names(0, "NodedbDiskFull"));
  EXPECT_EQ(prometheus_->value("nodedb_disk_full{" + instance(0) + "}"), 1);
  EXPECT_EQ(prometheus_->value("sum(nodedb_disk_full)"), 1);
  disk_->empty();
  EXPECT_TRUE(eventually(60, [&] { return !full(); }));
  expect_cleared();
}

/// Last: nobody has the authority's key any more. Once one node has it again, the certificate is renewed by
/// it.
TEST_F(Alerts, ACertificateThatEnds) {
  const std::vector<std::string> with_key = cluster_->nodes()[1].start;
  for (std::size_t node = 0; node < newcomer; ++node) {
    std::vector<std::string>& line = cluster_->nodes()[node].start;
    const auto key = std::ranges::find(line, "--ca-key");
    line.erase(key, key + 2);
    cluster_->kill(node);
    cluster_->restart(node);
    ASSERT_TRUE(cluster_->wait_healthy(60));
  }
  const std::int64_t now_s = std::time(nullptr);
  put_certificate(newcomer, now_s - 9'000, now_s + 1'000);
  expect_raised("NodedbCertificateEnds");
  EXPECT_TRUE(page_names(newcomer, "NodedbCertificateEnds"));
  EXPECT_EQ((*cluster_->status(newcomer))["certificates"].items()[0]["freshness"].text(), "late");
  cluster_->nodes()[1].start = with_key;
  cluster_->kill(1);
  cluster_->restart(1);
  expect_cleared();
  EXPECT_EQ((*cluster_->status(newcomer))["certificates"].items()[0]["freshness"].text(), "fresh");
}

}  // namespace
}  // namespace nodedb::e2e
