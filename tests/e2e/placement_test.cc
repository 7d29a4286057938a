// SPDX-License-Identifier: Apache-2.0
// A node comes, drains, and leaves for good, under load and with nobody but the cluster moving anything.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>

#include "tests/e2e/support/load.h"
#include "tests/e2e/support/moving_cluster.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::e2e {
namespace {

constexpr int moves_patience_s = 240;

class Placement : public MovingCluster<Placement> {
 protected:
  // It holds nothing until the test wants it to.
  static void SetUpTestSuite() { start_moving("nodedb-placement"); }

  static app::Json member(std::int64_t id) {
    const app::Json rows = json_of(cli({"node", "ls", "--all"}));
    for (const app::Json& one : rows.items())
      if (one["id"].number() == id) return one;
    return {};
  }
  /// Nothing moves, and each node's replicas and leaders are within one of its share.
  static bool even() {
    const app::Json body = json_of(cli({"rebalance", "status"}));
    if (body["nodes"].items().size() != 4 || body["steps_left"].number(1) != 0) return false;
    if (!body["moving"].items().empty()) return false;
    return std::ranges::all_of(body["nodes"].items(), [](const app::Json& node) {
      const auto close = [&](const char* what, std::int64_t share) {
        return std::abs(node["now"][what].number() - share) <= 1;
      };
      return close("replicas", vshard_count * 3 / 4) && close("leaders", vshard_count / 4);
    });
  }
  /// A second, by all replicas together.
  static std::int64_t written() {
    const app::Json body = json_of(cli({"rebalance", "status"}));
    std::int64_t sum = 0;
    for (const app::Json& node : body["nodes"].items()) sum += node["now"]["writes"].number();
    return sum;
  }
  static std::vector<int> founders() {
    std::vector<int> first = ports();
    first.pop_back();
    return first;
  }
};

// In this order: each begins where the one before ended.

TEST_F(Placement, EnoughNodesMustStay) {
  ASSERT_EQ(cli({"node", "decommission", "2", "3", "4"}).status, 1);
  const Finished refused = cli({"node", "decommission", "1", "4"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.output.find("replication"), std::string::npos) << refused.output;
  EXPECT_EQ(member(1)["state"].text(), "active");
}

TEST_F(Placement, AdviceIsNotTaken) {
  ASSERT_EQ(cli({"settings", "set", "rebalance.mode", "advise"}).status, 0);
  // Any node may be asked: the command finds the one that drives.
  for (std::size_t asked = 0; asked < 4; ++asked) {
    const Finished shown = cli({"rebalance", "plan"}, asked);
    const app::Json plan = json_of(shown);
    EXPECT_GE(plan["steps"].items().size(), 767u) << shown.output.substr(0, 500);
    EXPECT_EQ(plan["mode"].text(), "advise");
  }
  const app::Json plan = json_of(cli({"rebalance", "plan"}));
  const std::int64_t first = plan["steps"].items().front()["vshard"].number();
  const app::Json why = json_of(cli({"rebalance", "explain", std::to_string(first)}, 2));
  EXPECT_EQ(why["steps"].items().size(), 1u) << why.dump();
  EXPECT_NE(why["text"].text().find("advise"), std::string::npos) << why.dump();
  EXPECT_EQ(member(4)["replicas"].number(), 0);
  EXPECT_EQ(cli({"rebalance", "explain", "1024"}).status, 6);
}

TEST_F(Placement, ANewNodeGetsItsShareUnderLoad) {
  ASSERT_EQ(cli({"settings", "set", "rebalance.moves_at_once", "16"}).status, 0);
  Load load(founders(), "steady");
  ASSERT_EQ(cli({"settings", "set", "rebalance.mode", "auto"}).status, 0);
  EXPECT_TRUE(eventually(moves_patience_s, even)) << json_of(cli({"rebalance", "status"})).dump();
  // What it costs is measured where its vShard is led, and known where plans are made.
  EXPECT_TRUE(eventually(moves_patience_s, [] { return written() > 0; }));
  EXPECT_TRUE(even()) << "one hot vShard is no reason to move anything";
  EXPECT_GT(load.stop(), 0);
  EXPECT_EQ(load.failed(), 0);
  EXPECT_EQ(load.lost(ports()[newcomer]), 0);
}

TEST_F(Placement, ADrainedNodeLeadsNothingUntilItIsAskedToAgain) {
  Load load(founders(), "drained");
  const Finished drained = cli({"node", "drain", "4", "--wait", "--timeout", "60s"});
  EXPECT_EQ(drained.status, 0) << drained.output;
  EXPECT_EQ(member(4)["leads"].number(), 0);
  EXPECT_EQ(member(4)["state"].text(), "draining");
  EXPECT_GT(member(4)["replicas"].number(), 700);
  ASSERT_EQ(cli({"node", "undrain", "4"}).status, 0);
  EXPECT_TRUE(eventually(60, [] { return member(4)["leads"].number() > 200; }));
  load.stop();
  EXPECT_EQ(load.failed(), 0);
}

TEST_F(Placement, ADecommissionedNodeEndsAndNeverComesBack) {
  ASSERT_EQ(cli({"rebalance", "pause"}).status, 0);
  const Finished waiting = cli({"node", "decommission", "4", "--wait", "--timeout", "7s"});
  EXPECT_EQ(waiting.status, 7);
  EXPECT_NE(waiting.output.find("rebalance.paused"), std::string::npos) << waiting.output;
  ASSERT_EQ(cli({"rebalance", "resume"}).status, 0);

  Load load(founders(), "left");
  const std::vector<std::string> line = cluster_->nodes()[newcomer].start;
  const Finished gone = cli({"node", "decommission", "4", "--wait", "--timeout", "240s"});
  ASSERT_EQ(gone.status, 0) << gone.output;
  EXPECT_TRUE(cluster_->end(newcomer, 0, 30)) << "it stops by itself";
  EXPECT_NE(file_text(cluster_->log_file(newcomer)).find("retired for ever"), std::string::npos);
  load.stop();
  EXPECT_EQ(load.failed(), 0);
  EXPECT_EQ(load.lost(ports()[0]), 0);

  EXPECT_EQ(json_of(cli({"node", "ls"})).items().size(), 3u);
  EXPECT_EQ(member(4)["state"].text(), "retired");
  EXPECT_TRUE(json_of(cli({"status"}))["healthy"].boolean());
  const Finished again = run(line);
  EXPECT_EQ(again.status, 74) << again.output;

  const Finished refused = cli({"node", "decommission", "3"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.output.find("replication"), std::string::npos) << refused.output;
  cluster_->nodes().pop_back();
}

}  // namespace
}  // namespace nodedb::e2e
