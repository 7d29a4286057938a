// SPDX-License-Identifier: Apache-2.0
// The port over real sockets: an unmodified client, hostile ones, and the bounds on memory.
#include "edge/resp/server.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/limits.h"
#include "tests/edge/resp/running_server.h"

namespace nodedb::resp {
namespace {

using test::ask;
using test::RawClient;
using test::redis_client;
using test::RunningServer;

TEST(RespServer, ServesAnUnmodifiedClient) {
  RunningServer server;
  const auto client = redis_client(server.port());
  EXPECT_EQ(ask(client, {"PING"}), "PONG");
  EXPECT_EQ(ask(client, {"SET", "k", "v"}), "OK");
  EXPECT_EQ(ask(client, {"GET", "k"}), "v");
  EXPECT_EQ(ask(client, {"MSET", "a", "1", "b", "2"}), "OK");
  EXPECT_EQ(ask(client, {"MGET", "a", "b", "c"}), "[1 2 (nil)]");
  const std::string large(limits::value_bytes_max, 'x');
  EXPECT_EQ(ask(client, {"SET", "large", large}), "OK");
  EXPECT_EQ(ask(client, {"GET", "large"}), large);
}

TEST(RespServer, KeepsADeepPipelineInOrder) {
  RunningServer server;
  const auto client = redis_client(server.port());
  constexpr int depth = 20'000;
  for (int i = 0; i < depth; ++i) {
    ASSERT_EQ(redisAppendCommand(client.get(), "SET key:%d %d", i % 97, i), REDIS_OK);
    ASSERT_EQ(redisAppendCommand(client.get(), "GET key:%d", i % 97), REDIS_OK);
  }
  for (int i = 0; i < 2 * depth; ++i) {
    void* raw = nullptr;
    ASSERT_EQ(redisGetReply(client.get(), &raw), REDIS_OK);
    auto* reply = static_cast<redisReply*>(raw);
    ASSERT_EQ(test::text_of(reply), i % 2 == 0 ? "OK" : std::to_string(i / 2));
    freeReplyObject(reply);
  }
}

TEST(RespServer, TellsGarbageSoAndGoesOnServing) {
  RunningServer server;
  const auto good = redis_client(server.port());
  for (const char* garbage :
       {"*x\r\n", "*1\r\n$-5\r\n", "*1\r\n$99999999999\r\n", "*9999999999\r\n", "\"a\r\n"}) {
    RawClient bad(server.port());
    ASSERT_TRUE(bad.send(garbage));
    EXPECT_TRUE(bad.read_all().starts_with("-ERR Protocol error: ")) << garbage;
  }
  // A flood without an end of line: the error arrives although the client never stops to write.
  RawClient flood(server.port());
  const std::string noise(4096, 'A');
  for (int i = 0; i < 100'000 && flood.send(noise); ++i) {
  }
  EXPECT_EQ(flood.read(38), "-ERR Protocol error: too big inline re");
  EXPECT_EQ(ask(good, {"PING"}), "PONG");
}

TEST(RespServer, RandomBytesNeverHurt) {
  RunningServer server;
  Rng rng(3);
  for (int round = 0; round < 200; ++round) {
    RawClient client(server.port());
    std::string bytes;
    const std::uint64_t size = rng.below(400);
    for (std::uint64_t i = 0; i < size; ++i) {
      bytes.push_back(rng.chance(0.5) ? "*$\r\n1 "[rng.below(6)] : static_cast<char>(rng.below(256)));
    }
    client.send(bytes);
  }
  EXPECT_EQ(ask(redis_client(server.port()), {"PING"}), "PONG");
}

TEST(RespServer, HalfOpenConnectionsAreHarmless) {
  RunningServer server;
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 300; ++i) {
    idle.push_back(std::make_unique<RawClient>(server.port()));
    if (i % 2 == 0) idle.back()->send("*2\r\n$3\r\nGET\r\n$10");
  }
  const auto good = redis_client(server.port());
  EXPECT_EQ(ask(good, {"SET", "k", "v"}), "OK");
  EXPECT_EQ(server.connections(), 301u);
  idle.clear();
  while (server.connections() != 1) std::this_thread::yield();
  EXPECT_EQ(ask(good, {"GET", "k"}), "v");
}

TEST(RespServer, TurnsTooManyAway) {
  Options options;
  options.connections_max = 2;
  RunningServer server(options);
  const auto one = redis_client(server.port());
  const auto two = redis_client(server.port());
  EXPECT_EQ(ask(one, {"PING"}), "PONG");
  EXPECT_EQ(ask(two, {"PING"}), "PONG");
  RawClient three(server.port());
  EXPECT_EQ(three.read_all(), "-ERR max number of clients reached\r\n");
  EXPECT_EQ(ask(one, {"PING"}), "PONG");
}

TEST(RespServer, QuitAndKillClose) {
  RunningServer server;
  RawClient quitter(server.port());
  quitter.send("SET k 1\r\nQUIT\r\nPING\r\n");
  EXPECT_EQ(quitter.read_all(), "+OK\r\n+OK\r\n");
  RawClient victim(server.port());
  victim.send("CLIENT ID\r\n");
  const std::string id = victim.read(4);
  ASSERT_EQ(id.substr(0, 1), ":");
  const auto killer = redis_client(server.port());
  EXPECT_EQ(ask(killer, {"CLIENT", "KILL", "ID", id.substr(1, 1)}), "1");
  EXPECT_EQ(victim.read_all(), "");
  EXPECT_EQ(ask(killer, {"PING"}), "PONG");
}

TEST(RespServer, AnAbruptEndWithRequestsOnTheWayIsHarmless) {
  RunningServer server;
  server.freeze();
  {
    RawClient client(server.port());
    client.send("SET k 1\r\nGET k\r\nKEYS *\r\n");
    while (server.held_bytes() == 0) std::this_thread::yield();
  }
  server.thaw();
  while (server.connections() != 0) std::this_thread::yield();
  EXPECT_EQ(server.held_bytes(), 0u);
}

TEST(RespServer, WhoSendsNoMoreIsStillAnswered) {
  RunningServer server;
  server.freeze();
  RawClient client(server.port());
  client.send("SET k 1\r\nGET k\r\n");
  ::shutdown(client.socket(), SHUT_WR);
  while (server.held_bytes() == 0) std::this_thread::yield();
  server.thaw();
  EXPECT_EQ(client.read_all(), "+OK\r\n$1\r\n1\r\n");
}

/// Else the network's thread, which is the transport's too, would have no time for anything else.
TEST(RespServer, ALoopRestsWhileAPipelineWaits) {
  asio::io_context loop;
  test::LoopBackend backend(loop);
  Options options;
  options.address = "127.0.0.1:0";
  auto server = Server::open(loop, options, backend, Rng(1));
  ASSERT_TRUE(server);
  backend.server = server->get();
  backend.frozen = true;
  RawClient client((*server)->port());
  std::string all;
  for (int i = 0; i < 5'000; ++i) all += "GET k\r\n";
  ASSERT_TRUE(client.send(all));
  while ((*server)->gateway().held_bytes() == 0) loop.run_one();
  loop.run_for(std::chrono::milliseconds(50));
  EXPECT_LT(loop.run_for(std::chrono::milliseconds(100)), 20u);
  backend.thaw();
  loop.run_for(std::chrono::milliseconds(500));
  EXPECT_EQ((*server)->gateway().held_bytes(), 0u);
}

/// Reading pauses at the bound and resumes: in the end every answer has arrived, whole and in order.
TEST(RespServer, ASlowReaderCostsBoundedMemoryAndLosesNothing) {
  Options options;
  options.connection_bytes_max = 2 * 1024 * 1024;
  RunningServer server(options);
  const std::string value(200'000, 'v');
  ASSERT_EQ(ask(redis_client(server.port()), {"SET", "k", value}), "OK");
  RawClient slow(server.port(), 4096);
  constexpr int requests = 400;  // 80 MB of answers
  std::string all;
  for (int i = 0; i < requests; ++i) all += "GET k\r\n";
  ASSERT_TRUE(slow.send(all));
  const std::string answer = "$200000\r\n" + value + "\r\n";
  std::size_t most = 0;
  for (int i = 0; i < requests; ++i) {
    ASSERT_EQ(slow.read(answer.size()), answer) << i;
    most = std::max(most, server.held_bytes());
  }
  EXPECT_LT(most, 8u * 1024 * 1024);
  EXPECT_EQ(server.held_bytes(), 0u);
}

TEST(RespServer, WhoNeverReadsIsDropped) {
  Options options;
  options.stalled_ns = ns_per_ms;
  RunningServer server(options);
  const auto good = redis_client(server.port());
  ASSERT_EQ(ask(good, {"SET", "k", std::string(4'000'000, 'v')}), "OK");
  RawClient deaf(server.port(), 4096);
  std::string all;
  for (int i = 0; i < 16; ++i) all += "GET k\r\n";
  ASSERT_TRUE(deaf.send(all));
  // Its memory goes with the connection object, a moment after it is no longer counted.
  while (server.connections() != 1 || server.held_bytes() != 0) std::this_thread::yield();
  EXPECT_EQ(ask(good, {"PING"}), "PONG");
}

TEST(RespServer, TooMuchUnreadOutputDropsTheConnection) {
  Options options;
  options.output_bytes_max = 1'000'000;
  RunningServer server(options);
  const auto good = redis_client(server.port());
  ASSERT_EQ(ask(good, {"SET", "k", std::string(8'000'000, 'v')}), "OK");
  RawClient deaf(server.port(), 4096);
  ASSERT_TRUE(deaf.send("GET k\r\nGET k\r\n"));
  while (server.connections() != 1) std::this_thread::yield();
  EXPECT_EQ(ask(good, {"PING"}), "PONG");
}

TEST(RespServer, AsksForThePassword) {
  Options options;
  options.password = "secret";
  RunningServer server(options);
  const auto client = redis_client(server.port());
  EXPECT_TRUE(ask(client, {"GET", "k"}).starts_with("NOAUTH "));
  RawClient stranger(server.port());
  stranger.send("*1\r\n$16385\r\n");
  EXPECT_EQ(stranger.read_all(), "-ERR Protocol error: unauthenticated bulk length\r\n");
  EXPECT_EQ(ask(client, {"AUTH", "secret"}), "OK");
  EXPECT_EQ(ask(client, {"SET", "k", std::string(20'000, 'x')}), "OK");
}

TEST(RespServer, WillNotOpenBadly) {
  asio::io_context loop;
  test::LoopBackend backend(loop);
  Options options;
  options.address = "0.0.0.0:0";
  const auto open_to_all = Server::open(loop, options, backend, Rng(1));
  ASSERT_FALSE(open_to_all.has_value());
  EXPECT_EQ(open_to_all.error().code, Code::invalid_state);
  RunningServer other;
  options.address = "127.0.0.1:" + std::to_string(other.port());
  const auto taken = Server::open(loop, options, backend, Rng(1));
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, Code::unreachable);
  options.address = "127.0.0.1:0";
  options.certificate_file = "/nonexistent.crt";
  options.key_file = "/nonexistent.key";
  const auto tls = Server::open(loop, options, backend, Rng(1));
  ASSERT_FALSE(tls.has_value());
  EXPECT_EQ(tls.error().code, Code::unauthenticated);
}

}  // namespace
}  // namespace nodedb::resp
