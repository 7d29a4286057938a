// SPDX-License-Identifier: Apache-2.0
// Certificates in a cluster of real processes under load: renewal, another authority in two steps, and a
// removed node's.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <filesystem>
#include <thread>

#include "edge/tls/certificates.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/redis.h"
#include "tests/e2e/support/shared_cluster.h"

namespace nodedb::e2e {
namespace {

constexpr int patience_ms = 10'000;
/// It has joined, holds no authority's key, and asks others for its certificate; later it is removed.
constexpr std::size_t joined = 3;

/// Writes through every node at once; no write may fail.
class Writers {
 public:
  explicit Writers(const std::vector<int>& ports) {
    for (const int port : ports) threads_.emplace_back([this, port] { work(port); });
  }
  ~Writers() { stop(); }

  void stop() {
    ending_ = true;
    for (std::thread& thread : threads_)
      if (thread.joinable()) thread.join();
  }
  std::int64_t done() const { return done_; }
  std::int64_t failed() const { return failed_; }

 private:
  void work(int port) {
    Redis client(port, patience_ms);
    for (std::int64_t i = 0; !ending_; ++i) {
      const std::string key = "w" + std::to_string(port) + ":" + std::to_string(i % 500);
      if (client.command({"SET", key, std::to_string(i)}).is("OK")) {
        ++done_;
      } else {
        ++failed_;
        client = Redis(port, patience_ms);
      }
      sleep_ms(1);
    }
  }

  std::atomic<bool> ending_ = false;
  std::atomic<std::int64_t> done_ = 0;
  std::atomic<std::int64_t> failed_ = 0;
  std::vector<std::thread> threads_;
};

class Certificates : public SharedCluster<Certificates> {
 protected:
  static void SetUpTestSuite() { start_cluster("nodedb-certificates", {"--join", "1"}); }
  void SetUp() override {
    SharedCluster::SetUp();
    ASSERT_TRUE(cluster_->wait_healthy(60));
  }

  static std::string place(const std::string& name) { return cluster_->directory() + "/" + name; }
  /// Where the founders, who sign, have the authority's key.
  static void put_key(const std::string& ca) {
    const std::string key = place("ca/ca.key");
    std::filesystem::copy_file(place(ca) + "/ca.key", key + ".new");
    std::filesystem::rename(key + ".new", key);
  }
  static std::string cluster_uuid() { return (*cluster_->status(1))["cluster"]["uuid"].text(); }
  static Finished rotate(const std::vector<std::string>& words) {
    std::vector<std::string> line{"cert", "rotate-ca"};
    line.insert(line.end(), words.begin(), words.end());
    return operate(*cluster_, 1, line);
  }
  static std::string certs_of(std::size_t index) {
    return place("node-" + std::to_string(index + 1) + "/certs");
  }
  /// A new certificate and key in the place of `directory`'s, each at once.
  static void replace(const std::string& directory, const std::string& by, const std::string& name) {
    for (const char* end : {".key", ".crt"})
      std::filesystem::rename(by + "/" + name + end, directory + "/" + name + end);
  }
  static app::Json own_certificate(std::size_t index) {
    const auto status = cluster_->status(index);
    return status ? (*status)["certificates"].items().at(0) : app::Json();
  }
  static std::string audit() { return operate(*cluster_, 1, {"audit", "ls"}).output; }
};

TEST_F(Certificates, ACertificateIsRenewedWhileTheNodeServes) {
  const std::string fresh = directory_->path() + "/two-thirds";
  const std::int64_t now_s = std::time(nullptr);
  const tls::NodeRequest request{*Uuid::parse((*cluster_->status(joined))["uuid"].text()),
                                 {"127.0.0.1"},
                                 {now_s - 100'000, now_s + 20'000}};
  ASSERT_TRUE(tls::issue_node(place("ca"), fresh, request));
  Writers writers({cluster_->nodes()[0].redis_port, cluster_->nodes()[joined].redis_port});
  replace(certs_of(joined), fresh, "node");
  // The one that it began with is good for ten years; the next one for certificate.lifetime, 90 days.
  EXPECT_TRUE(eventually(60, [&] {
    const std::int64_t left_s = own_certificate(joined)["until_s"].number() - now_s;
    return left_s > 80 * 86'400 && left_s < 100 * 86'400;
  }));
  writers.stop();
  EXPECT_EQ(own_certificate(joined)["freshness"].text(), "fresh");
  EXPECT_EQ(writers.failed(), 0);
  EXPECT_GT(writers.done(), 10);
  EXPECT_TRUE(eventually(
      10, [] { return audit().find("is given a certificate of authority") != std::string::npos; }));
}

TEST_F(Certificates, ARemovedNodesCertificateIsRefused) {
  ASSERT_EQ(operate(*cluster_, 0, {"node", "decommission", "4"}).status, 0);
  ASSERT_TRUE(cluster_->end(joined, 0, 60)) << file_text(cluster_->log_file(joined));
  // Each node's member table has it.
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(eventually(30, [&] {
      const app::Json members = json_of(operate(*cluster_, i, {"node", "ls", "--all"}));
      return std::ranges::any_of(members.items(), [](const app::Json& one) {
        return one["id"].number() == 4 && one["state"].text() == "retired";
      });
    }));
  }
  // Its disk is gone, its certificate is not.
  std::vector<std::string> line = cluster_->nodes()[joined].start;
  *(std::ranges::find(line, "--data") + 1) = directory_->path() + "/removed";
  const Finished again = run(line);
  EXPECT_EQ(again.status, 74) << again.output;
  EXPECT_NE(again.output.find("retired for ever"), std::string::npos) << again.output;
  // By whomever it asked first: it asks no others once it has been told.
  const std::string refusal = "was removed from the cluster";
  EXPECT_TRUE(eventually(30, [&] {
    for (std::size_t i = 0; i < 3; ++i)
      if (file_text(cluster_->log_file(i)).find(refusal) != std::string::npos)
        return audit().find(refusal) != std::string::npos;
    return false;
  }));
}

TEST_F(Certificates, TheAuthorityIsExchangedUnderLoad) {
  const std::string ca2 = place("ca2");
  ASSERT_EQ(run({binary(), "cert", "ca", "--dir", ca2, "--cluster", cluster_uuid()}).status, 0);
  ASSERT_EQ(run({binary(), "cert", "ca", "--dir", place("foreign")}).status, 0);
  Writers writers(
      {cluster_->nodes()[0].redis_port, cluster_->nodes()[1].redis_port, cluster_->nodes()[2].redis_port});
  EXPECT_NE(rotate({"--finalize"}).status, 0) << "nothing is staged";
  EXPECT_NE(rotate({"--stage", "--ca", place("foreign")}).output.find("--cluster"), std::string::npos);
  for (int i = 0; i < 2; ++i) {
    const Finished staged = rotate({"--stage", "--ca", ca2});
    ASSERT_EQ(staged.status, 0) << staged.output;
  }
  const Finished early = rotate({"--finalize"});
  EXPECT_EQ(early.status, 1);
  EXPECT_NE(early.output.find("node 1, node 2, node 3"), std::string::npos) << early.output;

  const std::string fingerprint = tls::show(ca2 + "/ca.crt")->fingerprint;
  const auto all = [&](const char* field) {
    const app::Json told = json_of(rotate({"--status"}));
    const std::vector<app::Json>& members = told["members"].items();
    return members.size() >= 3 && std::ranges::all_of(members, [&](const app::Json& one) {
             return one[field].text() == fingerprint;
           });
  };
  EXPECT_TRUE(eventually(120, [&] { return all("staged"); })) << rotate({"--status"}).output;
  put_key("ca2");
  EXPECT_TRUE(eventually(120, [&] { return all("issuer"); })) << rotate({"--status"}).output;

  const Finished finalized = rotate({"--finalize"});
  ASSERT_EQ(finalized.status, 0) << finalized.output;
  EXPECT_TRUE(eventually(30, [&] {
    for (std::size_t i = 0; i < 3; ++i)
      if (tls::show(certs_of(i) + "/ca.crt")->fingerprint != fingerprint) return false;
    return true;
  }));
  EXPECT_TRUE(eventually(30, [] { return operate(*cluster_, 1, {"status"}).status != 0; }))
      << "the operator's certificate is of the old one";
  const std::string alice = place("alice");
  ASSERT_EQ(run({binary(), "cert", "client", "--ca", ca2, "--out", alice, "--name", "alice"}).status, 0);
  replace(cluster_->operator_certs(), alice, "client");
  EXPECT_TRUE(cluster_->wait_healthy(30));
  sleep_ms(1'000);
  writers.stop();
  EXPECT_EQ(writers.failed(), 0);
  EXPECT_GT(writers.done(), 100);
  RecordProperty("writes", std::to_string(writers.done()));
  EXPECT_NE(audit().find("is to be the only one"), std::string::npos);
  EXPECT_EQ(rotate({"--finalize"}).status, 6) << "nothing is staged any more";

  cluster_->kill(2);
  cluster_->restart(2);
  EXPECT_TRUE(cluster_->wait_healthy(60)) << "it starts with what it was given";
}

}  // namespace
}  // namespace nodedb::e2e
