// SPDX-License-Identifier: Apache-2.0
// The log store on a disk that has no room, fails, or is killed with its process.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/edge/disk/full_disk.h"
#include "tests/edge/disk/temporary_directory.h"
#include "tests/edge/log/forgetful_files.h"
#include "tests/edge/log/log_model.h"
#include "tests/edge/log/store_test_support.h"

namespace nodedb::edge {
namespace {

using namespace test;

struct Faults {
  int good_writes = -1;  ///< until one fails for lack of room; negative: none fails
  int good_syncs = -1;
};

class FaultyFile final : public SegmentFile {
 public:
  FaultyFile(std::unique_ptr<SegmentFile> file, Faults& faults) : file_(std::move(file)), faults_(faults) {}
  std::uint64_t bytes() const override { return file_->bytes(); }
  Result<Bytes> read(std::uint64_t offset, std::uint64_t bytes) const override {
    return file_->read(offset, bytes);
  }
  Result<void> write(std::uint64_t offset, BytesView bytes) override {
    if (faults_.good_writes == 0) {
      // As the kernel does it: what fits is there.
      EXPECT_TRUE(file_->write(offset, bytes.substr(0, bytes.size() / 2)));
      return fail(Code::disk_full, "no room");
    }
    --faults_.good_writes;
    return file_->write(offset, bytes);
  }
  Result<void> sync() override {
    if (faults_.good_syncs == 0) return fail(Code::disk_failed, "the sync failed");
    --faults_.good_syncs;
    return file_->sync();
  }
  void start_sync(std::uint64_t, std::uint64_t) override {}

 private:
  std::unique_ptr<SegmentFile> file_;
  Faults& faults_;
};

class FaultyFiles final : public SegmentFiles {
 public:
  FaultyFiles(Disk& disk, Faults& faults) : files_(disk), faults_(faults) {}
  const std::string& directory() const override { return files_.directory(); }
  Result<std::vector<std::string>> list() override { return files_.list(); }
  Result<std::unique_ptr<SegmentFile>> open(const std::string& name) override {
    return wrap(files_.open(name));
  }
  Result<std::unique_ptr<SegmentFile>> create(const std::string& name, std::uint64_t bytes) override {
    return wrap(files_.create(name, bytes));
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  Result<void> remove(const std::string& name) override { return files_.remove(name); }

 private:
  Result<std::unique_ptr<SegmentFile>> wrap(Result<std::unique_ptr<SegmentFile>> file) {
    if (!file) return file;
    return std::make_unique<FaultyFile>(std::move(*file), faults_);
  }
  ForgetfulFiles files_;
  Faults& faults_;
};

std::unique_ptr<SegmentLogStore> open_on(Disk& disk, Faults& faults) {
  auto store = open_log_store(small_options(), std::make_unique<FaultyFiles>(disk, faults));
  EXPECT_TRUE(store) << store.error().detail;
  return store ? std::move(*store) : nullptr;
}

TEST(Trouble, a_failed_sync_stops_the_store_for_good) {
  Disk disk;
  Faults faults;
  auto store = open_on(disk, faults);
  ASSERT_TRUE(write(*store, first_batch()));
  // By then the next segment is there, and records alone are synced.
  for (std::uint64_t i = 2; i < 6; ++i) ASSERT_TRUE(write(*store, append(i, "a")));
  faults.good_syncs = 1;
  ASSERT_TRUE(write(*store, append(6, "a")));
  EXPECT_EQ(write(*store, append(7, "b")).error().code, Code::disk_failed);
  faults.good_syncs = -1;
  EXPECT_EQ(write(*store, append(7, "b")).error().code, Code::disk_failed);
  EXPECT_EQ(store->load().error().code, Code::disk_failed);
  EXPECT_GE(loaded(*open_on(disk, faults)).groups.at(0).log.size(), 5u);
}

TEST(Trouble, no_room_for_another_segment_refuses_and_heals) {
  Disk disk;
  Faults faults;
  disk.room = 4 * 64 * 1024;
  auto store = open_on(disk, faults);
  ASSERT_TRUE(write(*store, first_batch()));
  std::uint64_t last = 1;
  Result<void> done;
  while (last < 1'000 && (done = write(*store, append(last + 1, Bytes(5'000, 'x'))))) ++last;
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::disk_full) << done.error().detail;
  EXPECT_GT(last, 4 * 10u) << "what was allocated is used to its end";
  EXPECT_EQ(loaded(*store).groups.at(0).log.size(), last - 1) << "nothing of the refused write is there";
  for (int again = 0; again < 3; ++again) {
    EXPECT_EQ(write(*store, append(last + 1, Bytes(5'000, 'x'))).error().code, Code::disk_full);
  }
  disk.room = UINT64_MAX;
  ASSERT_TRUE(write(*store, append(last + 1, "y")));
  EXPECT_EQ(loaded(*open_on(disk, faults)).groups.at(0).log.size(), last);
}

/// Where a file system copies on write, even a part that was allocated may find no room.
TEST(Trouble, a_record_that_finds_no_room_is_invisible_and_can_be_tried_again) {
  Disk disk;
  Faults faults;
  auto store = open_on(disk, faults);
  ASSERT_TRUE(write(*store, first_batch()));
  // The next segment is in the making: its pieces are the writes in between.
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(write(*store, append(static_cast<std::uint64_t>(i) + 2, "a")));
  faults.good_writes = 0;
  EXPECT_EQ(write(*store, append(8, Bytes(4'000, 'b'))).error().code, Code::disk_full);
  EXPECT_EQ(loaded(*open_on(disk, faults)).groups.at(0).log.size(), 6u);
  faults.good_writes = -1;
  ASSERT_TRUE(write(*store, append(8, "c")));
  EXPECT_EQ(loaded(*open_on(disk, faults)).groups.at(0).log.back(), entry(8, "c"));
}

class FullLogDisk : public FullDisk {
 protected:
  std::unique_ptr<SegmentLogStore> open_log(std::uint64_t free_bytes_min) const {
    LogStoreOptions options = small_options(path());
    options.free_bytes_min = free_bytes_min;
    options.segment_bytes = 1u << 20;
    return open(options);
  }
  /// Until a write is refused; the last index that was written.
  static std::uint64_t write_until_refused(node::LogStore& store, std::uint64_t last) {
    Result<void> done;
    while (last < 100'000 && (done = write(store, append(last + 1, Bytes(10'000, 'x'))))) ++last;
    EXPECT_FALSE(done);
    EXPECT_EQ(done ? Code::busy : done.error().code, Code::disk_full);
    return last;
  }
};

TEST_F(FullLogDisk, refuses_before_it_is_full_and_heals) {
  const auto store = open_log(8u << 20);
  ASSERT_TRUE(write(*store, first_batch()));
  fill(10u << 20);
  const std::uint64_t last = write_until_refused(*store, 1);
  EXPECT_GE(*free_bytes(path()), 6u << 20);
  make_room();
  EXPECT_TRUE(write(*store, append(last + 1, "y")));
}

TEST_F(FullLogDisk, survives_being_surprised) {
  auto store = open_log(0);
  ASSERT_TRUE(write(*store, first_batch()));
  fill(3u << 20);
  const std::uint64_t last = write_until_refused(*store, 1);
  EXPECT_GT(last, 300u) << "what was free was used";
  make_room();
  ASSERT_TRUE(write(*store, append(last + 1, "y")));
  store = nullptr;
  EXPECT_EQ(loaded(*open_log(0)).groups.at(0).log.size(), last);
}

/// A child writes; it is killed at the sight of some acknowledgement.
std::uint32_t write_until_killed(const std::string& directory, std::uint64_t seed, std::uint32_t kill_after) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = open_log_store(small_options(directory));
    if (!store) ::_exit(1);
    LogModel model;
    model.apply(*(*store)->load());
    Rng rng(seed);
    for (std::uint32_t i = 1;; ++i) {
      const node::LogBatch batch = model.random_batch(rng, 2'000);
      model.apply(batch);
      if (!write(**store, batch) || ::write(ends[1], &i, sizeof(i)) != sizeof(i)) ::_exit(2);
    }
  }
  ::close(ends[1]);
  std::uint32_t acknowledged = 0;
  while (::read(ends[0], &acknowledged, sizeof(acknowledged)) == sizeof(acknowledged)) {
    if (acknowledged == kill_after) ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child failed by itself: " << status;
  return acknowledged;
}

TEST(Trouble, a_kill_leaves_the_log_whole) {
  const TemporaryDirectory directory;
  const char* const wanted = std::getenv("NODEDB_CRASH_LIVES");
  const int lives = wanted == nullptr ? 20 : std::atoi(wanted);
  Rng luck(2);
  LogModel before;
  for (int life = 0; life < lives; ++life) {
    const std::uint64_t seed = luck.next();
    const std::uint32_t acknowledged =
        write_until_killed(directory.path(), seed, static_cast<std::uint32_t>(1 + luck.below(120)));
    const node::StoredLog after = loaded(*open(small_options(directory.path())));
    // All that was acknowledged; and the child may have gone on for a while before the signal came.
    LogModel model = before;
    Rng rng(seed);
    bool found = false;
    for (std::uint32_t steps = 1; !found && steps < acknowledged + 10'000; ++steps) {
      model.apply(model.random_batch(rng, 2'000));
      found = steps >= acknowledged && same(after, model.stored());
    }
    ASSERT_TRUE(found) << "life " << life << ", acknowledged " << acknowledged;
    before = model;
  }
}

}  // namespace
}  // namespace nodedb::edge
