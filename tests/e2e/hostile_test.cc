// SPDX-License-Identifier: Apache-2.0
// What strangers may send to a running cluster: bad certificates, garbage, half-open connections. Each is
// refused or ignored, and every node goes on serving.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "app/child.h"
#include "app/operator_calls.h"
#include "base/rng.h"
#include "edge/disk/files.h"
#include "edge/tls/certificates.h"
#include "tests/e2e/support/loopback.h"
#include "tests/e2e/support/redis.h"
#include "tests/e2e/support/shared_cluster.h"

namespace nodedb::e2e {
namespace {

class Hostile : public SharedCluster<Hostile> {
 protected:
  static void SetUpTestSuite() { start_cluster("nodedb-hostile"); }
  void TearDown() override {
    for (std::size_t i = 0; i < 3; ++i) {
      Redis client(cluster_->nodes()[i].redis_port, 10'000);
      const Answer answer = client.command({"SET", "still serving", std::to_string(i)});
      EXPECT_TRUE(answer.is("OK")) << "node " << i + 1 << " " << answer.describe();
    }
  }

  static std::string fresh(const std::string& name) {
    const std::string path = directory_->path() + "/" + name;
    std::filesystem::create_directories(path);
    return path;
  }
  static std::string ca() { return cluster_->directory() + "/ca"; }
  static Result<app::Json> ask_with(const std::string& certs) {
    return app::ask({certs, cluster_->nodes()[0].quic, 3 * ns_per_s}, app::AskStatus{});
  }
};

TEST_F(Hostile, AnOperatorOfAnotherClusterIsRefused) {
  const std::string other = fresh("other-ca"), out = fresh("other-operator");
  ASSERT_TRUE(tls::create_ca(other, *Uuid::parse("11111111-1111-4111-8111-111111111111")));
  tls::ClientRequest request;
  request.name = "stranger";
  ASSERT_TRUE(tls::issue_client(other, out, request));
  const auto answer = ask_with(out);
  ASSERT_FALSE(answer);
  EXPECT_EQ(app::exit_of(answer.error().code), app::Exit::credentials) << answer.error().detail;
}

TEST_F(Hostile, AnExpiredOperatorIsRefused) {
  const std::string out = fresh("expired");
  tls::ClientRequest request;
  request.name = "late";
  request.validity = tls::valid_for_days(1);
  request.validity.until_s = request.validity.from_s + 60;
  ASSERT_TRUE(tls::issue_client(ca(), out, request));
  const auto answer = ask_with(out);
  ASSERT_FALSE(answer);
  EXPECT_EQ(app::exit_of(answer.error().code), app::Exit::credentials) << answer.error().detail;
}

TEST_F(Hostile, AClientIsNoOperator) {
  const std::string out = fresh("client");
  tls::ClientRequest request;
  request.name = "reader";
  request.role = tls::Role::client;
  ASSERT_TRUE(tls::issue_client(ca(), out, request));
  const auto answer = ask_with(out);
  ASSERT_FALSE(answer);
  EXPECT_EQ(app::exit_of(answer.error().code), app::Exit::credentials) << answer.error().detail;
}

TEST_F(Hostile, NoCertificateIsNoEntry) {
  const std::string out = fresh("none");
  std::filesystem::copy_file(ca() + "/ca.crt", out + "/ca.crt");
  EXPECT_FALSE(ask_with(out));
}

TEST_F(Hostile, ANodeOfAnotherClusterStaysOutside) {
  const std::string other = fresh("foreign-ca"), out = fresh("foreign-node"), data = fresh("foreign-data");
  ASSERT_TRUE(tls::create_ca(other, *Uuid::parse("22222222-2222-4222-8222-222222222222")));
  tls::NodeRequest request;
  request.node = *Uuid::parse("33333333-3333-4333-8333-333333333333");
  ASSERT_TRUE(tls::issue_node(other, out, request));
  std::vector<std::string> line = {binary(),   "start",       "--data",      data,          "--certs", out,
                                   "--listen", "127.0.0.1:0", "--advertise", "127.0.0.1:1", "--http",  ""};
  for (const Cluster::Node& node : cluster_->nodes()) line.insert(line.end(), {"--seed", node.quic});
  const auto pid = app::start_child(line, out + "/log");
  ASSERT_TRUE(pid);
  sleep_ms(1'500);
  EXPECT_EQ(::kill(*pid, SIGKILL), 0);
  const auto status = cluster_->status(0);
  ASSERT_TRUE(status);
  EXPECT_EQ((*status)["members"].items().size(), 3u);
  EXPECT_TRUE(cluster_->wait_healthy(10));
}

edge::FileHandle connect_tcp(int port) {
  edge::FileHandle socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return edge::FileHandle();
  return socket;
}

std::string random_bytes(Rng& rng, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(rng.below(256));
  return bytes;
}

TEST_F(Hostile, GarbageDatagramsAreIgnored) {
  Rng rng(7);
  const edge::FileHandle socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  for (int i = 0; i < 6'000; ++i) {
    const sockaddr_in to = loopback(port_of(cluster_->nodes()[static_cast<std::size_t>(i) % 3].quic));
    std::string bytes = random_bytes(rng, rng.below(1'500));
    // Half of them look like the first packet of a QUIC connection.
    if (i % 2 == 0 && bytes.size() > 20) bytes.replace(0, 6, std::string("\xc3\x00\x00\x00\x01\x08", 6));
    ::sendto(socket.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  EXPECT_TRUE(cluster_->wait_healthy(20));
}

TEST_F(Hostile, GarbageOnTheRedisPortEndsOnlyItsConnection) {
  Rng rng(9);
  const std::string openings[] = {"*3\r\n$999999999999\r\n", "*2147483647\r\n", "*1\r\n$-5\r\n",
                                  "$5\r\nhello\r\n",         "*1\r\n:5\r\n",    "GET \"unbalanced\r\n",
                                  std::string(200'000, 'x')};
  for (int i = 0; i < 300; ++i) {
    const edge::FileHandle socket =
        connect_tcp(cluster_->nodes()[static_cast<std::size_t>(i) % 3].redis_port);
    ASSERT_TRUE(socket.valid());
    const std::string bytes = i % 3 == 0 ? openings[static_cast<std::size_t>(i / 3) % std::size(openings)]
                                         : random_bytes(rng, 4'000);
    ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
}

TEST_F(Hostile, HalfOpenConnectionsHarmNobody) {
  std::vector<edge::FileHandle> held;
  for (int i = 0; i < 300; ++i) {
    held.push_back(connect_tcp(cluster_->nodes()[0].redis_port));
    ASSERT_TRUE(held.back().valid());
    // A third says nothing, a third half a command, a third half a value.
    const std::string half = i % 3 == 0   ? ""
                             : i % 3 == 1 ? "*2\r\n$3\r\nGE"
                                          : "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$100\r\nx";
    ::send(held.back().get(), half.data(), half.size(), MSG_NOSIGNAL);
  }
  Redis client(cluster_->nodes()[0].redis_port, 5'000);
  EXPECT_TRUE(client.command({"SET", "beside", "them"}).is("OK"));
}

TEST_F(Hostile, OversizedValuesAreRefusedInWords) {
  Redis client(cluster_->nodes()[0].redis_port, 20'000);
  const Answer answer = client.command({"SET", "big", std::string(17 << 20, 'x')});
  EXPECT_EQ(answer.kind, Answer::Kind::error) << answer.describe().substr(0, 200);
}

}  // namespace
}  // namespace nodedb::e2e
