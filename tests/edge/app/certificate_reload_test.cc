// SPDX-License-Identifier: Apache-2.0
#include "app/certificate_reload.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/edge/quic/world.h"

namespace nodedb::app {
namespace {

class Reload : public testing::Test {
 protected:
  void SetUp() override {
    reload.emplace(world.loop(), world.certs(1), 20 * ns_per_ms);
    node = world.start(1);
    reload->start(*node->transport, nullptr);
    first = own();
  }
  void TearDown() override {
    reload->stop();
    world.run_for(std::chrono::milliseconds(1));
  }
  tls::CertificateFacts own() { return (*node)->credentials().own(); }
  /// Puts node n's fresh certificate and key in the place of ours, each at once.
  void replace_by(std::uint64_t n, tls::Validity validity) {
    const auto path = world.path() + "/fresh" + std::to_string(++made);
    quic::World::must(tls::issue_node(world.path() + "/ca", path, {quic::uuid_of(n), {}, validity}));
    for (const char* name : {"/node.key", "/node.crt"})
      std::filesystem::rename(path + name, world.certs(1) + name);
  }

  quic::World world;
  std::optional<CertificateReload> reload;
  std::unique_ptr<quic::Peer> node;
  tls::CertificateFacts first;
  int made = 0;
};

TEST_F(Reload, FilesThatChangeAreUsed) {
  replace_by(1, tls::valid_for_days(30));
  EXPECT_TRUE(world.until([&] { return own() != first; }));
  EXPECT_TRUE(world.logged("certificates reloaded"));
}

TEST_F(Reload, TheyAreUsedAtOnceIfSomebodySaysSo) {
  reload->stop();
  world.run_for(std::chrono::milliseconds(1));
  reload.emplace(world.loop(), world.certs(1), 3600 * ns_per_s);
  reload->start(*node->transport, nullptr);
  replace_by(1, tls::valid_for_days(30));
  reload->reload_and_tell();
  EXPECT_NE(own(), first);
}

TEST_F(Reload, ABadOneIsRefusedOnceAndTheOldStaysUntilAGoodOneComes) {
  replace_by(2, tls::valid_for_days(30));
  EXPECT_TRUE(world.until([&] { return world.logged("is refused; the old one stays"); }));
  world.run_for(std::chrono::milliseconds(100));
  const auto told = std::ranges::count_if(
      world.lines(), [](const auto& line) { return line.find("conflict") != std::string::npos; });
  EXPECT_EQ(told, 1);
  EXPECT_EQ(own(), first);
  replace_by(1, {tls::valid_for_days(0).from_s - 1000, tls::valid_for_days(0).from_s});
  EXPECT_TRUE(world.until([&] { return world.logged("expired"); }));
  EXPECT_EQ(own(), first);
  replace_by(1, tls::valid_for_days(30));
  EXPECT_TRUE(world.until([&] { return own() != first; }));
}

TEST_F(Reload, WhatEndsSoonIsSaidOnce) {
  const auto now_s = tls::valid_for_days(0).until_s;
  replace_by(1, {now_s - 100'000, now_s + 5'000});
  EXPECT_TRUE(world.until([&] { return world.logged("a certificate ends soon"); }));
  world.run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(std::ranges::count_if(
                world.lines(), [](const auto& line) { return line.find("ends soon") != std::string::npos; }),
            1);
}

}  // namespace
}  // namespace nodedb::app
