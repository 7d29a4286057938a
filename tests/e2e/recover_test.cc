// SPDX-License-Identifier: Apache-2.0
// Nodes are lost for good, more than a majority of some vShards, or of the metadata group: what the survivors
// hold serves again, and the lost are refused when they come back.
#include <gtest/gtest.h>

#include <set>

#include "tests/e2e/support/load.h"
#include "tests/e2e/support/process.h"

namespace nodedb::e2e {
namespace {

constexpr int patience_ms = 20'000;

/// A cluster with a key in every vShard, on every replica.
struct Lossy {
  explicit Lossy(int nodes) : directory("nodedb-recover") {
    std::string complaint;
    auto started = Cluster::start(directory.path() + "/playground", nodes, complaint);
    EXPECT_TRUE(started) << complaint;
    if (!started) return;
    cluster.emplace(std::move(*started));
    Redis client(port(0), patience_ms);
    for (std::uint16_t v = 0; v < vshard_count; ++v)
      EXPECT_TRUE(client.command({"SET", key(v), "before"}).is("OK")) << v;
    EXPECT_TRUE(eventually(60, [&] {
      for (std::size_t i = 0; i < cluster->nodes().size(); ++i) {
        const auto status = cluster->status(i);
        if (!status || (*status)["lag_entries_max"].number(1) != 0) return false;
      }
      return true;
    }));
  }

  static std::string key(std::uint16_t v) { return key_in(VShardId(v), "kept"); }
  int port(std::size_t index) const { return cluster->nodes()[index].redis_port; }
  std::string file(const char* name) const { return directory.path() + "/" + name; }

  Finished recover(std::vector<std::string> words) const {
    words.insert(words.begin(), "recover");
    return operate(*cluster, 0, std::move(words));
  }
  Finished plan(const std::string& lost) const {
    return run({binary(), "recover", "plan", file("survey"), file("plan"), "--lost", lost, "-o", "json"});
  }
  /// Until the survivors know that nobody leads what has lost its majority.
  app::Json planned(const std::string& lost) const {
    app::Json body;
    EXPECT_TRUE(eventually(60, [&] {
      if (recover({"collect", file("survey")}).status != 0) return false;
      const Finished made = plan(lost);
      body = json_of(made);
      return made.status == 0 && settled(body);
    }));
    return body;
  }
  /// Has every group that is not in the plan a leader?
  bool settled(const app::Json& body) const {
    const auto status = cluster->status(0);
    return status && (*status)["groups_without_leader"].number() ==
                         static_cast<std::int64_t>(body["groups"].items().size());
  }
  /// The answer of the process that a lost node has become.
  bool refused(std::size_t index) {
    cluster->restart(index);
    return cluster->end(index, 0, 60) &&
           file_text(cluster->log_file(index)).find("retired for ever") != std::string::npos;
  }

  TemporaryDirectory directory;
  std::optional<Cluster> cluster;
};

TEST(Recover, VShardsThatLostTheirMajorityServeAgainWhileTheOthersNeverStop) {
  Lossy lossy(5);
  ASSERT_TRUE(lossy.cluster);
  Cluster& cluster = *lossy.cluster;
  cluster.kill(3);
  cluster.kill(4);
  const app::Json plan = lossy.planned("4,5");
  std::set<std::int64_t> lost;
  for (const app::Json& one : plan["groups"].items()) lost.insert(one["group"].number() - 1);
  ASSERT_FALSE(lost.empty());
  ASSERT_LT(lost.size(), std::size_t{vshard_count});
  EXPECT_FALSE(lost.contains(-1)) << "the metadata group has its majority";

  // Nobody is given up by mistake.
  EXPECT_EQ(lossy.plan("4").status, 1);
  EXPECT_EQ(lossy.plan("3,4,5").status, 1);

  std::int64_t healthy = 0;
  while (lost.contains(healthy)) ++healthy;
  Load load({lossy.port(0), lossy.port(1), lossy.port(2)},
            key_in(VShardId(static_cast<std::uint16_t>(healthy)), "busy"));
  const Finished applied = lossy.recover({"apply", lossy.file("plan"), "--timeout", "120s"});
  ASSERT_EQ(applied.status, 0) << applied.output;
  EXPECT_EQ(json_of(applied)["recovered"].number(), static_cast<std::int64_t>(lost.size()));

  Redis client(lossy.port(1), patience_ms);
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    ASSERT_TRUE(client.command({"GET", Lossy::key(v)}).is("before")) << v;
    ASSERT_TRUE(client.command({"SET", Lossy::key(v), "after"}).is("OK")) << v;
  }
  EXPECT_GT(load.stop(), 0);
  EXPECT_EQ(load.lost(lossy.port(2)), 0);

  // The lost have a majority of some vShards between them: they are not believed.
  EXPECT_TRUE(lossy.refused(3));
  EXPECT_TRUE(lossy.refused(4));
  for (const std::int64_t v : lost)
    ASSERT_TRUE(client.command({"GET", Lossy::key(static_cast<std::uint16_t>(v))}).is("after")) << v;

  // Every vShard gets its three voters back.
  std::string verified;
  EXPECT_TRUE(eventually(420, [&] {
    const Finished told = lossy.recover({"verify"});
    verified = told.output;
    if (told.status != 0) sleep_ms(1'000);
    return told.status == 0;
  })) << verified.substr(0, 2'000);
}

TEST(Recover, TheMetadataGroupGoesOnFromOneOfThree) {
  Lossy lossy(3);
  ASSERT_TRUE(lossy.cluster);
  Cluster& cluster = *lossy.cluster;
  cluster.kill(1);
  cluster.kill(2);
  const app::Json plan = lossy.planned("2,3");
  ASSERT_EQ(plan["groups"].items().size(), std::size_t{vshard_count} + 1);
  EXPECT_EQ(plan["groups"].items().front()["group"].number(), 0);

  // The survivor is killed in the middle; the same plan is carried on with.
  {
    const Process half({binary(), "recover", "apply", lossy.file("plan"), "--certs", cluster.operator_certs(),
                        "--node", cluster.nodes()[0].quic},
                       lossy.file("half.log"));
    EXPECT_TRUE(eventually(60, [&] {
      const auto status = cluster.status(0);
      return status && (*status)["drives"].boolean();
    })) << half.log();
    cluster.kill(0);
  }
  cluster.restart(0);
  ASSERT_TRUE(cluster.wait_port(0, 60));
  Finished applied;
  EXPECT_TRUE(eventually(120, [&] {
    applied = lossy.recover({"apply", lossy.file("plan"), "--timeout", "60s"});
    return applied.status == 0;
  })) << applied.output;

  Redis client(lossy.port(0), patience_ms);
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    ASSERT_TRUE(client.command({"GET", Lossy::key(v)}).is("before")) << v;
    ASSERT_TRUE(client.command({"SET", Lossy::key(v), "after"}).is("OK")) << v;
  }
  const Finished again = lossy.recover({"apply", lossy.file("plan")});
  EXPECT_EQ(again.status, 0) << again.output;
  EXPECT_EQ(json_of(again)["recovered"].number(-1), 0);
  EXPECT_TRUE(lossy.refused(1));
  EXPECT_TRUE(lossy.refused(2));
  const Finished verified = lossy.recover({"verify"});
  EXPECT_EQ(verified.status, 7) << verified.output;
  EXPECT_NE(verified.output.find("let another node join"), std::string::npos);
  EXPECT_NE(operate(cluster, 0, {"audit", "ls"}).output.find("the metadata group goes on from node 1"),
            std::string::npos);
}

}  // namespace
}  // namespace nodedb::e2e
