// SPDX-License-Identifier: Apache-2.0

// The stores on a file system that is really full: a small tmpfs and somebody else's file that fills it.
// Needs the right to mount; skipped without.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "edge/disk/files.h"
#include "edge/rocks/data_directory.h"
#include "edge/rocks/log_store.h"
#include "edge/rocks/state_store.h"
#include "tests/edge/rocks/temporary_directory.h"

namespace nodedb::edge {
namespace {

class FullDisk : public testing::Test {
 protected:
  void SetUp() override {
    mounted_ = ::mount("tmpfs", path().c_str(), "tmpfs", 0, "size=48m") == 0;
    if (!mounted_) GTEST_SKIP() << "may not mount a tmpfs: not run as root";
  }
  void TearDown() override {
    if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
  }

  const std::string& path() const { return directory_.path(); }

  /// Leaves `left` bytes, or what is free if that is less.
  void fill(std::uint64_t left) {
    const auto free = free_bytes(path());
    ASSERT_TRUE(free);
    FileHandle file(::open((path() + "/filler").c_str(), O_CREAT | O_WRONLY, 0600));
    ASSERT_TRUE(file.valid());
    if (*free > left) {
      ASSERT_EQ(::posix_fallocate(file.get(), 0, static_cast<off_t>(*free - left)), 0);
    }
  }
  void make_room() { ::unlink((path() + "/filler").c_str()); }

  std::unique_ptr<RocksLogStore> open_log(std::uint64_t free_bytes_min) {
    LogStoreOptions options;
    options.directory = path();
    options.reserve = {.free_bytes_min = free_bytes_min, .ballast_bytes = 2u << 20};
    options.write_buffer_bytes = 1u << 20;
    auto store = open_log_store(options);
    EXPECT_TRUE(store) << store.error().detail;
    EXPECT_TRUE((*store)->load());
    return std::move(*store);
  }

  static Result<void> append(node::LogStore& store, std::uint64_t index) {
    node::LogBatch batch;
    node::GroupLogUpdate update;
    update.group = GroupId(3);
    if (index == 2) {
      update.base = node::LogBase{{Index(1), Term(1)}, {}};
      update.base->config.voters = {NodeId(1)};
    }
    update.append = {{Index(index), Term(1), raft::EntryKind::command, Blob(noise(10'000, index))}};
    batch.groups = {update};
    return store.write(std::span(&batch, 1));
  }

  static Bytes noise(std::size_t size, std::uint64_t seed) {
    Rng rng(seed);
    Bytes bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(rng.below(256));
    return bytes;
  }

 private:
  TemporaryDirectory directory_;
  bool mounted_ = false;
};

TEST_F(FullDisk, the_log_refuses_before_it_is_full_and_heals) {
  const auto store = open_log(8u << 20);
  ASSERT_TRUE(append(*store, 2));
  EXPECT_TRUE(exists(path() + "/RESERVE"));
  fill(9u << 20);
  std::uint64_t last = 2;
  Result<void> done;
  while ((done = append(*store, last + 1))) ++last;
  EXPECT_EQ(done.error().code, Code::disk_full) << done.error().detail;
  EXPECT_TRUE(exists(path() + "/RESERVE")) << "the first fence held";
  EXPECT_GE(*free_bytes(path()), 4u << 20);
  make_room();
  EXPECT_TRUE(append(*store, last + 1));
}

TEST_F(FullDisk, the_log_survives_being_surprised) {
  auto store = open_log(0);
  ASSERT_TRUE(append(*store, 2));
  fill(3u << 20);
  std::uint64_t last = 2;
  Result<void> done;
  while ((done = append(*store, last + 1))) ++last;
  EXPECT_EQ(done.error().code, Code::disk_full) << done.error().detail;
  EXPECT_FALSE(exists(path() + "/RESERVE")) << "the ballast was given up";
  make_room();
  ASSERT_TRUE(append(*store, last + 1));
  ASSERT_TRUE(append(*store, last + 2));
  store = nullptr;
  const auto log = open_log(0)->load();
  ASSERT_TRUE(log);
  EXPECT_EQ(log->groups.at(0).log.size(), last + 1);
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
        group, {Put{std::to_string(index), noise(10'000, index)}}, {Index(index), Term(1)}};
    return store.write(std::span(&update, 1));
  };
  ASSERT_TRUE(put(1));
  fill(512 * 1024);
  std::uint64_t last = 1;
  Result<void> done;
  while (last < 10'000 && (done = put(last + 1))) ++last;
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::disk_full) << done.error().detail;
  EXPECT_EQ(store.flush().error().code, Code::disk_full);
  EXPECT_EQ(store.view(group)->get(std::to_string(last)), noise(10'000, last));
  EXPECT_FALSE(store.view(group)->get(std::to_string(last + 1)));
  make_room();
  // RocksDB looks for room every few seconds.
  for (int i = 0; i < 600 && !store.flush(); ++i) ::usleep(50'000);
  ASSERT_TRUE(put(last + 1));
  ASSERT_TRUE(store.flush());
  EXPECT_EQ(store.view(group)->get(std::to_string(last + 1)), noise(10'000, last + 1));
}

TEST_F(FullDisk, the_boot_counter_does_not_rise_without_room) {
  const DirectoryOwner owner{};
  ASSERT_TRUE(DataDirectory::open(path() + "/data", owner));
  fill(0);
  const auto refused = DataDirectory::open(path() + "/data", owner);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::disk_full) << refused.error().detail;
  make_room();
  const auto again = DataDirectory::open(path() + "/data", owner);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->incarnation(), Incarnation(2));
}

}  // namespace
}  // namespace nodedb::edge
