// SPDX-License-Identifier: Apache-2.0
// More than the cluster can do: whoever asks for too much is refused early, the others are served, and no
// node holds more than its memory budget.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <sstream>
#include <thread>

#include "base/time.h"
#include "base/units.h"
#include "edge/base/clock.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/pump.h"
#include "tests/e2e/support/redis.h"
#include "tests/e2e/support/shared_cluster.h"

namespace nodedb::e2e {
namespace {

constexpr std::int64_t budget = std::int64_t{512} << 20;
constexpr int patience_ms = 20'000;
constexpr std::int64_t election_timeout_ns = 4'000 * ns_per_ms;
constexpr VShardId hot(700);

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_is_ours = false;  // the sanitizer's, too
#else
constexpr bool memory_is_ours = true;
#endif

/// The most that the process has ever held.
std::int64_t peak_resident_bytes(pid_t pid) {
  std::istringstream lines(file_text("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("VmHWM:")) return std::atoll(line.c_str() + 6) * 1024;
  return 0;
}

/// Writes to vShards of its own, one after the other and each time the next, and waits for each answer.
class Modest {
 public:
  Modest(int port, int number)
      : thread_([this, port, number] {
          Redis client(port, patience_ms);
          std::vector<std::string> keys;
          for (int i = 0; i < 8; ++i)
            keys.push_back(key_in(VShardId(static_cast<std::uint16_t>(number * 16 + i)), "modest"));
          while (!ending_) {
            const Answer answer =
                client.command({"SET", keys[static_cast<std::size_t>(done_) % keys.size()], "value"});
            if (answer.is("OK")) {
              ++done_;
              continue;
            }
            ++failed_;
            complaint_ = answer.describe();
            if (answer.kind == Answer::Kind::lost) return;
          }
        }) {}
  ~Modest() { stop(); }
  Modest(const Modest&) = delete;
  Modest& operator=(const Modest&) = delete;
  void stop() {
    ending_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::int64_t done() const { return done_; }
  std::int64_t failed() const { return failed_; }
  /// Pre: stopped.
  const std::string& complaint() const { return complaint_; }

 private:
  std::atomic<bool> ending_ = false;
  std::atomic<std::int64_t> done_ = 0;
  std::atomic<std::int64_t> failed_ = 0;
  std::string complaint_;
  std::thread thread_;
};

class Overload : public SharedCluster<Overload> {
 protected:
  static void SetUpTestSuite() {
    ::setenv("NODEDB_MEMORY_BUDGET", "512MiB", 1);
    // Sooner than by default, so that a short test gets there on any machine.
    ::setenv("NODEDB_WRITE_DELAY_MAX", "50ms", 1);
    ::setenv("NODEDB_QUEUE_TIME", "200ms", 1);
    // It is about load, not about elections on a machine that has no time for pulses.
    ::setenv("NODEDB_ELECTION_TIMEOUT", duration_text(election_timeout_ns).c_str(), 1);
    start_cluster("nodedb-overload");
  }
  void SetUp() override {
    SharedCluster<Overload>::SetUp();
    ASSERT_TRUE(cluster_->wait_healthy(60));
  }
  void TearDown() override {
    for (const Cluster::Node& node : cluster_->nodes()) ::kill(node.pid, SIGCONT);
    if (!memory_is_ours) return;
    for (const Cluster::Node& node : cluster_->nodes())
      EXPECT_LE(peak_resident_bytes(node.pid), budget) << "node " << node.id;
  }

  static int port(int number) { return cluster_->nodes()[static_cast<std::size_t>(number) % 3].redis_port; }
  static std::vector<int> ports() { return {port(0), port(1), port(2)}; }
  template <class Read>
  static std::int64_t of_all_nodes(Read read) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < 3; ++i)
      if (const auto status = cluster_->status(i)) sum += read(*status).number();
    return sum;
  }
  static std::int64_t refused() {
    return of_all_nodes([](const app::Json& status) { return status["requests_refused"]; });
  }
  static std::int64_t dropped() {
    return of_all_nodes([](const app::Json& status) { return status["io"]["dropped_full"]; });
  }
  /// Acknowledged, and not there when read through another node. Looks at so many of them, spread evenly.
  static std::int64_t lost(const std::vector<std::string>& keys, std::size_t looks) {
    Redis client(port(1), patience_ms);
    std::int64_t missing = 0;
    for (std::size_t i = 0; i < std::min(looks, keys.size()); ++i) {
      const std::string& key = keys[i * keys.size() / std::min(looks, keys.size())];
      if (client.command({"GET", key}).kind != Answer::Kind::text) ++missing;
    }
    return missing;
  }
};

TEST_F(Overload, WhatIsBeyondTheCapacityIsRefusedEarlyAndNothingTimesOut) {
  Pump pump({ports(), 24, 64, [](int connection, std::int64_t number) {
               return "open:" + std::to_string(connection) + ":" + std::to_string(number);
             }});
  sleep_ms(6'000);
  const Pump::Count count = pump.stop();
  EXPECT_GT(count.ok, 0);
  EXPECT_GT(count.busy, 0);
  EXPECT_EQ(count.others, 0) << count.other;
  EXPECT_GT(refused(), 0) << "status tells";
  EXPECT_EQ(lost(pump.acknowledged(), 500), 0);
  Redis client(port(0), patience_ms);
  EXPECT_TRUE(eventually(10, [&] { return client.command({"SET", "after", "it"}).is("OK"); }));
  const Answer info = client.command({"INFO", "memory"});
  EXPECT_NE(info.text.find("memory_budget:536870912"), std::string::npos) << info.text;
  EXPECT_NE(info.text.find("memory_requests:used="), std::string::npos) << info.text;
}

TEST_F(Overload, AHotVShardIsRefusedAloneAndTheOthersAreServed) {
  std::vector<std::unique_ptr<Modest>> others;
  for (int i = 0; i < 6; ++i) others.push_back(std::make_unique<Modest>(port(i), i));
  const std::string key = key_in(hot, "hot");
  Pump pump({ports(), 12, 64, [key](int, std::int64_t) { return key; }});
  sleep_ms(6'000);
  const Pump::Count count = pump.stop();
  EXPECT_GT(count.ok, 0);
  EXPECT_GT(count.busy, 0);
  EXPECT_EQ(count.others, 0) << count.other;
  for (const auto& other : others) {
    other->stop();
    EXPECT_EQ(other->failed(), 0) << other->complaint();
    EXPECT_GT(other->done(), 0);
  }
}

TEST_F(Overload, ClientsThatNeverReadTheirAnswersAreBounded) {
  constexpr std::size_t value_bytes = 1 << 20;
  constexpr int gets = 400;
  Redis writer(port(0), patience_ms);
  const std::string key = key_in(hot, "large");
  ASSERT_TRUE(writer.command({"SET", key, std::string(value_bytes, 'v')}).is("OK"));
  std::vector<std::unique_ptr<Modest>> others;
  for (int i = 0; i < 3; ++i) others.push_back(std::make_unique<Modest>(port(i), i));
  const auto served = [&] {
    std::int64_t sum = 0;
    for (const auto& other : others) sum += other->done();
    return sum;
  };
  sleep_ms(1'500);
  const std::int64_t calm = served();

  std::string flood;
  for (int i = 0; i < gets; ++i) flood += command_bytes({"GET", key});
  std::vector<int> deaf;
  for (int i = 0; i < 60; ++i) {
    deaf.push_back(connect_loopback(port(i)));
    ASSERT_GE(deaf.back(), 0);
    send_all(deaf.back(), flood);  // 24 GiB of answers, if all were given
  }
  sleep_ms(2'000);
  const std::int64_t before = served();
  sleep_ms(1'500);
  EXPECT_GT(served() - before, calm / 20) << "the others go on";
  for (const auto& other : others) {
    other->stop();
    EXPECT_EQ(other->failed(), 0) << other->complaint();
  }
  for (std::size_t i = 0; i < 3; ++i) {
    const auto status = cluster_->status(i);
    ASSERT_TRUE(status);
    const app::Json& clients = (*status)["memory"]["consumers"]["clients"];
    EXPECT_LE(clients["used"].number(), clients["bound"].number());
  }
  for (const int socket : deaf) ::close(socket);
}

// More than a queue between nodes takes: whoever asks for what finds no room there is refused at once, and
// does not wait for a time-out.
TEST_F(Overload, ManyReadersOfLargeValuesWaitForNoTimeOut) {
  constexpr int readers = 150;
  constexpr int values = 50;
  constexpr int rounds = 2;
  const std::string value(1'000'000, 'v');
  const auto key = [](int number) { return "wide:" + std::to_string(number % values); };
  Redis writer(port(0), patience_ms);
  for (int i = 0; i < values; ++i) ASSERT_TRUE(writer.command({"SET", key(i), value}).is("OK"));
  std::atomic<int> served = 0;
  std::atomic<int> refused = 0;
  std::atomic<std::int64_t> longest_ns = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < readers; ++i) {
    threads.emplace_back([&, i] {
      Redis client(port(0), patience_ms);
      for (int round = 0; round < rounds; ++round) {
        const Time began = edge::monotonic_time();
        const Answer answer = client.command({"GET", key(i + round)});
        if (answer.is(value)) ++served;
        if (answer.kind == Answer::Kind::error && answer.text.starts_with("TRYAGAIN")) ++refused;
        const std::int64_t took_ns = edge::monotonic_time() - began;
        for (std::int64_t most = longest_ns; most < took_ns;) longest_ns.compare_exchange_weak(most, took_ns);
      }
    });
  }
  for (std::thread& one : threads) one.join();
  EXPECT_GT(dropped(), 0) << "else it shows nothing";
  EXPECT_GT(served, readers) << refused << " refused";
  EXPECT_EQ(served + refused, readers * rounds);
  EXPECT_LT(longest_ns, 2 * election_timeout_ns) << "then what has not been answered is asked again";
}

TEST_F(Overload, AStoppedFollowerBoundsNobodyButItself) {
  ::kill(cluster_->nodes()[2].pid, SIGSTOP);
  const auto led = [&] {
    const auto status = cluster_->status(0);
    return status && (*status)["groups_without_leader"].number() == 0 &&
           (*status)["members"].items()[2]["leads"].number() == 0;
  };
  ASSERT_TRUE(eventually(30, led));
  Pump pump({{port(0), port(1)}, 8, 32 * 1024, [](int connection, std::int64_t number) {
               return "big:" + std::to_string(connection) + ":" + std::to_string(number % 500);
             }});
  sleep_ms(6'000);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto status = cluster_->status(i);
    ASSERT_TRUE(status);
    const app::Json& consumers = (*status)["memory"]["consumers"];
    EXPECT_LE(consumers["log"]["used"].number(),
              consumers["log"]["bound"].number() + consumers["moves"]["bound"].number() + (64 << 20))
        << "beside what was under way";
  }
  const Pump::Count count = pump.stop();
  EXPECT_GT(count.ok, 0);
  EXPECT_EQ(count.others, 0) << count.other;
  ::kill(cluster_->nodes()[2].pid, SIGCONT);
  EXPECT_TRUE(cluster_->wait_healthy(60));
}

TEST(MemoryBudgetFlag, TooLittleIsRefusedInWords) {
  const Finished finished = run({binary(), "start", "--data", "d", "--certs", "c", "--listen", "127.0.0.1:1",
                                 "--memory-budget", "100MiB", "--log-bytes-per-node", "90MiB"});
  EXPECT_EQ(finished.status, 2);
  EXPECT_NE(finished.output.find("memory_budget: must be at least 512MiB"), std::string::npos)
      << finished.output;
  EXPECT_NE(finished.output.find("are not enough"), std::string::npos) << finished.output;
}

}  // namespace
}  // namespace nodedb::e2e
