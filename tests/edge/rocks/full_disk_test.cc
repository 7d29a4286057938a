// SPDX-License-Identifier: Apache-2.0

// The state store on a file system that is full.

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/edge/disk/full_disk.h"
#include "tests/edge/rocks/stores.h"

namespace nodedb::edge {
namespace {

Bytes noise_of(std::uint64_t seed) {
  Rng rng(seed);
  return noise(10'000, rng);
}

TEST_F(FullDisk, the_state_goes_on_reading_and_heals) {
  StateStoreOptions options;
  options.directory = path();
  options.write_buffer_bytes = 1u << 20;
  auto opened = open_state_store(options);
  ASSERT_TRUE(opened);
  node::StateStore& store = **opened;
  const GroupId group(3);
  const auto put = [&store, group](std::uint64_t index) {
    const node::GroupStateUpdate update{
        group, {Put{std::to_string(index), noise_of(index)}}, {Index(index), Term(1)}};
    return store.write({update});
  };
  ASSERT_TRUE(put(1));
  fill(512 * 1024);
  std::uint64_t last = 1;
  Result<void> done;
  while (last < 10'000 && (done = put(last + 1))) ++last;
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::disk_full) << done.error().detail;
  EXPECT_EQ(store.flush().error().code, Code::disk_full);
  EXPECT_EQ(store.view(group)->get(std::to_string(last)), noise_of(last));
  EXPECT_FALSE(store.view(group)->get(std::to_string(last + 1)));
  make_room();
  // RocksDB looks for room every few seconds.
  for (int i = 0; i < 600 && !store.flush(); ++i) ::usleep(50'000);
  ASSERT_TRUE(put(last + 1));
  ASSERT_TRUE(store.flush());
  EXPECT_EQ(store.view(group)->get(std::to_string(last + 1)), noise_of(last + 1));
}

}  // namespace
}  // namespace nodedb::edge
