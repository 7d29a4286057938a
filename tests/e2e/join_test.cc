// SPDX-License-Identifier: Apache-2.0
// A fourth node joins a cluster of three real processes: what it is then, and who is refused in its name.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "app/operator_calls.h"
#include "edge/tls/certificates.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/redis.h"
#include "tests/e2e/support/shared_cluster.h"

namespace nodedb::e2e {
namespace {

constexpr std::size_t joiner = 3;
constexpr int patience_ms = 10'000;

class Join : public SharedCluster<Join> {
 protected:
  static void SetUpTestSuite() { start_cluster("nodedb-join", {"--join", "1"}); }
  void SetUp() override {
    SharedCluster::SetUp();
    if (cluster_->nodes()[joiner].pid == 0) cluster_->restart(joiner);
    ASSERT_TRUE(cluster_->wait_healthy(60));
  }

  /// The joiner's row in the member table, as node 1 has it.
  static app::Json member() {
    const auto status = cluster_->status(0);
    if (!status) return {};
    for (const app::Json& one : (*status)["members"].items())
      if (one["id"].number() == 4) return one;
    return {};
  }
  /// The joiner's command line with other addresses, and another data directory if one is given.
  static std::vector<std::string> elsewhere(const std::string& quic, const std::string& data = {}) {
    std::vector<std::string> line = cluster_->nodes()[joiner].start;
    const auto set = [&](const char* flag, const std::string& value) {
      const auto at = std::ranges::find(line, flag);
      if (at != line.end()) *(at + 1) = value;
    };
    set("--listen", quic);
    set("--client", "127.0.0.1:" + std::to_string(free_port()));
    set("--http", "");
    if (!data.empty()) set("--data", data);
    return line;
  }
  static std::string address() { return "127.0.0.1:" + std::to_string(free_port()); }
  static std::string log(const char* name) { return directory_->path() + "/" + name + ".log"; }
};

TEST_F(Join, AMemberWithoutReplicasServesClients) {
  const app::Json rows = json_of(operate(*cluster_, 1, {"node", "ls"}));
  ASSERT_EQ(rows.items().size(), 4u);
  EXPECT_EQ(rows.items()[joiner]["id"].number(), 4);
  EXPECT_TRUE(rows.items()[joiner]["up"].boolean());
  EXPECT_EQ(member()["state"].text(), "active");
  const auto status = app::ask({cluster_->operator_certs(), cluster_->nodes()[joiner].quic, 5 * ns_per_s},
                               app::AskStatus{{.groups = true}});
  ASSERT_TRUE(status);
  for (const app::Json& group : (*status)["groups"].items())
    ASSERT_EQ(group["replica"].boolean(), group["group"].number() == 0) << group.dump();
  Redis through(cluster_->nodes()[joiner].redis_port, patience_ms);
  EXPECT_TRUE(through.command({"SET", "joined", "yes"}).is("OK"));
  EXPECT_TRUE(Redis(cluster_->nodes()[0].redis_port, patience_ms).command({"GET", "joined"}).is("yes"));
}

TEST_F(Join, ARestartKeepsItsNumber) {
  const std::int64_t before = member()["incarnation"].number();
  cluster_->kill(joiner);
  cluster_->restart(joiner);
  EXPECT_TRUE(eventually(30, [&] { return member()["incarnation"].number() == before + 1; }));
  EXPECT_TRUE(cluster_->wait_healthy(30));
  EXPECT_EQ((*cluster_->status(joiner))["id"].number(), 4);
}

TEST_F(Join, AnotherAddressIsTold) {
  cluster_->kill(joiner);
  const std::string moved = address();
  const Process there(elsewhere(moved), log("moved"));
  EXPECT_TRUE(eventually(30, [&] {
    return member()["quic"].text() == moved && member()["connected"].boolean();
  })) << there.log();
}

TEST_F(Join, AWipedDiskIsRefusedWithWhatToDo) {
  cluster_->kill(joiner);
  const std::string quic = cluster_->nodes()[joiner].quic;
  const std::string empty = directory_->path() + "/wiped";
  {
    const Process wiped(elsewhere(quic, empty), log("wiped"));
    EXPECT_TRUE(wiped.wait_log("Start it with its old data directory", 30)) << wiped.log();
    const app::Json status = json_of(operate(*cluster_, 0, {"status"}));
    EXPECT_FALSE(status["members"].items()[joiner]["up"].boolean(true)) << status.dump();
  }
  EXPECT_EQ(member()["state"].text(), "active");
}

TEST_F(Join, ASecondProcessWithItsIdentityIsRefused) {
  const std::string quic = cluster_->nodes()[joiner].quic;
  ASSERT_TRUE(eventually(30, [&] { return member()["quic"].text() == quic; }));
  cluster_->kill(joiner);
  const std::string copy = directory_->path() + "/copy";
  std::filesystem::copy(cluster_->nodes()[joiner].data, copy, std::filesystem::copy_options::recursive);
  cluster_->restart(joiner);
  ASSERT_TRUE(eventually(30, [&] { return member()["connected"].boolean(); }));
  ASSERT_TRUE(cluster_->wait_healthy(60));

  const Process twin(elsewhere(address(), copy), log("twin"));
  EXPECT_TRUE(twin.wait_log("another live process has this node's identity", 30)) << twin.log();
  // It stays outside however often it tries.
  sleep_ms(3'000);
  EXPECT_EQ(member()["quic"].text(), quic);
  EXPECT_NE(file_text(cluster_->log_file(0)).find("a second process with the identity of a live node"),
            std::string::npos);
  Redis through(cluster_->nodes()[joiner].redis_port, patience_ms);
  EXPECT_TRUE(through.command({"SET", "one", "of two"}).is("OK"));
}

TEST_F(Join, ANodeOfAnotherClusterIsRefused) {
  const std::string ca = directory_->path() + "/other-ca", certs = directory_->path() + "/other-certs";
  ASSERT_TRUE(tls::create_ca(ca, *Uuid::parse("22222222-2222-4222-8222-222222222222")));
  tls::NodeRequest request;
  request.node = *Uuid::parse("33333333-3333-4333-8333-333333333333");
  ASSERT_TRUE(tls::issue_node(ca, certs, request));
  std::vector<std::string> line = elsewhere(address(), directory_->path() + "/other-data");
  *(std::ranges::find(line, "--certs") + 1) = certs;
  const Process stranger(line, log("stranger"));
  EXPECT_TRUE(stranger.wait_log("certificate", 30)) << stranger.log();
  EXPECT_EQ((*cluster_->status(0))["members"].items().size(), 4u);
}

}  // namespace
}  // namespace nodedb::e2e
