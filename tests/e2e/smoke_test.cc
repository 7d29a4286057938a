// SPDX-License-Identifier: Apache-2.0
// One playground of three real processes, used as people use it: writes through every node, transactions, the
// operator's commands, a leader killed with -9, and a clean stop.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <map>

#include "tests/e2e/support/redis.h"
#include "tests/e2e/support/shared_cluster.h"

namespace nodedb::e2e {
namespace {

constexpr int patience_ms = 10'000;

class Smoke : public SharedCluster<Smoke> {
 protected:
  static void SetUpTestSuite() { start_cluster("nodedb-smoke"); }

  static Redis client(std::size_t node) { return Redis(cluster_->nodes()[node].redis_port, patience_ms); }
  static std::vector<std::string> operator_line(std::vector<std::string> words, std::size_t node = 0) {
    words.insert(words.begin(), binary());
    words.insert(words.end(), {"--certs", cluster_->operator_certs(), "--node", cluster_->nodes()[node].quic,
                               "-o", "json"});
    return words;
  }
};

TEST_F(Smoke, WhatOneNodeTakesEveryNodeReads) {
  for (std::size_t writer = 0; writer < 3; ++writer) {
    Redis to = client(writer);
    for (int i = 0; i < 100; ++i) {
      const std::string key = "w" + std::to_string(writer) + ":" + std::to_string(i);
      ASSERT_TRUE(to.command({"SET", key, "value of " + key}).is("OK")) << key;
    }
  }
  for (std::size_t reader = 0; reader < 3; ++reader) {
    Redis from = client(reader);
    for (std::size_t writer = 0; writer < 3; ++writer) {
      for (int i = 0; i < 100; ++i) {
        const std::string key = "w" + std::to_string(writer) + ":" + std::to_string(i);
        const Answer answer = from.command({"GET", key});
        ASSERT_TRUE(answer.is("value of " + key)) << key << " " << answer.describe();
      }
    }
  }
}

TEST_F(Smoke, ManyKeysAtOnceAcrossVShards) {
  Redis one = client(0);
  EXPECT_TRUE(one.command({"MSET", "m1", "a", "m2", "b", "m3", "c"}).is("OK"));
  const Answer read = client(1).command({"MGET", "m1", "m2", "m3", "m4"});
  EXPECT_EQ(read.describe(), "[\"a\", \"b\", \"c\", (nil)]");
  EXPECT_TRUE(client(2).command({"DEL", "m1", "m2", "m3"}).is(3));
}

TEST_F(Smoke, PipelinesKeepTheirOrder) {
  Redis to = client(1);
  std::vector<std::vector<std::string>> commands;
  for (int i = 0; i < 500; ++i) commands.push_back({"INCR", "counter"});
  const auto answers = to.pipeline(commands);
  for (std::size_t i = 0; i < answers.size(); ++i)
    ASSERT_TRUE(answers[i].is(static_cast<std::int64_t>(i + 1))) << i << " " << answers[i].describe();
  EXPECT_TRUE(client(2).command({"GET", "counter"}).is("500"));
}

TEST_F(Smoke, TransactionsAreWholeAndWatched) {
  Redis one = client(0);
  Redis other = client(1);
  EXPECT_TRUE(one.command({"SET", "{t}a", "1"}).is("OK"));
  EXPECT_TRUE(one.command({"MULTI"}).is("OK"));
  EXPECT_TRUE(one.command({"INCR", "{t}a"}).is("QUEUED"));
  EXPECT_TRUE(one.command({"SET", "{t}b", "x"}).is("QUEUED"));
  EXPECT_EQ(one.command({"EXEC"}).describe(), "[2, \"OK\"]");

  EXPECT_TRUE(one.command({"WATCH", "{t}a"}).is("OK"));
  EXPECT_TRUE(other.command({"SET", "{t}a", "9"}).is("OK"));
  EXPECT_TRUE(one.command({"MULTI"}).is("OK"));
  EXPECT_TRUE(one.command({"SET", "{t}a", "10"}).is("QUEUED"));
  EXPECT_EQ(one.command({"EXEC"}).describe(), "(nil)");
  EXPECT_TRUE(one.command({"GET", "{t}a"}).is("9"));

  EXPECT_TRUE(one.command({"MULTI"}).is("OK"));
  one.command({"SET", "x1", "1"});
  const Answer across = one.command({"SET", "x2", "1"});
  EXPECT_TRUE(across.text.starts_with("CROSSSLOT")) << across.describe();
  EXPECT_TRUE(one.command({"EXEC"}).text.starts_with("EXECABORT"));
}

TEST_F(Smoke, OperatorsSeeTheCluster) {
  const Finished status = run(operator_line({"status"}));
  ASSERT_EQ(status.status, 0) << status.output;
  const auto body = app::Json::parse(status.output);
  ASSERT_TRUE(body) << status.output;
  EXPECT_TRUE((*body)["healthy"].boolean()) << status.output;
  EXPECT_EQ((*body)["members"].items().size(), 3u);
  EXPECT_EQ((*body)["groups_without_leader"].number(), 0);

  const Finished again = run(operator_line({"init"}));
  EXPECT_EQ(again.status, 0) << again.output;
  EXPECT_NE(again.output.find((*body)["cluster"]["uuid"].text()), std::string::npos);

  const Finished shard = run(operator_line({"shard", "show", "7"}));
  ASSERT_EQ(shard.status, 0) << shard.output;
  EXPECT_EQ((*app::Json::parse(shard.output))["replicas"].items().size(), 3u) << shard.output;
  EXPECT_EQ(run(operator_line({"shard", "show", "1024"})).status, 6);
  EXPECT_EQ(run({binary(), "status"}).status, 2);
  EXPECT_EQ(run({binary(), "status", "--certs", "/nowhere", "--node", "127.0.0.1:1"}).status, 6);
}

std::int64_t leader_of(const std::string& shown) {
  const auto body = app::Json::parse(shown);
  if (!body) return 0;
  for (const app::Json& replica : (*body)["replicas"].items())
    if (replica["state"]["role"].text() == "leader") return replica["node"].number();
  return 0;
}

TEST_F(Smoke, LeadershipMovesOnRequest) {
  ASSERT_TRUE(cluster_->wait_healthy(30));
  const std::int64_t before = leader_of(run(operator_line({"shard", "show", "5"})).output);
  const std::int64_t to = before % 3 + 1;
  const Finished moved = run(operator_line({"shard", "transfer", "5", "--to", std::to_string(to)}));
  ASSERT_EQ(moved.status, 0) << moved.output;
  std::int64_t now = 0;
  for (int i = 0; i < 100 && now != to; ++i) {
    now = leader_of(run(operator_line({"shard", "show", "5"})).output);
    sleep_ms(20);
  }
  EXPECT_EQ(now, to);
}

TEST_F(Smoke, AKilledLeaderLosesNothing) {
  ASSERT_TRUE(cluster_->wait_healthy(30));
  std::map<std::string, std::string> acknowledged;
  Redis before = client(0);
  for (int i = 0; i < 300; ++i) {
    const std::string key = "k" + std::to_string(i);
    if (before.command({"SET", key, "1:" + key}).is("OK")) acknowledged[key] = "1:" + key;
  }
  ASSERT_EQ(acknowledged.size(), 300u);
  const std::size_t victim = cluster_->busiest();
  cluster_->kill(victim);

  // Writes go on through the others, as soon as each vShard has a new leader.
  Redis after = client((victim + 1) % 3);
  for (int i = 0; i < 300; i += 3) {
    const std::string key = "k" + std::to_string(i);
    Answer answer;
    for (int attempt = 0; attempt < 100 && !answer.is("OK"); ++attempt) {
      answer = after.command({"SET", key, "2:" + key});
      if (!answer.is("OK")) sleep_ms(50);
    }
    ASSERT_TRUE(answer.is("OK")) << answer.describe();
    acknowledged[key] = "2:" + key;
  }
  cluster_->restart(victim);
  ASSERT_TRUE(cluster_->wait_port(victim, 30));
  ASSERT_TRUE(cluster_->wait_healthy(60));
  for (std::size_t node = 0; node < 3; ++node) {
    Redis from = client(node);
    for (const auto& [key, value] : acknowledged) {
      const Answer answer = from.command({"GET", key});
      ASSERT_TRUE(answer.is(value)) << "node " << node + 1 << " " << key << " " << answer.describe();
    }
  }
}

TEST_F(Smoke, ATerminatedNodeHandsItsLeadershipsOver) {
  ASSERT_TRUE(cluster_->wait_healthy(30));
  Redis through = client(1);
  ASSERT_TRUE(through.command({"PING"}).is("PONG"));
  ASSERT_TRUE(cluster_->end(0, SIGTERM, 15));
  // It has said goodbye: nobody takes it for dead.
  const Finished members = run(operator_line({"node", "ls"}, 1));
  ASSERT_EQ(members.status, 0) << members.output;
  EXPECT_EQ((*app::Json::parse(members.output)).items().at(0)["standing"].text(), "left") << members.output;
  // Nobody had to wait for an election: every write succeeds at once.
  for (int i = 0; i < 200; ++i) {
    const Answer answer = through.command({"SET", "drained" + std::to_string(i), "x"});
    ASSERT_TRUE(answer.is("OK")) << i << " " << answer.describe();
  }
  cluster_->restart(0);
  ASSERT_TRUE(cluster_->wait_port(0, 30));
  EXPECT_TRUE(cluster_->wait_healthy(60));
}

TEST_F(Smoke, ADataDirectoryHasOneProcess) {
  const Finished second = run(cluster_->nodes()[1].start);
  EXPECT_EQ(second.status, 73) << second.output;
}

TEST(Playground, KeepsItsDirectoryForAnotherStart) {
  const TemporaryDirectory directory("nodedb-playground");
  std::string complaint;
  {
    auto cluster = Cluster::start(directory.path(), 1, complaint);
    ASSERT_TRUE(cluster) << complaint;
    EXPECT_TRUE(Redis(cluster->nodes()[0].redis_port, patience_ms).command({"SET", "kept", "yes"}).is("OK"));
  }
  auto again = Cluster::start(directory.path(), 1, complaint);
  ASSERT_TRUE(again) << complaint;
  EXPECT_TRUE(Redis(again->nodes()[0].redis_port, patience_ms).command({"GET", "kept"}).is("yes"));
  EXPECT_EQ(run({binary(), "playground", "--dir", directory.path(), "--nodes", "3"}).status, 7);
}

}  // namespace
}  // namespace nodedb::e2e
