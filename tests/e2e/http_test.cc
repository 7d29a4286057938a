// SPDX-License-Identifier: Apache-2.0
// The HTTP ports of real nodes, read as curl and Prometheus would: health, metrics that agree with the
// command line and with what has happened, JSON, events.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <future>
#include <sstream>

#include "tests/e2e/support/process.h"
#include "tests/e2e/support/redis.h"
#include "tests/e2e/support/shared_cluster.h"
#include "tests/edge/http/http_client.h"

namespace nodedb::e2e {
namespace {

constexpr int patience_ms = 10'000;

class Http : public SharedCluster<Http> {
 protected:
  static void SetUpTestSuite() { start_cluster("nodedb-http"); }

  static std::uint16_t port(std::size_t node) {
    return static_cast<std::uint16_t>(cluster_->nodes()[node].http_port);
  }
  static http::Reply get(std::size_t node, const std::string& target) {
    return http::http_get(port(node), target);
  }
  static app::Json json(std::size_t node, const std::string& target) {
    const http::Reply reply = get(node, target);
    auto body = app::Json::parse(reply.body);
    EXPECT_EQ(reply.status, 200) << target;
    return body ? std::move(*body) : app::Json();
  }
  /// A row of the node's metrics; -1 if it has none.
  static double metric(std::size_t node, const std::string& row) {
    const std::string text = "\n" + get(node, "/metrics").body;
    const std::size_t at = text.find("\n" + row + " ");
    return at == std::string::npos ? -1 : std::atof(text.c_str() + at + row.size() + 2);
  }
};

TEST_F(Http, EveryPathThatIsDescribedAnswers) {
  const app::Json description = json(0, "/openapi.json");
  const std::string text = description["paths"].dump();
  int paths = 0;
  for (const char* path : {"/livez", "/readyz", "/metrics", "/v1/cluster", "/v1/map", "/v1/nodes",
                           "/v1/shards", "/v1/migrations", "/openapi.json"}) {
    EXPECT_FALSE(description["paths"][path].is_null()) << path;
    const http::Reply reply = get(0, path);
    EXPECT_EQ(reply.status, 200) << path << " " << reply.body;
    const app::Json& content = description["paths"][path]["get"]["responses"]["200"]["content"];
    EXPECT_FALSE(content[reply.headers.at("content-type")].is_null()) << path;
    ++paths;
  }
  std::string::size_type at = 0;
  int described = 0;
  while ((at = text.find("\"get\":", at)) != std::string::npos) ++described, ++at;
  EXPECT_EQ(described, paths + 1) << "the rest is /v1/events";
  EXPECT_EQ(get(0, "/v1").status, 404);
}

TEST_F(Http, NodesThatServeAreAliveAndReady) {
  ASSERT_TRUE(cluster_->wait_healthy(30));
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(get(node, "/livez").body, "alive\n");
    EXPECT_EQ(get(node, "/readyz").body, "ready\n");
    EXPECT_EQ(get(node, "/readyz?verbose").body,
              "[+] formed ok\n[+] metadata ok\n[+] halted ok\n[+] disk ok\n[+] draining ok\nready\n");
  }
}

TEST_F(Http, MetricsAgreeWithTheCommandLine) {
  ASSERT_TRUE(cluster_->wait_healthy(30));
  Redis client(cluster_->nodes()[0].redis_port, patience_ms);
  const double before = metric(0, "nodedb_requests_total{result=\"ok\"}");
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(client.command({"SET", "k" + std::to_string(i), "v"}).is("OK"));
  EXPECT_GE(metric(0, "nodedb_requests_total{result=\"ok\"}"), before + 50);
  EXPECT_EQ(metric(0, "nodedb_client_connections"), 1);
  double led = 0;
  for (std::size_t node = 0; node < 3; ++node) {
    const auto status = cluster_->status(node);
    ASSERT_TRUE(status);
    const auto agrees = [&](const std::string& row, const char* name) {
      EXPECT_EQ(metric(node, row), static_cast<double>((*status)[name].number())) << row;
    };
    agrees("nodedb_groups_led", "groups_led");
    agrees("nodedb_replicas", "replicas");
    agrees("nodedb_groups_without_leader", "groups_without_leader");
    agrees("nodedb_incarnation", "incarnation");
    EXPECT_EQ(metric(node, "nodedb_members{state=\"active\"}"), 3);
    EXPECT_GE(metric(node, "nodedb_log_syncs_total"),
              static_cast<double>((*status)["io"]["log_syncs"].number()));
    EXPECT_EQ(metric(node, "nodedb_memory_budget_bytes"),
              static_cast<double>((*status)["memory"]["budget"].number()));
    const std::string sha256 = (*status)["certificates"].items()[0]["sha256"].text().substr(0, 16);
    EXPECT_GT(metric(node, "nodedb_certificate_remaining_seconds{whose=\"node\",sha256=\"" + sha256 + "\"}"),
              0);
    EXPECT_GT(metric(node, "nodedb_disk_free_bytes"), 0);
    led += metric(node, "nodedb_groups_led");
  }
  EXPECT_EQ(led, 1025);
}

TEST_F(Http, JsonIsThatOfTheCommandLine) {
  const auto status = cluster_->status(1);
  ASSERT_TRUE(status);
  const app::Json cluster = json(1, "/v1/cluster");
  EXPECT_EQ(cluster["uuid"].text(), (*status)["uuid"].text());
  EXPECT_EQ(cluster["cluster"].dump(), (*status)["cluster"].dump());
  EXPECT_EQ(json(1, "/v1/nodes")["members"].items().size(), 3u);
  EXPECT_EQ(json(1, "/v1/shards")["groups"].items().size(), 1025u);
  const std::string path = "/v1/shards";
  const app::Json shard = json(1, path)["groups"].items()[8];
  EXPECT_EQ(shard["group"].number(), 8);
  EXPECT_EQ(shard["config"]["voters"].items().size(), 3u);
}

TEST_F(Http, ListenersHearOfAMoveOfLeadership) {
  http::HttpClient listener(port(2), patience_ms);
  listener.send("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_NE(listener.read_until("retry: ").size(), 0u);
  sleep_ms(2'500);  // the first look at the node is nothing new
  const app::Json before = json(2, "/v1/shards")["groups"].items()[5];
  const std::int64_t to = before["leader"].number() % 3 + 1;
  ASSERT_EQ(operate(*cluster_, 0, {"shard", "transfer", "4", "--to", std::to_string(to)}).status, 0);
  listener.read_until("event: leaders\ndata: ");
  const std::string heard = listener.read_until("\n\n");
  EXPECT_NE(heard.find("\"groups_without_leader\":"), std::string::npos) << heard;
}

/// The first line of a node's log that has all these words.
std::string log_line(const Cluster& cluster, std::size_t node, const std::vector<std::string>& words) {
  std::istringstream log(file_text(cluster.log_file(node)));
  for (std::string line; std::getline(log, line);) {
    const auto is_there = [&](const std::string& word) { return line.find(word) != std::string::npos; };
    if (std::ranges::all_of(words, is_there)) return line;
  }
  return {};
}

std::int64_t number_in(const std::string& line, const std::string& key) {
  const std::size_t at = line.find(" " + key + "=");
  return at == std::string::npos ? -1 : std::atoll(line.c_str() + at + key.size() + 2);
}

TEST_F(Http, ASlowRequestIsToldWithWhatItWaitedFor) {
  ASSERT_TRUE(cluster_->wait_healthy(30));
  ASSERT_EQ(operate(*cluster_, 0, {"settings", "set", "trace.slow_after", "150ms"}).status, 0);
  // Leaders stay where they are once each node has its share of them.
  ASSERT_TRUE(eventually(60, [] {
    return std::ranges::all_of(std::array<std::size_t, 3>{0, 1, 2},
                               [](std::size_t node) { return metric(node, "nodedb_groups_led") >= 340; });
  }));
  const app::Json groups = json(0, "/v1/shards")["groups"];
  std::uint16_t led = 0;
  while (groups.items()[led + 1u]["leader"].number() != 1) ++led;
  const std::string key = key_in(VShardId(led), "slow");
  const double before = metric(0, "nodedb_slow_requests_total");
  Redis client(cluster_->nodes()[0].redis_port, patience_ms);
  for (const std::size_t follower : {1U, 2U}) ::kill(cluster_->nodes()[follower].pid, SIGSTOP);
  auto answer = std::async(std::launch::async, [&] { return client.command({"SET", key, "v"}); });
  sleep_ms(400);
  for (const std::size_t follower : {1U, 2U}) ::kill(cluster_->nodes()[follower].pid, SIGCONT);
  ASSERT_TRUE(answer.get().is("OK"));
  const std::string line =
      log_line(*cluster_, 0, {"a request was slow", " vshard=" + std::to_string(led) + " "});
  EXPECT_GE(number_in(line, "commit_us"), 150'000) << line;
  EXPECT_LT(number_in(line, "persist_us"), number_in(line, "commit_us")) << line;
  EXPECT_EQ(number_in(line, "served_by"), 1) << line;
  EXPECT_GE(metric(0, "nodedb_slow_requests_total"), before + 1);

  // A trace that a client gives at another node is in what the leader tells.
  const std::string traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  Redis other(cluster_->nodes()[1].redis_port, patience_ms);
  ASSERT_TRUE(other.command({"CLIENT", "TRACEPARENT", traceparent}).is("OK"));
  ASSERT_TRUE(other.command({"SET", key, "w"}).is("OK"));
  std::string leader;
  EXPECT_TRUE(eventually(10, [&] {
    return !(leader = log_line(*cluster_, 0, {traceparent, "side=leader"})).empty();
  }));
  const std::string asked = log_line(*cluster_, 1, {traceparent, "side=asked"});
  EXPECT_GE(number_in(asked, "leader_us"), 0) << asked;
  EXPECT_GE(number_in(leader, "commit_us"), 0) << leader;
  EXPECT_EQ(number_in(asked, "number"), number_in(leader, "number"));
}

/// Last but one: node 3 is drained, and back again.
TEST_F(Http, ANodeThatIsDrainedIsNotReady) {
  ASSERT_EQ(operate(*cluster_, 0, {"node", "drain", "3"}).status, 0);
  EXPECT_TRUE(eventually(10, [] { return get(2, "/readyz").status == 503; }));
  EXPECT_EQ(get(2, "/readyz").body, "[-] draining: an operator drains it\nnot ready\n");
  EXPECT_EQ(get(2, "/livez").status, 200);
  EXPECT_EQ(get(0, "/readyz").status, 200);
  EXPECT_EQ(metric(0, "nodedb_members{state=\"draining\"}"), 1);
  ASSERT_EQ(operate(*cluster_, 0, {"node", "undrain", "3"}).status, 0);
  EXPECT_TRUE(eventually(10, [] { return get(2, "/readyz").status == 200; }));
}

/// Last: the others tell that it is dead, and that it is back.
TEST_F(Http, ADeadNodeIsSeenByTheOthers) {
  const std::string connected = "nodedb_member_connected{member=\"3\"}";
  const std::string dead = "nodedb_member_standing{member=\"3\",standing=\"dead\"}";
  EXPECT_EQ(metric(0, connected), 1);
  EXPECT_EQ(metric(0, dead), 0);
  cluster_->kill(2);
  EXPECT_EQ(get(2, "/livez").status, 0);
  EXPECT_TRUE(eventually(30, [&] { return metric(0, dead) == 1 && metric(1, dead) == 1; }));
  EXPECT_EQ(metric(0, connected), 0);
  EXPECT_GT(metric(0, "nodedb_member_last_heard_seconds{member=\"3\"}"), 1);
  EXPECT_TRUE(eventually(20, [&] { return metric(0, "nodedb_groups_without_leader") == 0; }));
  cluster_->restart(2);
  EXPECT_TRUE(eventually(30, [&] { return metric(0, dead) == 0 && metric(0, connected) == 1; }));
  EXPECT_TRUE(eventually(30, [&] { return get(2, "/readyz").status == 200; }));
}

}  // namespace
}  // namespace nodedb::e2e
