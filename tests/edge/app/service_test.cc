// SPDX-License-Identifier: Apache-2.0
#include "app/service.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "edge/base/clock.h"
#include "tests/edge/systemd/fake_manager.h"

namespace nodedb::app {
namespace {

using namespace std::chrono_literals;

constexpr auto watchdog = 60ms;
constexpr auto several_watchdogs = 150ms;  // fewer signs of life than the socket takes unread

class ServiceTest : public testing::Test {
 protected:
  void TearDown() override { service.stop(); }
  using Texts = std::vector<std::string>;
  Texts told() {
    manager.listen();
    const Texts texts = manager.heard();
    manager.forget();
    return texts;
  }
  std::int64_t signs_of_life() { return std::ranges::count(told(), "WATCHDOG=1"); }
  static node::Routing routing(std::uint32_t orphans) {
    node::Routing made;
    made.self = NodeId(2);
    for (std::uint32_t v = 0; v < 10; ++v)
      made.routes.push_back({NodeId(v < orphans ? 0u : v % 2 + 1), Epoch(1), {}});
    return made;
  }

  // A socket without a file.
  systemd::FakeManager manager{"@nodedb-service-test-" + std::to_string(::getpid())};
  asio::io_context loop;
  Time step_began = long_ago;
  Service service{loop, [this] { return step_began; }};
};

TEST_F(ServiceTest, AMemberIsReadyOnceItServes) {
  service.begin();
  EXPECT_EQ(told(), Texts{});
  service.serves(routing(0));
  service.serves(routing(0));
  EXPECT_EQ(told(), (Texts{"STATUS=serves as node 2, leads 5 of 10 vShards", "READY=1"}));
  service.serves(routing(4));
  EXPECT_EQ(told(), Texts{"STATUS=serves as node 2, leads 3 of 10 vShards; knows no leader of 4"});
}

TEST_F(ServiceTest, WhoWaitsIsReadyAndSaysForWhat) {
  service.begin("waits for Godot");
  EXPECT_EQ(told(), (Texts{"STATUS=waits for Godot", "READY=1"}));
}

TEST_F(ServiceTest, TheEndIsToldOnce) {
  service.ends("hands over", 2 * ns_per_s);
  service.ends("something else", 1 * ns_per_s);
  service.serves(routing(0));
  EXPECT_EQ(told(), (Texts{"STOPPING=1\nEXTEND_TIMEOUT_USEC=2000000", "STATUS=hands over"}));
}

TEST_F(ServiceTest, ACoreThatStandsStillIsNotSaidToLive) {
  systemd::FakeManager::watch(watchdog);
  service.begin();
  loop.run_for(several_watchdogs);
  EXPECT_GE(signs_of_life(), 3);
  step_began = edge::monotonic_time();
  loop.run_for(several_watchdogs);
  EXPECT_LE(signs_of_life(), 1) << "a step may take a moment";
  loop.run_for(several_watchdogs);
  EXPECT_EQ(signs_of_life(), 0);
  step_began = long_ago;
  loop.run_for(several_watchdogs);
  EXPECT_GE(signs_of_life(), 3);
}

}  // namespace
}  // namespace nodedb::app
