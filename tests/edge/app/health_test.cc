// SPDX-License-Identifier: Apache-2.0
// What the dashboard says on top, and the files it is made of.
#include "app/health.h"

#include <gtest/gtest.h>

#include <set>

#include "app/dashboard.h"
#include "app/shard_map.h"
#include "tests/edge/app/healthy.h"

namespace nodedb::app {
namespace {

using test::healthy;
using test::member;

Health after(void (*spoil)(NodeFigures&)) {
  NodeFigures figures = healthy();
  spoil(figures);
  return health_of(figures);
}

TEST(Health, AllIsWell) {
  const Health health = health_of(healthy());
  EXPECT_EQ(health.sentence, "All is well: 3 nodes, and each of 1,024 vShards has its leader.");
  EXPECT_TRUE(health.problems.empty());
  EXPECT_EQ(health_json(health)["state"].text(), "well");
}

TEST(Health, ADeadNodeIsNamedWithWhatHelps) {
  const Health health = after([](NodeFigures& figures) {
    figures.status.members[2].standing = swim::Standing::dead;
    figures.status.members[2].standing_ns = 200 * ns_per_s;
    figures.status.members[2].connected = false;
  });
  ASSERT_EQ(health.problems.size(), 1u);
  EXPECT_EQ(health.sentence,
            "Node 3 (10.0.0.3:7000) has been down for 3 min. 341 vShards have one working replica less; "
            "others lead them.");
  EXPECT_EQ(health.problems[0].remedies[0].command, "systemctl start nodedb-cluster");
  EXPECT_EQ(health.problems[0].remedies[1].command,
            "nodedb-cluster node decommission 3 --wait --node 10.0.0.1:7000");
  EXPECT_EQ(health_json(health)["problems"].items()[0]["alert"].text(), "NodedbNodeDown");
}

/// A row for each thing that can be wrong: what spoils it, the alert, and the command's beginning.
TEST(Health, EveryProblemHasACommand) {
  struct Row {
    void (*spoil)(NodeFigures&);
    const char* alert;
    Gravity gravity;
    const char* command;
  };
  const Row rows[] = {
      {[](NodeFigures& f) { f.status.cluster.reset(); }, "", Gravity::broken, "nodedb-cluster init --node"},
      {[](NodeFigures& f) { f.status.groups_without_leader = 1; }, "NodedbNoLeader", Gravity::broken,
       "nodedb-cluster node ls"},
      {[](NodeFigures& f) { f.status.in_touch = false; }, "NodedbOutOfTouch", Gravity::broken,
       "nodedb-cluster node ls"},
      {[](NodeFigures& f) {
         f.status.halted.push_back({GroupId(8), "why"});
       },
       "NodedbGroupHalted", Gravity::broken, "nodedb-cluster status"},
      {[](NodeFigures& f) { f.status.quarantined.push_back("a row"); }, "NodedbRowsDamaged", Gravity::warning,
       "journalctl -k"},
      {[](NodeFigures& f) { f.status.disk_full = true; }, "NodedbDiskFull", Gravity::broken,
       "nodedb-cluster node drain 1"},
      {[](NodeFigures& f) {
         f.around.memory.budget_bytes = 1'000;
         f.around.memory.resident_bytes = 1'300;
       },
       "NodedbMemoryHigh", Gravity::warning, "nodedb-cluster status -o json"},
      {[](NodeFigures& f) { f.status.members[1].lag_entries = 200'000; }, "NodedbReplicaLags",
       Gravity::warning, "nodedb-cluster node drain 2"},
      {[](NodeFigures& f) { f.status.members[1].standing = swim::Standing::suspect; }, "", Gravity::warning,
       "nodedb-cluster node ls"},
      {[](NodeFigures& f) { f.status.members[1].member.state = meta::MemberState::draining; }, "",
       Gravity::note, "nodedb-cluster node undrain 2"},
      {[](NodeFigures& f) { f.status.members[1].member.state = meta::MemberState::leaving; }, "",
       Gravity::note, "nodedb-cluster node recommission 2"},
      {[](NodeFigures& f) { f.status.recoveries.emplace_back(); }, "NodedbRecoveryUnfinished",
       Gravity::warning, "nodedb-cluster recover verify"},
      {[](NodeFigures& f) {
         f.status.migrations.emplace_back();
         f.status.migrations[0].waits_for = "node 2 cannot be reached";
         f.status.migrations[0].waits_ns = 30 * ns_per_s;
       },
       "NodedbMigrationStuck", Gravity::warning, "nodedb-cluster migration show"},
      {[](NodeFigures& f) {
         Json one = Json::object();
         one.set("whose", "node").set("until_s", std::int64_t{1'060}).set("freshness", "late");
         f.around.certificates = Json::array().push(std::move(one));
       },
       "NodedbCertificateEnds", Gravity::warning, "journalctl -u nodedb-cluster"},
  };
  for (const Row& row : rows) {
    const Health health = after(row.spoil);
    ASSERT_EQ(health.problems.size(), 1u) << row.command;
    EXPECT_EQ(health.problems[0].alert, row.alert) << row.command;
    EXPECT_EQ(health.problems[0].gravity, row.gravity) << row.command;
    EXPECT_TRUE(health.problems[0].text.ends_with(".")) << health.problems[0].text;
    EXPECT_TRUE(health.problems[0].remedies.at(0).command.starts_with(row.command))
        << health.problems[0].remedies.at(0).command;
    EXPECT_EQ(health.sentence.starts_with("All is well"), row.gravity == Gravity::note) << row.command;
  }
}

TEST(Health, TheGravestComesFirst) {
  const Health health = after([](NodeFigures& figures) {
    figures.status.members[1].member.state = meta::MemberState::draining;
    figures.status.members[2].standing = swim::Standing::dead;
    figures.status.disk_full = true;
  });
  ASSERT_EQ(health.problems.size(), 3u);
  EXPECT_EQ(health.problems[0].alert, "NodedbDiskFull");
  EXPECT_EQ(health.problems[2].gravity, Gravity::note);
  EXPECT_EQ(health.sentence, health.problems[0].text);
}

TEST(Health, ARetiredMemberIsNotMissed) {
  EXPECT_TRUE(after([](NodeFigures& figures) {
                figures.status.members[2].standing = swim::Standing::dead;
                figures.status.members[2].member.state = meta::MemberState::retired;
              }).problems.empty());
}

TEST(ShardMap, AColumnHoldsEachVShardAtItsPlace) {
  node::Status status;
  for (std::uint32_t group = 0; group < 4; ++group) {
    node::GroupStatus one;
    one.group = GroupId(group);
    one.leader = NodeId(group);
    one.epoch = Epoch(5);
    one.wanted = {NodeId(1), NodeId(2)};
    status.groups.push_back(one);
  }
  node::GroupStatus& led = status.groups[2];
  led.role = raft::Role::leader;
  led.last.index = Index(20);
  led.followers = {{NodeId(2), Index(15), "stream"}, {NodeId(3), Index(18), "stream"}};
  led.load = wire::VShardLoad{VShardId(1), 1, 2, 3};
  status.groups[3].halted = "why";
  const Json map = shard_map_json(status);
  EXPECT_EQ(map["leader"].dump(), "[1,2,3]");
  EXPECT_EQ(map["replicas"].dump(), "[[1,2],[1,2],[1,2]]");
  EXPECT_EQ(map["epoch"].dump(), "[5,5,5]");
  EXPECT_EQ(map["lag"].dump(), "[-1,5,-1]");
  EXPECT_EQ(map["bytes"].dump(), "[-1,1,-1]");
  EXPECT_EQ(map["writes"].dump(), "[-1,2,-1]");
  EXPECT_EQ(map["reads"].dump(), "[-1,3,-1]");
  EXPECT_EQ(map["halted"].dump(), "[2]");
}

/// Nothing is asked of another host, and what a page names is there.
TEST(DashboardFiles, NeedNobodyElse) {
  std::set<std::string_view> paths;
  for (const DashboardFile& file : dashboard_files()) {
    EXPECT_TRUE(paths.insert(file.path).second) << file.path;
    EXPECT_FALSE(file.type.empty()) << file.path;
    EXPECT_NE(file.content.find("SPDX-License-Identifier: Apache-2.0"), std::string_view::npos) << file.path;
    for (const char* foreign : {"https://", "//cdn", "innerHTML", "eval("})
      EXPECT_EQ(file.content.find(foreign), std::string_view::npos) << file.path << ": " << foreign;
    EXPECT_EQ(find_dashboard_file(file.path), &file);
  }
  const DashboardFile* const page = find_dashboard_file("/");
  ASSERT_NE(page, nullptr);
  for (const std::string path : {"/dashboard/main.js", "/dashboard/style.css", "/dashboard/theme.js"}) {
    EXPECT_TRUE(paths.contains(path)) << path;
    EXPECT_NE(page->content.find('"' + path + '"'), std::string_view::npos) << path;
  }
  EXPECT_EQ(find_dashboard_file("/dashboard/"), nullptr);
  EXPECT_EQ(find_dashboard_file("/index.html"), nullptr);
}

}  // namespace
}  // namespace nodedb::app
