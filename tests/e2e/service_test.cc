// SPDX-License-Identifier: Apache-2.0
// A node under a service manager: what it is told, in which order, and that it hears nothing of a process
// that stands still.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>

#include "tests/e2e/support/process.h"
#include "tests/edge/systemd/fake_manager.h"

namespace nodedb::e2e {
namespace {

using namespace std::chrono_literals;

constexpr auto watchdog = 300ms;
constexpr auto patience = 20s;

class ServiceNode : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(run({binary(), "cert", "ca", "--dir", at("ca")}).status, 0);
    ASSERT_EQ(
        run({binary(), "cert", "node", "--ca", at("ca"), "--out", at("node"), "--host", "127.0.0.1"}).status,
        0);
    ASSERT_EQ(
        run({binary(), "cert", "client", "--ca", at("ca"), "--out", at("operator"), "--name", "test"}).status,
        0);
  }
  std::string at(const char* name) const { return directory.path() + "/" + name; }
  std::vector<std::string> line() const {
    std::vector<std::string> words = {binary(), "start", "--data", at("data"), "--certs", at("node")};
    words.insert(words.end(), {"--listen", quic, "--http", "", "--seed", quic, "--replication-factor", "1"});
    return words;
  }
  std::vector<std::string> init() const {
    return {binary(), "init", "--certs", at("operator"), "--node", quic};
  }
  /// Where it stands in what the manager has heard; fails if it does not.
  std::ptrdiff_t place(const std::string& begin) const {
    const auto& heard = manager.heard();
    const auto found =
        std::ranges::find_if(heard, [&](const std::string& one) { return one.starts_with(begin); });
    EXPECT_NE(found, heard.end()) << begin;
    return found - heard.begin();
  }

  TemporaryDirectory directory{"nodedb-service"};
  std::string quic = "127.0.0.1:" + std::to_string(free_port());
  systemd::FakeManager manager{at("notify")};
};

TEST_F(ServiceNode, TheManagerIsToldFromStartToEnd) {
  {
    Process node(line(), at("log"));
    ASSERT_TRUE(manager.hears("READY=1", patience)) << node.log();
    EXPECT_LT(place("STATUS=reads its log"), place("STATUS=waits for the cluster to be formed"));
    // Not waited for: a manager that does not listen holds its services up.
    const Process founding(init(), at("init"));
    EXPECT_TRUE(manager.hears("STATUS=serves as node 1, leads 1024 of 1024 vShards", patience)) << node.log();
    EXPECT_EQ(node.end(SIGTERM, 20), 0) << node.log();
    manager.listen();
    EXPECT_LT(place("STOPPING=1"), place("STATUS=hands its leaderships over"));
  }
  manager.forget();
  Process again(line(), at("log"));
  ASSERT_TRUE(manager.hears("READY=1", patience)) << again.log();
  EXPECT_LT(place("STATUS=reads its log"), place("STATUS=serves as node 1"));
  EXPECT_LT(place("STATUS=serves as node 1"), place("READY=1"));
  manager.forget();
  ::kill(again.pid(), SIGHUP);
  EXPECT_TRUE(manager.hears("READY=1", patience)) << again.log();
  EXPECT_LT(place("RELOADING=1\nMONOTONIC_USEC="), place("READY=1"));
}

TEST_F(ServiceNode, AProcessThatStandsStillIsNotSaidToLive) {
  systemd::FakeManager::watch(watchdog);
  const Process node(line(), at("log"));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(manager.hears("WATCHDOG=1", patience)) << node.log();
  ASSERT_EQ(::kill(node.pid(), SIGSTOP), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(node.pid(), &status, WUNTRACED), node.pid());
  ASSERT_TRUE(WIFSTOPPED(status));
  manager.listen();
  EXPECT_EQ(manager.next(3 * watchdog), "");
  ASSERT_EQ(::kill(node.pid(), SIGCONT), 0);
  EXPECT_TRUE(manager.hears("WATCHDOG=1", patience)) << node.log();
}

}  // namespace
}  // namespace nodedb::e2e
