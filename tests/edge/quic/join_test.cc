// SPDX-License-Identifier: Apache-2.0
// A machine with a token and nothing else, and everybody who has no business at the door.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "edge/quic/udp_socket.h"
#include "tests/edge/quic/door.h"
#include "tests/edge/quic/raw_client.h"

namespace nodedb::quic {
namespace {

class Join : public testing::Test {
 protected:
  /// Every test ends so: nobody became a peer by the door.
  void TearDown() override { EXPECT_EQ((*door.node)->stats().peers, 0U); }

  RawOutcome raw(RawPlan plan) {
    plan.address = door.address();
    plan.alpn = std::string(join_alpn);
    RawOutcome outcome;
    beside(world, [&] { outcome = run_raw(plan); });
    return outcome;
  }
  Bytes request_bytes(const JoinToken& token, const Bytes& key, const std::optional<Uuid>& claimed = {}) {
    const auto made = *tls::make_signing_request(key, claimed);
    return wire::encode_frame(
        wire::FrameKind::join_request,
        wire::encode(wire::JoinRequest{token.id, token.secret, made.node, "", {}, made.der}));
  }
  std::string reason(const RawOutcome& outcome) {
    if (outcome.received.size() < wire::frame_header_bytes) return "nothing was answered";
    const auto answer =
        wire::decode_join_answer(BytesView(outcome.received).substr(wire::frame_header_bytes));
    if (!answer) return answer.error().detail;
    const auto* refusal = std::get_if<wire::JoinRefusal>(&*answer);
    return refusal != nullptr ? std::string(name(refusal->error.code)) : "granted";
  }

  World world;
  Doorkeeper door{world, 1};
};

TEST_F(Join, OneCommandAndItIsANodeOfTheCluster) {
  const auto joined = join(world, door.plan("fresh"));
  ASSERT_TRUE(joined) << joined.error().detail;
  EXPECT_EQ(joined->cluster, world.cluster());
  EXPECT_EQ(joined->members, std::vector<std::string>{door.address()});
  EXPECT_FALSE(joined->already);
  ASSERT_EQ(door.node->asks.size(), 1U);
  EXPECT_EQ(door.node->asks[0].second.name, "db-9");
  // What it was given lets it in by the other door.
  TransportOptions options;
  options.certs = world.path() + "/fresh";
  auto newcomer = world.start(options);
  EXPECT_EQ((*newcomer)->self().node, joined->node);
  (*newcomer)->set_seeds(joined->members);
  EXPECT_TRUE(world.until([&] { return (*newcomer)->connected(uuid_of(1)); }));
  newcomer.reset();
  EXPECT_TRUE(world.until([&] { return (*door.node)->stats().peers == 0; }));
}

TEST_F(Join, AgainIsTheSameNodeAndAsksNobody) {
  const auto joined = join(world, door.plan("fresh"));
  ASSERT_TRUE(joined);
  const auto again = join(world, door.plan("fresh"));
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_TRUE(again->already);
  EXPECT_EQ(again->node, joined->node);
  EXPECT_EQ(again->members, joined->members);
  EXPECT_EQ(door.node->asks.size(), 1U);
}

TEST_F(Join, ACrashAtAnyInstantIsMadeGoodByTheSameCommand) {
  const auto joined = join(world, door.plan("fresh"));
  ASSERT_TRUE(joined);
  // What is there when the machine died before each of the files was in its place.
  const std::vector<std::string> order{"ca.crt", "members", "node.crt"};
  for (std::size_t kept = 0; kept < order.size(); ++kept) {
    const std::string name = "crash" + std::to_string(kept);
    std::filesystem::create_directory(world.path() + "/" + name);
    const auto copy = [&](const std::string& file) {
      std::filesystem::copy(world.path() + "/fresh/" + file, world.path() + "/" + name + "/" + file);
    };
    copy("node.key");
    for (std::size_t i = 0; i < kept; ++i) copy(order[i]);
    std::ofstream(world.path() + "/" + name + "/" + order[kept] + ".new") << "half of a fi";
    const auto again = join(world, door.plan(name));
    ASSERT_TRUE(again) << kept << ": " << again.error().detail;
    EXPECT_EQ(again->node, joined->node) << "the key is the name";
    EXPECT_TRUE(tls::Credentials::load(world.path() + "/" + name, tls::Holder::node));
  }
  EXPECT_EQ(door.taken_by, joined->node);
}

TEST_F(Join, ATokenIsForOneMachine) {
  ASSERT_TRUE(join(world, door.plan("first")));
  const auto second = join(world, door.plan("second"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::forbidden);
  EXPECT_FALSE(std::filesystem::exists(world.path() + "/second/node.crt"));
}

TEST_F(Join, AForgedSecretAndAnUnknownTokenAreRefused) {
  auto plan = door.plan("forged");
  plan.token.secret[0] ^= 1;
  EXPECT_EQ(join(world, plan).error().code, Code::not_found);
  plan = door.plan("forged");
  plan.token.id = TokenId(78);
  EXPECT_EQ(join(world, plan).error().code, Code::not_found);
}

TEST_F(Join, AnotherClustersTokenIsRefusedByTheNewcomer) {
  World other(200);
  auto plan = door.plan("lost");
  plan.token.authority =
      tls::Authority::load(other.path() + "/ca/ca.key", other.path() + "/ca/ca.crt")->fingerprint();
  const auto joined = join(world, plan);
  ASSERT_FALSE(joined);
  EXPECT_EQ(joined.error().code, Code::unauthenticated) << joined.error().detail;
  EXPECT_NE(joined.error().detail.find("pins"), std::string::npos) << joined.error().detail;
  EXPECT_TRUE(door.node->asks.empty()) << "the secret must not have been sent";
}

TEST_F(Join, AManInTheMiddleLearnsNothing) {
  // It has a certificate of the right cluster's UUID, but its own authority made it.
  World::must(tls::create_ca(world.path() + "/ca2", world.cluster()));
  World::must(tls::issue_node(world.path() + "/ca2", world.path() + "/middle", {uuid_of(7), {}}));
  TransportOptions options;
  options.certs = world.path() + "/middle";
  auto middle = world.start(options, true);
  auto plan = door.plan("victim");
  plan.addresses = {(*middle)->local_address()};
  const auto joined = join(world, plan);
  ASSERT_FALSE(joined);
  EXPECT_EQ(joined.error().code, Code::unauthenticated) << joined.error().detail;
  EXPECT_TRUE(middle->asks.empty());
  // And it is not the last word: the next address is tried.
  plan.addresses.push_back(door.address());
  EXPECT_TRUE(join(world, plan));
}

TEST_F(Join, ACertificateForClientsOpensNoDoor) {
  // The pinned authority signed it, and it is a node's, but it is not for servers.
  World::must(tls::issue(
      world.path() + "/ca", world.path() + "/client_only", "node",
      {{{}, tls::Role::node, uuid_of(5), {}}, {tls::Purpose::client}, {}, tls::valid_for_days(1)}));
  TransportOptions options;
  options.certs = world.path() + "/client_only";
  auto server = world.start(options, true);
  auto plan = door.plan("wary");
  plan.addresses = {(*server)->local_address()};
  EXPECT_EQ(join(world, plan).error().code, Code::unauthenticated);
  EXPECT_TRUE(server->asks.empty());
}

TEST_F(Join, ATokenPinsTheAuthorityThatTheDoorShows) {
  World::must(tls::create_ca(world.path() + "/ca2", world.cluster()));
  World::must(tls::issue_node(world.path() + "/ca2", world.path() + "/renewed", {uuid_of(1), {}}));
  std::ofstream(world.path() + "/renewed/ca.crt")
      << *tls::read_file(world.path() + "/ca/ca.crt") << *tls::read_file(world.path() + "/ca2/ca.crt");
  auto renewed = tls::Credentials::load(world.path() + "/renewed", tls::Holder::node);
  ASSERT_TRUE(renewed) << renewed.error().detail;
  World::must((*door.node)->use_credentials(std::move(*renewed)));
  // Made before the door's certificate was renewed: it is told apart, not half believed.
  EXPECT_EQ(join(world, door.plan("old")).error().code, Code::unauthenticated);
  EXPECT_TRUE(door.node->asks.empty());
  auto plan = door.plan("new");
  plan.token.authority = (*door.node)->credentials().issuer();
  EXPECT_NE(plan.token.authority, door.token.authority);
  EXPECT_EQ(join(world, plan).error().code, Code::damaged) << "the doorkeeper signs with the old one still";
  EXPECT_EQ(door.node->asks.size(), 1U);
}

TEST_F(Join, WhatTheClusterGivesIsJudgedBeforeItIsKept) {
  door.answering = false;
  World::must(tls::create_ca(world.path() + "/ca2", world.cluster()));
  const auto foreign = *tls::Authority::load(world.path() + "/ca2/ca.key", world.path() + "/ca2/ca.crt");
  int call = 0;
  door.node->on_ask = [&](std::uint64_t id, const JoinAsk& ask) {
    auto grant = std::get<wire::JoinGrant>(door.judge(ask));
    if (call == 0)
      grant.certificate = *foreign.sign(ask.signing_request, {ask.node, "", {}, tls::valid_for_days(1)});
    if (call == 1) grant.cluster = uuid_of(300);
    if (call == 2) grant.members = {"not an address"};
    if (call == 3) grant.authorities.clear();
    if (call == 4) grant.certificate = "garbage";
    ++call;
    (*door.node)->answer_join(id, grant);
  };
  for (int i = 0; i < 5; ++i) {
    const auto joined = join(world, door.plan("careful"));
    ASSERT_FALSE(joined) << i;
    EXPECT_TRUE(joined.error().code == Code::damaged || joined.error().code == Code::malformed)
        << i << joined.error().detail;
    EXPECT_FALSE(std::filesystem::exists(world.path() + "/careful/node.crt")) << i;
    EXPECT_FALSE(std::filesystem::exists(world.path() + "/careful/ca.crt")) << i;
  }
  EXPECT_TRUE(join(world, door.plan("careful")));
}

TEST_F(Join, WhoCannotAnswerSendsElsewhere) {
  auto options = world.options(2);
  auto without_key = world.start(options, true);
  without_key->on_ask = [&](std::uint64_t id, const JoinAsk&) {
    (*without_key)
        ->answer_join(
            id, wire::JoinRefusal{{Code::unsupported, "no CA key here"}, {door.address(), door.address()}});
  };
  auto plan = door.plan("sent");
  plan.addresses = {(*without_key)->local_address()};
  const auto joined = join(world, plan);
  EXPECT_TRUE(joined) << joined.error().detail;
  EXPECT_EQ(without_key->asks.size(), 1U);
}

TEST_F(Join, NobodyAnswersInTime) {
  door.answering = false;
  auto plan = door.plan("patient");
  plan.timeout_ns = 300'000'000;
  EXPECT_EQ(join(world, plan).error().code, Code::timeout);
  EXPECT_TRUE(std::filesystem::exists(world.path() + "/patient/node.key"));
}

TEST_F(Join, AClosedDoorIsAProtocolThatNobodySpeaks) {
  auto shut = world.start(world.options(3));
  auto plan = door.plan("outside");
  plan.addresses = {(*shut)->local_address()};
  EXPECT_FALSE(join(world, plan));
  EXPECT_TRUE(shut->asks.empty());
}

TEST_F(Join, ANodeIsCalledByItsKeyAndNotByAnothersName) {
  // The token is good; the name it asks for is a member's.
  const auto outcome =
      raw({.bytes = request_bytes(door.token, *tls::make_key_text(), uuid_of(1)), .patience_ms = 1500});
  EXPECT_TRUE(outcome.confirmed);
  EXPECT_EQ(reason(outcome), "unauthenticated");
  EXPECT_TRUE(door.node->asks.empty());
  EXPECT_EQ((*door.node)->stats().joins_refused, 1U);
}

TEST_F(Join, AForgedSigningRequestIsRefusedHere) {
  auto made = *tls::make_signing_request(*tls::make_key_text());
  made.der.back() = static_cast<char>(made.der.back() ^ 1);
  const Bytes payload =
      wire::encode(wire::JoinRequest{door.token.id, door.token.secret, made.node, "", {}, made.der});
  const auto outcome =
      raw({.bytes = wire::encode_frame(wire::FrameKind::join_request, payload), .patience_ms = 1500});
  EXPECT_EQ(reason(outcome), "unauthenticated");
  EXPECT_TRUE(door.node->asks.empty());
}

constexpr auto bad_frame = static_cast<std::uint64_t>(CloseCode::bad_frame);
constexpr auto busy = static_cast<std::uint64_t>(CloseCode::busy);

TEST_F(Join, GarbageOversizedOrOutOfPlaceClosesTheDoor) {
  const Bytes good = request_bytes(door.token, *tls::make_key_text());
  const std::vector<Bytes> bad{
      Bytes(100, 'x'),
      wire::encode_frame(wire::FrameKind::join_request, "garbage"),
      wire::encode_frame(wire::FrameKind::join_request, Bytes(wire::join_request_bytes_max + 1, 'x')),
      wire::encode_frame(wire::FrameKind::operator_request, R"({"ask":"status"})"),
      wire::encode_frame(wire::FrameKind::stream_open, Bytes(1, '\0')),
      good + good,
      good + Bytes(20'000, 'x'),
  };
  door.answering = false;
  for (std::size_t i = 0; i < bad.size(); ++i) {
    const auto outcome = raw({.bytes = bad[i]});
    EXPECT_TRUE(outcome.confirmed) << i << outcome.local_error;
    EXPECT_EQ(outcome.application_error, bad_frame)
        << i << outcome.local_error << " " << outcome.transport_error.value_or(0);
  }
  EXPECT_TRUE(door.node->requests.empty());
  EXPECT_LE(door.node->asks.size(), 1U) << "of two requests the first may have been heard";
}

TEST_F(Join, ANewcomerHasOneStream) {
  door.answering = false;
  const auto outcome = raw({.bytes = request_bytes(door.token, *tls::make_key_text()), .streams = 2});
  EXPECT_EQ(outcome.application_error, bad_frame) << outcome.local_error;
}

class TightDoor : public testing::Test {
 protected:
  static JoinDoorLimits limits() {
    JoinDoorLimits made;
    made.newcomers_max = 2;
    made.from_one_address_max = 6;
    made.window_ns = 3600 * ns_per_s;
    made.request_timeout_ns = 400 * ns_per_ms;
    made.answer_timeout_ns = 400 * ns_per_ms;
    return made;
  }
  World world;
  Doorkeeper door{world, 1, limits()};
};

TEST_F(TightDoor, WhoDripsItsRequestIsShownOut) {
  RawPlan plan;
  plan.address = door.address();
  plan.alpn = std::string(join_alpn);
  plan.bytes = wire::encode_frame(wire::FrameKind::join_request, Bytes(4000, 'x'));
  plan.byte_every_ms = 20;
  RawOutcome outcome;
  beside(world, [&] { outcome = run_raw(plan); });
  EXPECT_TRUE(outcome.confirmed);
  EXPECT_EQ(outcome.application_error, busy) << outcome.local_error;
}

TEST_F(TightDoor, WhoIsNeverAnsweredIsShownOutToo) {
  door.answering = false;
  const auto joined = join(world, door.plan("forgotten"));
  EXPECT_EQ(joined.error().code, Code::busy) << joined.error().detail;
  EXPECT_EQ(door.node->asks.size(), 1U);
  (*door.node)->answer_join(door.node->asks[0].first, wire::JoinRefusal{{Code::busy, "too late"}, {}});
}

TEST_F(TightDoor, FewAtOnceAndFewInATime) {
  RawPlan silent;
  silent.address = door.address();
  silent.alpn = std::string(join_alpn);
  silent.patience_ms = 2000;
  std::vector<RawOutcome> outcomes(4);
  std::atomic<std::size_t> done{0};
  std::vector<std::jthread> threads;
  for (auto& outcome : outcomes)
    threads.emplace_back([&] {
      outcome = run_raw(silent);
      ++done;
    });
  EXPECT_TRUE(world.until([&] { return done == outcomes.size(); }));
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.application_error, busy) << outcome.local_error;
  EXPECT_GE((*door.node)->stats().joins_refused, 1U) << "two have room";
  // Six have come from this address; the window is long.
  for (int i = 4; i < 6; ++i)
    beside(world,
           [&] { run_raw({.address = door.address(), .alpn = std::string(join_alpn), .patience_ms = 800}); });
  const auto joined = join(world, door.plan("late"));
  EXPECT_EQ(joined.error().code, Code::busy);
  EXPECT_TRUE(door.node->asks.empty());
}

TEST(JoinGate, CountsByAddressAndInAll) {
  JoinDoorLimits limits;
  limits.from_one_address_max = 2;
  limits.addresses_max = 3;
  limits.window_ns = 100;
  JoinGate gate(limits);
  EXPECT_TRUE(gate.pass("a", 0));
  EXPECT_TRUE(gate.pass("a", 1));
  EXPECT_FALSE(gate.pass("a", 2));
  EXPECT_TRUE(gate.pass("b", 3));
  EXPECT_TRUE(gate.pass("c", 4));
  EXPECT_FALSE(gate.pass("d", 5)) << "no table without end";
  EXPECT_TRUE(gate.pass("d", 100));
  EXPECT_TRUE(gate.pass("a", 101));
}

TEST(JoinTarget, IsATokenAndAddresses) {
  JoinToken token;
  token.id = TokenId(5);
  const auto plan = parse_join_target(text(token) + "@10.0.0.1:7000,db2.example:7000");
  ASSERT_TRUE(plan) << plan.error().detail;
  EXPECT_EQ(plan->token, token);
  EXPECT_EQ(plan->addresses, (std::vector<std::string>{"10.0.0.1:7000", "db2.example:7000"}));
  for (const std::string& bad :
       std::vector<std::string>{text(token), text(token) + "@", text(token) + "@here", "@10.0.0.1:7000"})
    EXPECT_EQ(parse_join_target(bad).error().code, Code::malformed) << bad;
}

}  // namespace
}  // namespace nodedb::quic
