// SPDX-License-Identifier: Apache-2.0
// Certificates and authorities that are exchanged while messages flow, and who is no longer let in.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "edge/quic/operator_client.h"
#include "edge/tls/credentials.h"
#include "edge/tls/files.h"
#include "tests/edge/quic/world.h"

namespace nodedb::quic {
namespace {

class Renewal : public testing::Test {
 protected:
  void SetUp() override {
    World::must(tls::create_ca(world.path() + "/ca2", world.cluster()));
    a = world.start(1);
    b = world.start(2);
    connect();
    a->on_received = [this](const Uuid&, const wire::PeerMessage&) { ++arrived; };
    a->keep = false;
  }
  void connect() {
    (*b)->set_peers({{uuid_of(1), (*a)->local_address()}});
    ASSERT_TRUE(both());
  }
  bool both() {
    return world.until([&] { return (*a)->connected(uuid_of(2)) && (*b)->connected(uuid_of(1)); });
  }
  Bytes text(const std::string& path) { return *tls::read_file(world.path() + "/" + path); }
  /// A directory for node n: its certificate from `ca`, trusting `authorities`.
  tls::Credentials credentials(std::uint64_t n, const std::string& ca,
                               const std::vector<std::string>& authorities) {
    const auto path = world.path() + "/c" + std::to_string(++directories);
    World::must(tls::issue_node(world.path() + "/" + ca, path, {uuid_of(n), {}}));
    std::ofstream out(path + "/ca.crt");
    for (const auto& name : authorities) out << text(name + "/ca.crt");
    out.close();
    auto loaded = tls::Credentials::load(path, tls::Holder::node);
    if (!loaded) throw std::runtime_error(loaded.error().detail);
    return std::move(*loaded);
  }
  void use(Peer& peer, std::uint64_t n, const std::string& ca, const std::vector<std::string>& authorities) {
    const auto used = peer->use_credentials(credentials(n, ca, authorities));
    ASSERT_TRUE(used) << used.error().detail;
  }
  /// Messages from b to a, none of which may be lost.
  void traffic() {
    for (int i = 0; i < 20; ++i, ++sent) ASSERT_TRUE((*b)->send(uuid_of(1), forward(sent, 3000)));
  }

  World world;
  std::unique_ptr<Peer> a;
  std::unique_ptr<Peer> b;
  std::uint64_t sent = 0;
  std::uint64_t arrived = 0;
  int directories = 0;
};

TEST_F(Renewal, ANewCertificateIsUsedFromTheNextHandshakeAndNothingIsLost) {
  const auto before = (*a)->credentials().own();
  for (int i = 0; i < 20; ++i) {
    traffic();
    use(*a, 1, "ca", {"ca"});
    traffic();
    use(*b, 2, "ca", {"ca"});
    world.run_for(std::chrono::milliseconds(2));
  }
  EXPECT_TRUE(world.until([&] { return arrived == sent; })) << arrived << " of " << sent;
  EXPECT_EQ(a->events, std::vector<std::string>{"+" + uuid_of(2).text()});
  EXPECT_EQ(b->events, std::vector<std::string>{"+" + uuid_of(1).text()});
  EXPECT_NE((*a)->credentials().own(), before);
}

TEST_F(Renewal, AHandshakeMayBeOvertakenByIt) {
  auto c = world.start(3);
  (*c)->set_peers({{uuid_of(1), (*a)->local_address()}});
  for (int i = 0; i < 30; ++i) {
    use(*a, 1, "ca", {"ca"});
    use(*c, 3, "ca", {"ca"});
    world.loop().restart();
    world.loop().run_one_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(world.until([&] { return (*c)->connected(uuid_of(1)) && (*a)->connected(uuid_of(3)); }));
}

TEST_F(Renewal, WhatDoesNotFitIsRefusedAndTheOldStays) {
  const auto before = (*a)->credentials().own();
  EXPECT_EQ((*a)->use_credentials(credentials(3, "ca", {"ca"})).error().code, Code::conflict);
  World::must(tls::create_ca(world.path() + "/foreign", uuid_of(200)));
  EXPECT_EQ((*a)->use_credentials(credentials(1, "foreign", {"foreign"})).error().code, Code::wrong_cluster);
  EXPECT_EQ((*a)->credentials().own(), before);
  traffic();
  EXPECT_TRUE(world.until([&] { return arrived == sent; }));
  auto c = world.start(3);
  (*c)->set_peers({{uuid_of(1), (*a)->local_address()}});
  EXPECT_TRUE(world.until([&] { return (*c)->connected(uuid_of(1)); }));
}

TEST_F(Renewal, TheAuthorityIsExchangedInTwoStepsUnderTraffic) {
  // Staged: both are trusted, one node after the other, and one certificate after the other is renewed.
  for (const auto& [ca_of_a, ca_of_b] : {std::pair{"ca", "ca"}, {"ca2", "ca"}, {"ca2", "ca2"}}) {
    traffic();
    use(*a, 1, ca_of_a, {"ca", "ca2"});
    traffic();
    use(*b, 2, ca_of_b, {"ca2", "ca"});
    traffic();
    EXPECT_TRUE(world.until([&] { return arrived == sent; })) << arrived << " of " << sent;
    // Whoever connects now is let in with either.
    for (const std::string ca : {"ca", "ca2"}) {
      auto c = world.start(3);
      use(*c, 3, ca, {"ca", "ca2"});
      (*c)->set_peers({{uuid_of(1), (*a)->local_address()}});
      EXPECT_TRUE(world.until([&] { return (*c)->connected(uuid_of(1)); })) << ca;
      c.reset();
    }
  }
  EXPECT_EQ(b->count("-" + uuid_of(1).text()), 0U) << "nobody was dropped by the first step";
  EXPECT_EQ((*a)->self().cluster, world.cluster());

  // Finalised: what the old one vouched for ends, also where it is open; who was renewed comes back at once.
  use(*a, 1, "ca2", {"ca2"});
  EXPECT_TRUE(world.until([&] { return a->count("-" + uuid_of(2).text()) == 1; }));
  EXPECT_TRUE(both());
  traffic();
  EXPECT_TRUE(world.until([&] { return arrived == sent; }));
  use(*b, 2, "ca2", {"ca2"});
  EXPECT_TRUE(both());
  auto late = world.start(3);  // still of the old one
  (*late)->set_peers({{uuid_of(1), (*a)->local_address()}});
  world.run_for(std::chrono::milliseconds(300));
  EXPECT_FALSE((*late)->connected(uuid_of(1)));
}

TEST_F(Renewal, ConnectionsOfARenewedPeerSurviveTheLastStep) {
  // Both reconnected after they were renewed: nothing of the old authority is left, so nothing ends.
  use(*a, 1, "ca2", {"ca", "ca2"});
  use(*b, 2, "ca2", {"ca", "ca2"});
  b.reset();
  b = world.start([&] {
    auto options = world.options(2);
    options.certs = world.path() + "/c2";
    return options;
  }());
  connect();
  const auto before = a->events.size();
  use(*a, 1, "ca2", {"ca2"});
  use(*b, 2, "ca2", {"ca2"});
  traffic();
  EXPECT_TRUE(world.until([&] { return arrived == sent; }));
  EXPECT_EQ(a->events.size(), before);
}

TEST_F(Renewal, ARemovedNodeIsRefusedAtOnceWhateverItShows) {
  (*a)->forbid({uuid_of(2)});
  EXPECT_FALSE((*a)->connected(uuid_of(2)));
  EXPECT_TRUE(world.until([&] { return !(*b)->connected(uuid_of(1)); }));
  world.run_for(std::chrono::milliseconds(500));
  EXPECT_FALSE((*b)->connected(uuid_of(1))) << "nor does it come back";
  EXPECT_TRUE(world.logged("removed from the cluster"));
  ASSERT_FALSE(a->turned_away.empty());
  EXPECT_EQ(a->turned_away.front().first, uuid_of(2).text()) << "its open connection was closed";
  EXPECT_GT(a->turned_away.size(), 1U) << "and its next handshake refused";
  EXPECT_NE(a->turned_away.back().second.find("node " + uuid_of(2).text() + " was removed"),
            std::string::npos);
  EXPECT_GT(b->removed_by.size(), 1U) << "it is told each time";
  EXPECT_EQ(b->removed_by.back(), uuid_of(1));
  EXPECT_TRUE(a->removed_by.empty());
  auto c = world.start(3);
  (*c)->set_peers({{uuid_of(1), (*a)->local_address()}});
  EXPECT_TRUE(world.until([&] { return (*c)->connected(uuid_of(1)); })) << "others do";
  (*a)->forbid({});
  EXPECT_TRUE(both());
}

/// Even if its own certificate is no longer trusted from then on.
TEST_F(Renewal, AnOperatorsOpenRequestOutlivesAnotherAuthority) {
  const auto certs = world.operator_certs("alice");
  Result<Bytes> answer = fail(Code::timeout, "never ran");
  std::jthread caller([&, address = (*a)->local_address()] {
    answer = call_operator(address, certs, "what", 10'000'000'000);
  });
  ASSERT_TRUE(world.until([&] { return !a->requests.empty(); }));
  use(*a, 1, "ca2", {"ca2"});
  (*a)->answer_operator(a->requests[0].first, "that");
  std::atomic<bool> done{false};
  std::jthread joiner([&] {
    caller.join();
    done = true;
  });
  EXPECT_TRUE(world.until([&] { return done.load(); }));
  EXPECT_EQ(answer, Bytes("that"));
}

}  // namespace
}  // namespace nodedb::quic
