// SPDX-License-Identifier: Apache-2.0
// The operator's tools on real nodes: keys, a load, a check through a kill, and what a stopped node knows.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "tests/e2e/support/process.h"
#include "tests/e2e/support/redis.h"
#include "tests/e2e/support/shared_cluster.h"

namespace nodedb::e2e {
namespace {

class Tools : public SharedCluster<Tools> {
 protected:
  static void SetUpTestSuite() { start_cluster("nodedb-tools"); }

  static Finished tool(std::vector<std::string> words, std::size_t node = 0) {
    words.insert(words.begin(), binary());
    words.insert(words.end(),
                 {"--certs", cluster_->operator_certs(), "--node", cluster_->nodes()[node].quic});
    return run(words);
  }
  /// The last line of the output, which is JSON.
  static app::Json json(const Finished& finished) {
    const std::size_t end = finished.output.find_last_not_of('\n');
    const std::size_t begin = finished.output.rfind('\n', end);
    auto body = app::Json::parse(finished.output.substr(begin == std::string::npos ? 0 : begin + 1));
    EXPECT_TRUE(body) << finished.output;
    return body ? std::move(*body) : app::Json();
  }
  static int keys_with(const std::string& prefix) {
    const Finished found = tool({"kv", "scan", "--prefix", prefix});
    EXPECT_EQ(found.status, 0) << found.output;
    return static_cast<int>(std::ranges::count(found.output, '\n'));
  }
};

TEST_F(Tools, KeysAreReadAndWrittenByAnyNode) {
  ASSERT_TRUE(cluster_->wait_healthy(30));
  EXPECT_EQ(tool({"kv", "get", "no such"}).status, 6);
  EXPECT_EQ(tool({"kv", "put", "tools:1", "one"}).status, 0);
  Redis client(cluster_->nodes()[2].redis_port, 10'000);
  EXPECT_TRUE(client.command({"GET", "tools:1"}).is("one"));
  const std::string raw("\x01\xff\n\x7f", 4);
  ASSERT_TRUE(client.command({"SET", "tools:2", raw}).is("OK"));
  for (const char* level : {"linearizable", "lease", "bounded", "local"}) {
    const Finished got = tool({"kv", "get", "tools:2", "--level", level}, 1);
    EXPECT_EQ(got.status, 0) << level;
    // This replica may not have heard of it yet.
    EXPECT_TRUE(got.output == raw || level == std::string("local")) << level;
  }
  EXPECT_EQ(json(tool({"kv", "get", "tools:2", "-o", "json"}))["value_base64"].text(), "Af8Kfw==");
  EXPECT_EQ(keys_with("tools:"), 2);
  EXPECT_EQ(tool({"kv", "scan", "--match", "tools:?", "--limit", "1"}).output.size(), 8u);
  EXPECT_EQ(tool({"kv", "del", "tools:1"}).status, 0);
  EXPECT_EQ(tool({"kv", "del", "tools:1"}).status, 6);
  EXPECT_EQ(keys_with("tools:"), 1);
  const std::string audit = tool({"audit", "ls"}).output;
  EXPECT_NE(audit.find("kv put \"tools:1\", 3 bytes"), std::string::npos) << audit;
  EXPECT_NE(audit.find("kv del \"tools:1\""), std::string::npos) << audit;
  EXPECT_EQ(tool({"kv", "put", "tools:3", std::string(100'000, 'v')}).status, 0);
  EXPECT_EQ(tool({"kv", "get", "tools:3"}).output.size(), 100'000u);
}

TEST_F(Tools, ALoadIsMeasuredAndLeavesNothing) {
  ASSERT_TRUE(cluster_->wait_healthy(30));
  const Finished closed = tool({"bench", "--duration", "1500ms", "--keys", "500", "-o", "json"});
  ASSERT_EQ(closed.status, 0) << closed.output;
  const app::Json result = json(closed);
  EXPECT_GT(result["operations"].number(), 100);
  EXPECT_EQ(result["errors"].number(), 0);
  EXPECT_NE(closed.output.find("1 s: "), std::string::npos) << "progress";
  const Finished open = tool({"bench", "--duration", "1s", "--rate", "200", "--reads", "0"});
  EXPECT_EQ(open.status, 0) << open.output;
  EXPECT_NE(open.output.find("200 operations a second asked for"), std::string::npos) << open.output;
  EXPECT_EQ(keys_with("bench:"), 0);
}

TEST_F(Tools, ACheckGoesThroughAKillAndAStoppedNodeTellsWhatItKnows) {
  ASSERT_TRUE(cluster_->wait_healthy(30));
  const std::string data = cluster_->nodes()[2].data;
  EXPECT_EQ(run({binary(), "catalog", "dump", "--data", data}).status, 73) << "it runs";
  auto check = std::async(std::launch::async, [] {
    return tool({"check", "--duration", "4s", "--clients", "24", "-o", "json"});
  });
  // Not by the tool: on a slow machine the check would be over before that has started.
  Redis client(cluster_->nodes()[0].redis_port, 10'000);
  EXPECT_TRUE(eventually(20, [&] {
    return !client.command({"KEYS", "check:*"}).list.empty();
  })) << "its clients are at work";
  cluster_->kill(2);
  const Finished done = check.get();
  ASSERT_EQ(done.status, 0) << done.output;
  const app::Json report = json(done);
  EXPECT_EQ(report["verdict"].text(), "linearizable");
  EXPECT_GT(report["operations"].number(), 200);
  EXPECT_NE(report["errors_by_code"].dump(), "{}") << "some client was at the node that was killed";
  EXPECT_EQ(keys_with("check:"), 0);

  const app::Json shard = json(tool({"shard", "show", "7", "-o", "json"}));
  EXPECT_EQ(shard["replicas"].items().size(), 2u);
  EXPECT_EQ(shard["silent"].items().size(), 1u) << "not gone: it does not answer";

  const Finished dump = run({binary(), "catalog", "dump", "--data", data, "-o", "json"});
  ASSERT_EQ(dump.status, 0) << dump.output;
  const app::Json catalog = json(dump);
  EXPECT_EQ(catalog["node"]["id"].number(), cluster_->nodes()[2].id);
  EXPECT_EQ(catalog["members"].items().size(), 3u);
  cluster_->restart(2);
  EXPECT_TRUE(cluster_->wait_port(2, 30)) << "the look has changed nothing";
}

}  // namespace
}  // namespace nodedb::e2e
