// SPDX-License-Identifier: Apache-2.0
// Strangers, impostors and vandals: each is refused with a reason, and the node goes on serving its good
// peer.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "edge/quic/operator_client.h"
#include "edge/quic/udp_socket.h"
#include "edge/tls/files.h"
#include "tests/edge/quic/raw_client.h"
#include "tests/edge/quic/world.h"
#include "wire/frame.h"
#include "wire/peer_codec.h"

namespace nodedb::quic {
namespace {

class Refusal : public testing::Test {
 protected:
  void SetUp() override {
    a = world.start(1);
    good = world.start(2);
    (*good)->set_peers({{uuid_of(1), (*a)->local_address()}});
    ASSERT_TRUE(world.until([&] { return (*a)->connected(uuid_of(2)) && (*good)->connected(uuid_of(1)); }));
  }
  /// Every test ends so: the good peer never noticed.
  void TearDown() override {
    ASSERT_TRUE((*good)->send(uuid_of(1), credit(99)));
    EXPECT_TRUE(world.until([&] { return !a->received[uuid_of(2)].empty(); }));
    EXPECT_EQ(a->count("-" + uuid_of(2).text()), 0U);
  }
  template <class Work>
  void beside(Work work) {
    std::atomic<bool> done{false};
    std::jthread thread([&] {
      work();
      done = true;
    });
    EXPECT_TRUE(world.until([&] { return done.load(); }, std::chrono::seconds(60)));
  }
  RawOutcome raw(RawPlan plan) {
    RawOutcome outcome;
    plan.address = (*a)->local_address();
    beside([&] { outcome = run_raw(plan); });
    return outcome;
  }
  RawPlan with_certificate(const std::string& directory, const std::string& file) {
    RawPlan plan;
    plan.certificate = directory + "/" + file + ".crt";
    plan.key = directory + "/" + file + ".key";
    return plan;
  }
  std::string issue(const std::string& name, tls::CertificateRequest request) {
    World::must(tls::issue(world.path() + "/ca", world.path() + "/" + name, "node", std::move(request)));
    return world.path() + "/" + name;
  }
  void expect_refused(const RawOutcome& outcome, const std::string& reason) {
    EXPECT_FALSE(outcome.confirmed);
    EXPECT_TRUE(outcome.transport_error) << outcome.local_error;
    EXPECT_TRUE(world.until([&] { return world.logged(reason); }, std::chrono::seconds(2)))
        << (world.lines().empty() ? "" : world.lines().back());
    ASSERT_FALSE(a->turned_away.empty()) << "for the audit log";
    EXPECT_NE(a->turned_away.back().second.find(reason), std::string::npos);
    EXPECT_EQ((*a)->stats().peers, 1U);
  }
  static std::vector<tls::Purpose> both() { return {tls::Purpose::server, tls::Purpose::client}; }

  World world;
  std::unique_ptr<Peer> a;
  std::unique_ptr<Peer> good;
};

TEST_F(Refusal, AGoodCertificateIsAccepted) {
  const auto outcome = raw(with_certificate(world.certs(3), "node"));
  EXPECT_TRUE(outcome.confirmed) << outcome.local_error;
}

TEST_F(Refusal, NoCertificate) {
  const auto outcome = raw({});
  EXPECT_FALSE(outcome.confirmed);
  EXPECT_TRUE(outcome.transport_error);
  EXPECT_TRUE(world.until([&] { return world.logged("connection refused"); }));
  EXPECT_EQ((*a)->stats().refused, 1U);
}

TEST_F(Refusal, AnotherClustersCertificate) {
  World::must(tls::create_ca(world.path() + "/ca2", uuid_of(200)));
  World::must(tls::issue_node(world.path() + "/ca2", world.path() + "/foreign", {uuid_of(3), {}}));
  expect_refused(raw(with_certificate(world.path() + "/foreign", "node")), "issuer is unknown");
}

TEST_F(Refusal, AnotherCaWithTheSameClusterUuid) {
  World::must(tls::create_ca(world.path() + "/ca2", world.cluster()));
  World::must(tls::issue_node(world.path() + "/ca2", world.path() + "/forged", {uuid_of(2), {}}));
  expect_refused(raw(with_certificate(world.path() + "/forged", "node")), "issuer is unknown");
}

TEST_F(Refusal, Expired) {
  const auto directory =
      issue("expired", {{{}, tls::Role::node, uuid_of(3), {}},
                        both(),
                        {},
                        {tls::valid_for_days(0).from_s - 1000, tls::valid_for_days(0).from_s}});
  expect_refused(raw(with_certificate(directory, "node")), "expired");
}

TEST_F(Refusal, NotYetValid) {
  const auto directory =
      issue("early", {{{}, tls::Role::node, uuid_of(3), {}},
                      both(),
                      {},
                      {tls::valid_for_days(0).from_s + 100'000, tls::valid_for_days(9).until_s}});
  expect_refused(raw(with_certificate(directory, "node")), "not yet");
}

TEST_F(Refusal, WrongPurpose) {
  const auto directory =
      issue("server_only",
            {{{}, tls::Role::node, uuid_of(3), {}}, {tls::Purpose::server}, {}, tls::valid_for_days(1)});
  expect_refused(raw(with_certificate(directory, "node")), "purpose");
}

TEST_F(Refusal, WrongRole) {
  expect_refused(raw(with_certificate(world.operator_certs("bob", tls::Role::client), "client")),
                 "forbidden");
}

TEST_F(Refusal, OurOwnIdentity) {
  expect_refused(raw(with_certificate(world.certs(1), "node")), "our own");
}

TEST_F(Refusal, AnotherProtocol) {
  auto plan = with_certificate(world.certs(3), "node");
  plan.alpn = "h3";
  const auto outcome = raw(plan);
  EXPECT_FALSE(outcome.confirmed);
  EXPECT_EQ(outcome.transport_error, 0x178U);
}

TEST_F(Refusal, ADialledServerIsJudgedToo) {
  const auto start_as = [&](const std::string& directory) {
    TransportOptions options;
    options.certs = directory;
    return world.start(options);
  };
  auto impostor = start_as(world.certs(4));
  auto client_only = start_as(
      issue("client_only",
            {{{}, tls::Role::node, uuid_of(5), {}}, {tls::Purpose::client}, {}, tls::valid_for_days(1)}));
  (*a)->set_peers(
      {{uuid_of(6), (*impostor)->local_address()}, {uuid_of(5), (*client_only)->local_address()}});
  EXPECT_TRUE(world.until([&] { return world.logged("another node than") && world.logged("purpose"); }));
  EXPECT_EQ((*a)->stats().peers, 1U);
}

TEST_F(Refusal, GarbageDatagrams) {
  beside([&] {
    auto socket = UdpSocket::open(*Address::from_ip("127.0.0.1", 0));
    const auto where = split_host_port((*a)->local_address());
    const auto to = *Address::from_ip(where->host, where->port);
    Rng rng(5);
    for (int i = 0; i < 4000; ++i) {
      std::vector<std::uint8_t> bytes(1 + rng.below(1400));
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng.next());
      // Some that look like Initial packets of version 1, some of an unknown version, some short headers.
      if (i % 4 == 1 && bytes.size() > 20) {
        bytes[0] = 0xc3;
        bytes[1] = bytes[2] = bytes[3] = 0;
        bytes[4] = 1;
        bytes[5] = 8;
      }
      if (i % 4 == 2) bytes[0] = static_cast<std::uint8_t>(0xc0 | (bytes[0] & 0x3f));
      if (i % 4 == 3) bytes[0] = static_cast<std::uint8_t>(0x40 | (bytes[0] & 0x3f));
      socket->send(to, bytes, bytes.size());
    }
  });
  const auto stats = (*a)->stats();
  EXPECT_GT(stats.unroutable, 100U);
  EXPECT_LE(stats.resets_sent, 1000U) << "resets are limited in rate";
}

TEST_F(Refusal, HalfOpenHandshakesByHundreds) {
  auto options = world.options(7);
  options.handshakes_before_retry = 32;
  options.idle_timeout_ns = options.handshake_timeout_ns =
      60 * ns_per_s;  // none is forgotten while the test runs
  auto victim = world.start(options);
  auto plan = with_certificate(world.certs(3), "node");
  plan.address = (*victim)->local_address();
  plan.stop_after_first_flight = true;
  constexpr std::uint64_t strangers = 300;
  beside([&] {
    for (std::uint64_t i = 0; i < strangers; ++i) run_raw(plan);
  });
  const auto stats = (*victim)->stats();
  EXPECT_EQ(stats.handshakes, options.handshakes_before_retry);
  EXPECT_GE(stats.retries_sent, strangers - 2 * options.handshakes_before_retry)
      << "newcomers prove their address";
  (*good)->set_peers({{uuid_of(1), (*a)->local_address()}, {uuid_of(7), (*victim)->local_address()}});
  EXPECT_TRUE(world.until([&] { return (*good)->connected(uuid_of(7)); })) << "an honest one still gets in";
}

TEST_F(Refusal, HalfOpenHandshakesAreForgotten) {
  auto options = world.options(7);
  options.handshake_timeout_ns = 500 * ns_per_ms;
  auto victim = world.start(options);
  auto plan = with_certificate(world.certs(3), "node");
  plan.address = (*victim)->local_address();
  plan.stop_after_first_flight = true;
  beside([&] {
    for (int i = 0; i < 5; ++i) run_raw(plan);
  });
  ASSERT_TRUE(world.until([&] { return (*victim)->stats().datagrams_received >= 5; }));
  EXPECT_TRUE(
      world.until([&] { return (*victim)->stats().connections == 0 && (*victim)->stats().refused == 5; }));
}

struct BadBytes {
  std::string name;
  Bytes bytes;
};

TEST_F(Refusal, BadBytesOnAStream) {
  using wire::FrameKind;
  const auto open = wire::encode_stream_open(wire::StreamClass::log);
  const Bytes opened = wire::encode_frame(open.kind, open.payload);
  Bytes damaged = opened + wire::encode_frame(FrameKind::pulse, "abcdef");
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  Bytes oversized = opened + wire::encode_frame(FrameKind::raft, "");
  oversized[opened.size() + 3] = 0x7f;  // 2 GiB
  Bytes version = opened;
  version[5] = 9;
  const auto bulk = wire::encode(chunk(1, 10));
  const BadBytes table[] = {
      {"garbage", Bytes(500, 'x')},
      {"bad checksum", damaged},
      {"oversized", oversized},
      {"unknown kind", opened + wire::encode_frame(static_cast<FrameKind>(200), "abc")},
      {"undecodable",
       opened + wire::encode_frame(FrameKind::raft, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")},
      {"another version", version},
      {"no stream_open", wire::encode_frame(bulk.kind, bulk.payload)},
      {"class of another stream", opened + wire::encode_frame(bulk.kind, bulk.payload)},
      {"opened twice", opened + opened},
      {"operator request by a node", wire::encode_frame(FrameKind::operator_request, "status")},
  };
  std::uint64_t closed = 0;
  for (const auto& bad : table) {
    auto plan = with_certificate(world.certs(3), "node");
    plan.bytes = bad.bytes;
    const auto outcome = raw(plan);
    EXPECT_TRUE(outcome.confirmed) << bad.name;
    EXPECT_EQ(outcome.application_error, static_cast<std::uint64_t>(CloseCode::bad_frame)) << bad.name;
    EXPECT_EQ((*a)->stats().bad_frames, ++closed) << bad.name;
  }
  EXPECT_TRUE(world.logged("bad input"));
}

TEST_F(Refusal, BadBytesInADatagram) {
  using wire::FrameKind;
  const auto nack = wire::encode(swim::Message(swim::Nack{7}));
  const Bytes word = wire::encode_frame(nack.kind, nack.payload);
  Bytes damaged = word;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  const auto stream_only = wire::encode(chunk(1, 10));
  const BadBytes table[] = {
      {"garbage", Bytes(500, 'x')},
      {"bad checksum", damaged},
      {"half a frame", word.substr(0, word.size() - 1)},
      {"two frames", word + word},
      {"undecodable", wire::encode_frame(FrameKind::swim, "\xff")},
      {"belongs on a stream", wire::encode_frame(stream_only.kind, stream_only.payload)},
  };
  std::uint64_t closed = 0;
  for (const auto& bad : table) {
    auto plan = with_certificate(world.certs(3), "node");
    plan.datagram = bad.bytes;
    const auto outcome = raw(plan);
    EXPECT_EQ(outcome.application_error, static_cast<std::uint64_t>(CloseCode::bad_frame)) << bad.name;
    EXPECT_EQ((*a)->stats().bad_frames, ++closed) << bad.name;
  }
  auto eve = with_certificate(world.operator_certs("mallory"), "client");
  eve.datagram = word;
  EXPECT_EQ(raw(eve).application_error, static_cast<std::uint64_t>(CloseCode::bad_frame));
}

TEST_F(Refusal, AnOperatorMayOnlyAsk) {
  const auto open = wire::encode_stream_open(wire::StreamClass::control);
  auto plan = with_certificate(world.operator_certs("eve"), "client");
  plan.bytes = wire::encode_frame(open.kind, open.payload);
  const auto outcome = raw(plan);
  EXPECT_EQ(outcome.application_error, static_cast<std::uint64_t>(CloseCode::bad_frame));
  EXPECT_TRUE(a->requests.empty());
  ASSERT_FALSE(a->turned_away.empty());
  EXPECT_EQ(a->turned_away.back().first, "eve");
}

class Operator : public Refusal {};

TEST_F(Operator, AsksAndIsAnswered) {
  const auto certs = world.operator_certs("alice");
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{10}, std::size_t{3'000'000}}) {
    Result<Bytes> answer = fail(Code::busy, "not asked");
    std::atomic<bool> done{false};
    std::jthread thread([&] {
      answer = call_operator((*a)->local_address(), certs, "status", 20 * ns_per_s);
      done = true;
    });
    ASSERT_TRUE(world.until([&] { return !a->requests.empty(); }));
    EXPECT_EQ(a->requests.back().second, "status");
    (*a)->answer_operator(a->requests.back().first, Bytes(bytes, 'r'));
    a->requests.clear();
    ASSERT_TRUE(world.until([&] { return done.load(); }));
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(*answer, Bytes(bytes, 'r'));
  }
}

TEST_F(Operator, ErrorsSayWhatHappened) {
  const auto alice = world.operator_certs("alice");
  const auto bob = world.operator_certs("bob", tls::Role::client);
  beside([&] {
    const auto refused = call_operator((*a)->local_address(), bob, "status", 5 * ns_per_s);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::unauthenticated) << refused.error().detail;
    const auto nobody = call_operator("127.0.0.1:9", alice, "status", 300 * ns_per_ms);
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().code, Code::unreachable);
    const auto late = call_operator((*a)->local_address(), alice, "status", 500 * ns_per_ms);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::timeout);
    EXPECT_EQ(call_operator("nonsense", alice, "x", ns_per_s).error().code, Code::malformed);
    EXPECT_EQ(call_operator("127.0.0.1:9", "/nowhere", "x", ns_per_s).error().code, Code::not_found);
  });
  ASSERT_EQ(a->requests.size(), 1U);
  (*a)->answer_operator(a->requests.back().first, "too late");  // the asker is gone: ignored
}

}  // namespace
}  // namespace nodedb::quic
