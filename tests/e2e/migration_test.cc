// SPDX-License-Identifier: Apache-2.0
// vShards move between real processes under load, and whoever is killed meanwhile, each migration ends.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <functional>
#include <map>

#include "app/operator_calls.h"
#include "tests/e2e/support/load.h"
#include "tests/e2e/support/moving_cluster.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::e2e {
namespace {

constexpr int patience_ms = 20'000;

class Migration : public MovingCluster<Migration> {
 protected:
  static void SetUpTestSuite() { start_moving("nodedb-migration"); }

  static void expect_everywhere(const std::string& key, const std::string& value) {
    for (const Cluster::Node& node : cluster_->nodes()) {
      const Answer answer = Redis(node.redis_port, patience_ms).command({"GET", key});
      EXPECT_TRUE(answer.is(value)) << "node " << node.id << " " << answer.describe();
    }
  }
  /// Moves vShards under load while `victim` is killed in the middle, and started again.
  static void survive(std::int64_t first, int from, const std::function<std::size_t()>& victim);
};

TEST_F(Migration, MovesUnderLoadAndIsUndone) {
  const std::string key = key_in(VShardId(7), "moved"), busy = key_in(VShardId(7), "busy");
  ASSERT_TRUE(Redis(ports()[0], patience_ms).command({"SET", key, "data"}).is("OK"));
  Load load(ports(), busy);
  const Finished moved = start(7, 1, 4, {"--wait", "--timeout", "60s"});
  ASSERT_EQ(moved.status, 0) << moved.output;
  EXPECT_EQ(holders(7), (Nodes{2, 3, 4})) << moved.output;
  const std::int64_t written = load.stop();
  EXPECT_GT(written, 0);
  expect_everywhere(key, "data");
  for (const int port : ports()) EXPECT_EQ(load.lost(port), 0);

  // The source is relieved of its ghost once everybody knows the new route.
  EXPECT_TRUE(eventually(30, [] { return json_of(cli({"ghost", "ls"})).items().empty(); }));

  const Finished undone = cli({"migration", "undo", first_id(moved), "--wait", "--timeout", "60s"});
  ASSERT_EQ(undone.status, 0) << undone.output;
  EXPECT_EQ(holders(7), (Nodes{1, 2, 3}));
  expect_everywhere(key, "data");
  EXPECT_EQ(load.lost(ports()[1]), 0);
  EXPECT_EQ(json_of(cli({"migration", "history"})).items().size(), 2u);
}

TEST_F(Migration, RefusesWhatCannotBe) {
  EXPECT_EQ(start(8, 4, 1).status, 1);
  EXPECT_EQ(start(8, 1, 2).status, 1);
  EXPECT_EQ(start(8, 1, 9).status, 6);
  EXPECT_EQ(start(1024, 1, 4).status, 6);
  EXPECT_EQ(start(8, 1, 4, {"--pause-budget", "1"}).status, 2);
  EXPECT_EQ(cli({"migration", "start"}).status, 2);
  EXPECT_EQ(cli({"migration", "cancel", "ffffffff"}).status, 6);
  const Finished tight = start(8, 1, 4, {"--pause-budget", "1us"});
  EXPECT_EQ(tight.status, 1);
  EXPECT_NE(tight.output.find("over_budget"), std::string::npos) << tight.output;
  EXPECT_TRUE(eventually(20, [] { return holders(8) == Nodes{1, 2, 3}; }));
}

TEST_F(Migration, CancelDoesNotNeedTheTarget) {
  // The target stands still, so the migration stands too; then it dies for good.
  ASSERT_EQ(::kill(cluster_->nodes()[newcomer].pid, SIGSTOP), 0);
  const Finished started = start(20, 2, 4);
  const std::string id = first_id(started);
  ASSERT_FALSE(id.empty()) << started.output;
  ASSERT_EQ(start(20, 2, 4).status, 7);  // one at a time
  const Finished waited = cli({"migration", "show", id});
  EXPECT_EQ(waited.status, 0) << waited.output;
  cluster_->kill(newcomer);
  const Finished cancelled = cli({"migration", "cancel", id, "--wait", "--timeout", "60s"});
  EXPECT_EQ(cancelled.status, 0) << cancelled.output;
  EXPECT_EQ(outcome(id), "aborted");
  EXPECT_EQ(holders(20), (Nodes{1, 2, 3}));
  cluster_->restart(newcomer);
  ASSERT_TRUE(cluster_->wait_healthy(60));
  // Whatever the target had made of it is gone, and the vShard may move again.
  EXPECT_TRUE(eventually(30, [] { return holders(20) == Nodes{1, 2, 3}; }));
  EXPECT_EQ(start(20, 2, 4, {"--wait", "--timeout", "60s"}).status, 0);
  EXPECT_EQ(holders(20), (Nodes{1, 3, 4}));
}

void Migration::survive(std::int64_t first, int from, const std::function<std::size_t()>& victim) {
  constexpr std::int64_t count = 6;
  std::map<std::string, std::string> data;
  for (std::int64_t v = first; v < first + count; ++v) {
    const std::string key = key_in(VShardId(static_cast<std::uint16_t>(v)), "kept");
    ASSERT_TRUE(Redis(ports()[0], patience_ms).command({"SET", key, std::to_string(v)}).is("OK"));
    data[key] = std::to_string(v);
  }
  const std::string busy = key_in(VShardId(static_cast<std::uint16_t>(first)), "busy");
  Load load(ports(), busy);
  const Finished started =
      cli({"migration", "start", "--vshards", std::to_string(first) + "-" + std::to_string(first + count - 1),
           "--from", std::to_string(from), "--to", "4"});
  const app::Json body = json_of(started);
  ASSERT_EQ(body["migrations"].items().size(), static_cast<std::size_t>(count)) << started.output;
  const std::size_t killed = victim();
  cluster_->kill(killed);
  sleep_ms(1'500);  // long enough for the others to notice
  cluster_->restart(killed);
  for (const app::Json& one : body["migrations"].items()) {
    const std::string id = one["id"].text();
    EXPECT_EQ(outcome(id, (killed + 1) % 3), "completed") << id << " vShard " << one["vshard"].number();
  }
  ASSERT_TRUE(cluster_->wait_healthy(60));
  const std::int64_t written = load.stop();
  Nodes wanted = {1, 2, 3, 4};
  std::erase(wanted, from);
  for (std::int64_t v = first; v < first + count; ++v)
    EXPECT_TRUE(eventually(20, [&] { return holders(v) == wanted; })) << "vShard " << v;
  for (const auto& [key, value] : data) expect_everywhere(key, value);
  EXPECT_GT(written, 0);
  for (const int port : ports()) EXPECT_EQ(load.lost(port), 0);
  EXPECT_TRUE(eventually(30, [] { return json_of(cli({"ghost", "ls"})).items().empty(); }));
}

TEST_F(Migration, TheLeaderOfTheMetadataGroupDies) {
  survive(100, 1, [] { return metadata_leader(); });
}

TEST_F(Migration, TheSourceDies) {
  survive(200, 2, [] { return std::size_t{1}; });
}

TEST_F(Migration, TheTargetDies) {
  survive(300, 3, [] { return newcomer; });
}

}  // namespace
}  // namespace nodedb::e2e
