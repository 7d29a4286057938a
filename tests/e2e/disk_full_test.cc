// SPDX-License-Identifier: Apache-2.0
// A disk that fills up under a running node: writes are refused in words, reads go on, and writes resume by
// themselves once there is room. Needs to mount a small file system, so it runs as root or not at all.
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/e2e/support/cluster.h"
#include "tests/e2e/support/redis.h"
#include "tests/e2e/support/small_disk.h"

namespace nodedb::e2e {
namespace {

TEST(DiskFull, RefusesWritesKeepsReadsAndRecovers) {
  const TemporaryDirectory directory("nodedb-full");
  const std::string home = directory.path() + "/playground";
  const SmallDisk disk(home + "/node-1/data");
  if (!disk.mounted()) GTEST_SKIP() << "cannot mount a small file system here; run as root";
  std::string complaint;
  auto cluster = Cluster::start(home, 1, complaint);
  ASSERT_TRUE(cluster) << complaint;
  Redis client(cluster->nodes()[0].redis_port, 15'000);
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(client.command({"SET", "before" + std::to_string(i), std::to_string(i)}).is("OK"));

  disk.fill(1 << 20);
  Answer refused;
  for (int i = 0; i < 100 && refused.kind != Answer::Kind::error; ++i)
    refused = client.command({"SET", "during", "full"});
  EXPECT_TRUE(refused.text.starts_with("MISCONF") || refused.text.starts_with("TIMEOUT"))
      << refused.describe();
  // Once the node knows, the answer comes at once and says why.
  refused = client.command({"SET", "during", "full"});
  EXPECT_TRUE(refused.text.starts_with("MISCONF")) << refused.describe();
  for (int i = 0; i < 50; ++i)
    EXPECT_TRUE(client.command({"GET", "before" + std::to_string(i)}).is(std::to_string(i)));
  const auto status = cluster->status(0);
  ASSERT_TRUE(status);
  EXPECT_TRUE((*status)["disk_full"].boolean());

  disk.empty();
  Answer resumed;
  for (int i = 0; i < 100 && !resumed.is("OK"); ++i) {
    resumed = client.command({"SET", "after", "room"});
    if (!resumed.is("OK")) sleep_ms(50);
  }
  EXPECT_TRUE(resumed.is("OK")) << resumed.describe();
  EXPECT_TRUE(client.command({"GET", "after"}).is("room"));
}

}  // namespace
}  // namespace nodedb::e2e
