// SPDX-License-Identifier: Apache-2.0
// Renewal between real transports, and who signs what while the authority is exchanged.
#include "app/certificate_life.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "app/authorities_file.h"
#include "app/certificate_lines.h"
#include "edge/tls/digest.h"
#include "edge/tls/expiry.h"
#include "edge/tls/files.h"
#include "tests/edge/quic/world.h"

namespace nodedb::app {
namespace {

using quic::uuid_of;

std::int64_t now_s() {
  return tls::valid_for_days(0).until_s;
}

/// One node: its transport, and everything about its certificates.
struct Holder {
  std::unique_ptr<CertificateLife> life;
  std::unique_ptr<quic::Peer> peer;
  std::vector<node::Event> events;

  const tls::Credentials& used() const { return (*peer)->credentials(); }
  template <class Kind>
  const Kind* last() const {
    const Kind* found = nullptr;
    for (const node::Event& event : events)
      if (const auto* one = std::get_if<Kind>(&event)) found = one;
    return found;
  }
};

class Life : public testing::Test {
 protected:
  void SetUp() override {
    quic::World::must(tls::create_ca(world.path() + "/ca2", world.cluster()));
    trust.members = {uuid_of(1), uuid_of(2), uuid_of(3)};
    trust.current = true;
    trust.certificate_lifetime_ns = 3600 * ns_per_s;
  }
  void TearDown() override {
    for (auto& [n, holder] : holders) holder->life->stop();
    world.run_for(std::chrono::milliseconds(1));
  }
  /// Its certificate of that life; `ca_key`: of this directory, empty: it signs nothing.
  Holder& start(std::uint64_t n, tls::Validity validity, const std::string& ca = {}) {
    const auto certs = world.path() + "/n" + std::to_string(n);
    quic::World::must(tls::issue_node(world.path() + "/ca", certs, {uuid_of(n), {"db.example"}, validity}));
    auto holder = std::make_unique<Holder>();
    auto* raw = holder.get();
    CertificateLife::Options options{certs, {}, 20 * ns_per_ms, 20 * ns_per_ms};
    if (!ca.empty()) {
      options.ca_key = certs + "/ca.key";
      give_key(n, ca);
    }
    holder->life = std::make_unique<CertificateLife>(
        world.loop(), options, [raw](node::Event event) { raw->events.push_back(std::move(event)); });
    holder->peer = world.start(n);
    holder->peer->on_received = [raw](const Uuid& from, const wire::PeerMessage& message) {
      EXPECT_TRUE(raw->life->received(from, message));
    };
    holder->life->start(*holder->peer->transport, nullptr, Rng(n));
    return *(holders[n] = std::move(holder));
  }
  void give_key(std::uint64_t n, const std::string& ca) {
    const auto to = world.path() + "/n" + std::to_string(n) + "/ca.key";
    std::filesystem::copy_file(world.path() + "/" + ca + "/ca.key", to + ".new");
    std::filesystem::rename(to + ".new", to);
  }
  void connect(std::uint64_t a, std::uint64_t b) {
    (*holders[a]->peer)->set_peers({{uuid_of(b), (*holders[b]->peer)->local_address()}});
    ASSERT_TRUE(world.until([&] {
      return (*holders[a]->peer)->connected(uuid_of(b)) && (*holders[b]->peer)->connected(uuid_of(a));
    }));
  }
  void admit() {
    for (auto& [n, holder] : holders) holder->life->admit(trust);
  }
  Bytes der_of(const std::string& ca) {
    return tls::ders_of(*tls::read_file(world.path() + "/" + ca + "/ca.crt"), ca).value().front();
  }
  Digest fingerprint_of(const std::string& ca) { return tls::sha256(der_of(ca)); }
  meta::Authority authority(const std::string& ca, meta::AuthorityState state) {
    return {fingerprint_of(ca), state, der_of(ca), {}};
  }
  tls::Validity two_thirds_over() { return {now_s() - 100'000, now_s() + 5'000}; }

  quic::World world;
  node::Trust trust;
  std::map<std::uint64_t, std::unique_ptr<Holder>> holders;
};

TEST_F(Life, ACertificateIsRenewedByAMemberThatHasTheKey) {
  Holder& asker = start(1, two_thirds_over());
  start(2, tls::valid_for_days(30));
  start(3, tls::valid_for_days(30), "ca");
  trust.certificate_lifetime_ns = 30 * 86'400 * ns_per_s;
  const auto before = asker.used().own();
  (*asker.peer)
      ->set_peers({{uuid_of(2), (*holders[2]->peer)->local_address()},
                   {uuid_of(3), (*holders[3]->peer)->local_address()}});
  ASSERT_TRUE(world.until(
      [&] { return (*asker.peer)->connected(uuid_of(2)) && (*asker.peer)->connected(uuid_of(3)); }));
  admit();
  ASSERT_TRUE(world.until([&] { return asker.used().own() != before; }));
  EXPECT_GT(asker.used().own().validity.until_s, now_s() + 29 * 86'400);
  EXPECT_EQ(tls::freshness(asker.used().own().validity, now_s()), tls::Freshness::fresh);
  EXPECT_EQ(tls::show(world.path() + "/n1/node.crt")->hosts, std::vector<std::string>{"db.example"});
  EXPECT_TRUE((*asker.peer)->connected(uuid_of(2))) << "nothing was dropped";
  EXPECT_EQ(asker.peer->count("-" + uuid_of(3).text()), 0U);
  const auto* note = holders[3]->last<node::DoorNote>();
  ASSERT_NE(note, nullptr);
  EXPECT_EQ(note->about, uuid_of(1).text());
  const auto renewed = asker.used().own();
  world.run_for(std::chrono::milliseconds(200));
  EXPECT_EQ(asker.used().own(), renewed) << "once is enough";
}

TEST_F(Life, ASigningNodeRenewsItselfAlone) {
  Holder& alone = start(1, two_thirds_over(), "ca");
  const auto before = alone.used().own();
  trust.certificate_lifetime_ns = 30 * 86'400 * ns_per_s;
  admit();
  EXPECT_NE(alone.used().own(), before);
}

TEST_F(Life, WithoutASignerTheOldOneStaysAndSomebodyIsTold) {
  Holder& asker = start(1, two_thirds_over());
  start(2, tls::valid_for_days(30));
  connect(1, 2);
  const auto before = asker.used().own();
  admit();
  EXPECT_TRUE(world.until([&] { return world.logged("nobody has renewed"); }));
  EXPECT_TRUE(world.logged("does not have the authority's key"));
  EXPECT_EQ(asker.used().own(), before);
  // As soon as somebody is given the key it goes on by itself: the pause is still short.
  holders[2]->life->stop();
  world.run_for(std::chrono::milliseconds(1));
  CertificateLife::Options options{world.path() + "/n2", world.path() + "/ca/ca.key", 20 * ns_per_ms,
                                   20 * ns_per_ms};
  holders[2]->life = std::make_unique<CertificateLife>(world.loop(), options, [](node::Event) {});
  holders[2]->life->start(*holders[2]->peer->transport, nullptr, Rng(2));
  trust.certificate_lifetime_ns = 30 * 86'400 * ns_per_s;
  holders[2]->life->admit(trust);
  EXPECT_TRUE(world.until([&] { return asker.used().own() != before; }));
}

TEST_F(Life, WhoIsNoMemberGetsNone) {
  Holder& asker = start(1, two_thirds_over());
  start(2, tls::valid_for_days(30), "ca");
  connect(1, 2);
  const auto before = asker.used().own();
  holders[1]->life->admit(trust);
  trust.members.erase(uuid_of(1));
  holders[2]->life->admit(trust);
  EXPECT_TRUE(world.until([&] { return world.logged("it is no member"); }));
  EXPECT_TRUE(world.until([&] { return holders[2]->last<node::DoorNote>() != nullptr; }));
  EXPECT_EQ(holders[2]->last<node::DoorNote>()->about, uuid_of(1).text());
  EXPECT_EQ(asker.used().own(), before);
}

TEST_F(Life, AnAuthorityTakesTheOthersPlace) {
  Holder& one = start(1, tls::valid_for_days(30));
  Holder& two = start(2, tls::valid_for_days(30), "ca");
  connect(1, 2);
  admit();
  trust.authorities = {authority("ca2", meta::AuthorityState::staged)};
  admit();
  EXPECT_EQ(one.used().authorities().size(), 2U);
  ASSERT_NE(one.last<node::CertificateInUse>(), nullptr);
  EXPECT_EQ(one.last<node::CertificateInUse>()->staged, fingerprint_of("ca2"));
  EXPECT_EQ(one.used().issuer(), fingerprint_of("ca")) << "not before everybody trusts it";

  trust.staged_everywhere = true;
  admit();
  world.run_for(std::chrono::milliseconds(300));
  EXPECT_EQ(one.used().issuer(), fingerprint_of("ca")) << "the signer still has the old key";
  give_key(2, "ca2");
  EXPECT_TRUE(world.until([&] {
    return one.used().issuer() == fingerprint_of("ca2") && two.used().issuer() == fingerprint_of("ca2");
  }));
  EXPECT_EQ(one.peer->count("-" + uuid_of(2).text()), 0U) << "nobody was dropped";
  EXPECT_EQ(one.last<node::CertificateInUse>()->issuer, fingerprint_of("ca2"));

  trust.authorities = {authority("ca2", meta::AuthorityState::sole)};
  trust.staged_everywhere = false;
  admit();
  EXPECT_EQ(one.used().authorities().size(), 1U);
  EXPECT_EQ(*tls::read_file(world.path() + "/n1/ca.crt"), *tls::read_file(world.path() + "/ca2/ca.crt"));
  EXPECT_TRUE(
      world.until([&] { return (*one.peer)->connected(uuid_of(2)) && (*two.peer)->connected(uuid_of(1)); }));
}

TEST_F(Life, AnAuthorityThatDoesNotDoIsNotTrusted) {
  Holder& one = start(1, tls::valid_for_days(30));
  admit();
  quic::World::must(tls::create_ca(world.path() + "/foreign", uuid_of(200)));
  for (const auto& bad :
       {authority("foreign", meta::AuthorityState::staged),
        meta::Authority{fingerprint_of("foreign"), meta::AuthorityState::staged, der_of("ca2"), {}},
        meta::Authority{tls::sha256("nonsense"), meta::AuthorityState::staged, "nonsense", {}}}) {
    trust.authorities = {bad};
    admit();
    EXPECT_EQ(one.used().authorities().size(), 1U);
    EXPECT_FALSE(one.last<node::CertificateInUse>()->staged);
  }
  EXPECT_TRUE(world.logged("ca.crt cannot be made"));
  // Nor is the only one dropped that vouches for ourselves: the node could not start again.
  trust.authorities = {authority("ca2", meta::AuthorityState::sole)};
  admit();
  EXPECT_EQ(one.used().issuer(), fingerprint_of("ca"));
  EXPECT_TRUE(tls::Credentials::load(world.path() + "/n1", tls::Holder::node));
}

TEST_F(Life, WhoMaySignWhat) {
  const Digest old_one = fingerprint_of("ca");
  const Digest new_one = fingerprint_of("ca2");
  EXPECT_TRUE(node::may_sign(trust, old_one));
  trust.authorities = {authority("ca2", meta::AuthorityState::staged)};
  EXPECT_TRUE(node::may_sign(trust, old_one));
  EXPECT_FALSE(node::may_sign(trust, new_one)) << "somebody would refuse it";
  trust.staged_everywhere = true;
  EXPECT_FALSE(node::may_sign(trust, old_one)) << "it would have to be renewed again";
  EXPECT_TRUE(node::may_sign(trust, new_one));
  trust.authorities = {authority("ca2", meta::AuthorityState::sole)};
  trust.staged_everywhere = false;
  EXPECT_FALSE(node::may_sign(trust, old_one));
  EXPECT_TRUE(node::may_sign(trust, new_one));
}

TEST_F(Life, TheStatusTellsWhatEnds) {
  Holder& one = start(1, two_thirds_over());
  Json status = Json::object();
  status.set("id", 1u).set("certificates", certificates_json(one.used(), now_s()));
  const auto endings = endings_of(status);
  ASSERT_EQ(endings.size(), 1U);
  EXPECT_TRUE(endings[0].starts_with("node 1's certificate ends at ")) << endings[0];
  EXPECT_EQ(status["certificates"].items().size(), 2U);
  EXPECT_EQ(status["certificates"].items()[0]["freshness"].text(), "late");
  EXPECT_EQ(status["certificates"].items()[0]["issuer"].text(), fingerprint_of("ca").text());
  EXPECT_EQ(status["certificates"].items()[1]["freshness"].text(), "fresh");
}

}  // namespace
}  // namespace nodedb::app
