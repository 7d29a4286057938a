// SPDX-License-Identifier: Apache-2.0
// A vShard that is written to faster than its copy could follow moves all the same.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "tests/e2e/support/moving_cluster.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::e2e {
namespace {

constexpr int patience_ms = 20'000;
constexpr VShardId moving(5);

class Outrun : public MovingCluster<Outrun> {
 protected:
  static void SetUpTestSuite() {
    // Eight seconds of copy, in which there is room for 4 MiB of log; flushed often, so that the log may go.
    ::setenv("NODEDB_SNAPSHOT_BYTES_PER_SECOND", "2MiB", 1);
    ::setenv("NODEDB_LOG_BYTES_FOR_MOVE", "4MiB", 1);
    ::setenv("NODEDB_LOG_BYTES_PER_GROUP", "1MiB", 1);
    ::setenv("NODEDB_LOG_BYTES_PER_NODE", "4MiB", 1);
    start_moving("nodedb-outrun");
  }

  static std::string value_of(int number) {
    std::string value;
    for (unsigned i = 0; value.size() < 64 * 1024; ++i)
      value += std::to_string((static_cast<unsigned>(number) + 1) * 2'654'435'761U + i * i * 40'503U);
    return value;
  }
  static bool log_is_short(VShardId vshard) {
    const app::Json body = json_of(cli({"shard", "show", std::to_string(vshard.value)}));
    const auto& replicas = body["replicas"].items();
    return replicas.size() == 3 && std::ranges::all_of(replicas, [](const app::Json& replica) {
             const app::Json& bytes = replica["state"]["log_bytes"];
             return !bytes.is_null() && bytes.number() < 4 * 1024 * 1024;
           });
  }
  static std::string key_of(int number) { return key_in(moving, "fill" + std::to_string(number)); }
};

/// Writes to a few keys of the vShard as fast as they go; each answer must be the number of the write.
class Writer {
 public:
  Writer(int port, int number)
      : thread_([this, port, number] {
          Redis client(port, patience_ms);
          const std::string counter = key_in(moving, "count" + std::to_string(number));
          const std::string key = key_in(moving, "hot" + std::to_string(number));
          const std::string text(4096, 'x');
          while (!stop_) {
            const Answer set = client.command({"SET", key, text});
            const Answer counted = client.command({"INCR", counter});
            if (set.is("OK") && counted.is(++count_)) continue;
            complaint_ = set.describe() + ", " + counted.describe();
            return;
          }
        }) {}
  ~Writer() { stop(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  /// Empty if all went well. Pre: stopped.
  const std::string& complaint() const { return complaint_; }
  std::int64_t count() const { return count_; }

 private:
  std::atomic<bool> stop_ = false;
  std::string complaint_;
  std::int64_t count_ = 0;
  std::thread thread_;
};

TEST_F(Outrun, TheCopyEndsUnderHeavyWrites) {
  constexpr int values = 256;
  Redis client(ports()[0], patience_ms);
  for (int i = 0; i < values; ++i) ASSERT_TRUE(client.command({"SET", key_of(i), value_of(i)}).is("OK"));
  // A target that may still have everything from the log would be done before the writers could outrun it.
  ASSERT_TRUE(eventually(end_patience_s, [] { return log_is_short(moving); }));
  std::vector<std::unique_ptr<Writer>> writers;
  for (int i = 0; i < 16; ++i)
    writers.push_back(std::make_unique<Writer>(ports()[static_cast<std::size_t>(i) % 3], i));

  bool slowed = false;
  const Finished begun = start(moving.value, moving.value % 3 + 1, 4);
  ASSERT_EQ(begun.status, 0) << begun.output;
  const std::string id = first_id(begun);
  std::string how;
  std::int64_t copied = 0;
  for (int i = 0; i < 600 && how.empty(); ++i) {
    sleep_ms(100);
    const app::Json row = json_of(cli({"migration", "show", id}));
    how = row["outcome"].text();
    slowed = slowed || row["pace_bytes_per_second"].number() > 0;
    const std::int64_t now_copied = row["copied_bytes"].number();
    ASSERT_TRUE(now_copied == 0 || now_copied >= copied) << "the copy has begun again";
    copied = now_copied;
  }
  EXPECT_EQ(how, "completed");
  EXPECT_TRUE(slowed);
  for (std::size_t i = 0; i < writers.size(); ++i) {
    writers[i]->stop();
    EXPECT_EQ(writers[i]->complaint(), "") << "writer " << i;
    EXPECT_GT(writers[i]->count(), 0);
  }
  Redis there(ports()[newcomer], patience_ms);
  for (int i = 0; i < values; ++i) ASSERT_TRUE(there.command({"GET", key_of(i)}).is(value_of(i))) << i;
}

}  // namespace
}  // namespace nodedb::e2e
