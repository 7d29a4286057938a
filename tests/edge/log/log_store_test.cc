// SPDX-License-Identifier: Apache-2.0
// The log store over real files: what it holds, what it takes on disk, and what it says of damage.

#include "edge/log/log_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "edge/disk/files.h"
#include "edge/log/replay.h"
#include "edge/log/segment.h"
#include "tests/edge/disk/temporary_directory.h"
#include "tests/edge/log/log_model.h"
#include "tests/edge/log/store_test_support.h"

namespace nodedb::edge {
namespace {

namespace fs = std::filesystem;
using namespace test;

Bytes content_of(const std::string& path) {
  return **read_file(path, SIZE_MAX);
}

void replace(const std::string& path, const Bytes& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

std::string first_segment(const TemporaryDirectory& directory) {
  return directory.path() + "/log/0001.seg";
}

/// Five acknowledged appends of so many bytes; where each of their records begins, and the end of the last.
std::vector<std::size_t> five_appends(const TemporaryDirectory& directory, std::size_t payload_bytes) {
  const auto store = open(small_options(directory.path()));
  EXPECT_TRUE(write(*store, first_batch()));
  std::vector<std::size_t> places{header_bytes + sector_bytes};
  for (std::uint64_t i = 2; i <= 6; ++i) {
    EXPECT_TRUE(write(*store, append(i, Bytes(payload_bytes, static_cast<char>('a' + i)))));
    const Bytes content = content_of(first_segment(directory));
    std::size_t end = places.back() + sector_bytes;
    while (content[end] != '\0' || content[end + 8] != '\0') end += sector_bytes;
    places.push_back(end);
  }
  return places;
}

void expect_damage(const TemporaryDirectory& directory, const std::string& words) {
  const auto store = open_log_store(small_options(directory.path()));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::damaged) << store.error().detail;
  EXPECT_NE(store.error().detail.find(words), std::string::npos) << store.error().detail;
  EXPECT_NE(store.error().detail.find("aside"), std::string::npos);
}

TEST(LogStore, starts_empty) {
  const TemporaryDirectory directory;
  const auto store = open(small_options(directory.path()));
  const auto log = loaded(*store);
  EXPECT_FALSE(log.identity);
  EXPECT_TRUE(log.groups.empty());
  EXPECT_EQ(store->notice(), "");
}

TEST(LogStore, applies_the_fields_of_an_update_in_their_order) {
  const TemporaryDirectory directory;
  auto store = open(small_options(directory.path()));
  ASSERT_TRUE(write(*store, first_batch()));
  node::GroupLogUpdate update;
  update.group = the_group;
  update.append = {entry(2, "a"), entry(3, "b"), entry(4, "c"), entry(5, "d")};
  ASSERT_TRUE(write(*store, {{update}, Bytes("me")}));
  node::GroupLogUpdate change;
  change.group = the_group;
  change.truncate_from = Index(4);
  change.base = base_at(2);
  change.append = {entry(4, "new")};
  ASSERT_TRUE(write(*store, batch_of(change)));
  store = nullptr;
  const auto log = loaded(*open(small_options(directory.path())));
  EXPECT_EQ(log.identity, Bytes("me"));
  ASSERT_EQ(log.groups.size(), 1u);
  EXPECT_EQ(log.groups[0].base, *change.base);
  EXPECT_EQ(log.groups[0].log, (std::vector<raft::Entry>{entry(3, "b"), entry(4, "new")}));
  EXPECT_EQ(log.groups[0].hard, (raft::HardState{Term(1), NodeId(2), Index(1)}));
}

TEST(LogStore, a_group_can_be_destroyed_and_made_again_in_one_write) {
  const TemporaryDirectory directory;
  auto store = open(small_options(directory.path()));
  ASSERT_TRUE(write(*store, first_batch()));
  for (std::uint64_t i = 2; i < 60; ++i) ASSERT_TRUE(write(*store, append(i, "old")));
  node::GroupLogUpdate gone;
  gone.group = the_group;
  gone.destroy = true;
  const std::vector<node::LogBatch> batches = {batch_of(gone), first_batch(), append(2, "new")};
  ASSERT_TRUE(store->write(batches));
  store = nullptr;
  const auto log = loaded(*open(small_options(directory.path())));
  ASSERT_EQ(log.groups.size(), 1u);
  EXPECT_EQ(log.groups[0].log, std::vector<raft::Entry>{entry(2, "new")});
}

TEST(LogStore, holds_what_a_model_holds_across_restarts) {
  const TemporaryDirectory directory;
  Rng rng(11);
  LogModel model;
  for (int life = 0; life < 12; ++life) {
    const auto store = open(small_options(directory.path()));
    ASSERT_NE(store, nullptr);
    ASSERT_TRUE(same(loaded(*store), model.stored())) << "life " << life;
    for (int round = 0; round < 40; ++round) {
      std::vector<node::LogBatch> batches;
      for (std::uint64_t i = rng.below(3); i > 0; --i) {
        batches.push_back(model.random_batch(rng));
        model.apply(batches.back());
      }
      ASSERT_TRUE(store->write(batches));
    }
    ASSERT_TRUE(same(loaded(*store), model.stored())) << "life " << life;
  }
}

TEST(LogStore, a_write_may_be_larger_than_a_segment) {
  const TemporaryDirectory directory;
  auto store = open(small_options(directory.path()));
  ASSERT_TRUE(write(*store, first_batch()));
  ASSERT_TRUE(write(*store, append(2, Bytes(300'000, 'x'))));
  ASSERT_TRUE(write(*store, append(3, "y")));
  store = nullptr;
  const auto log = loaded(*open(small_options(directory.path())));
  EXPECT_EQ(log.groups.at(0).log, (std::vector<raft::Entry>{entry(2, Bytes(300'000, 'x')), entry(3, "y")}));
}

/// One group that is compacted as it grows, and others that sleep on what they wrote at the beginning.
TEST(LogStore, a_sleeping_group_pins_no_segment) {
  const TemporaryDirectory directory;
  auto store = open(small_options(directory.path()));
  constexpr std::uint32_t sleepers = 40;
  for (std::uint32_t group = 100; group < 100 + sleepers; ++group) {
    ASSERT_TRUE(write(*store, first_batch(GroupId(group))));
    ASSERT_TRUE(write(*store, append(2, "asleep " + std::to_string(group), GroupId(group))));
  }
  ASSERT_TRUE(write(*store, {{}, Bytes("me")}));
  ASSERT_TRUE(write(*store, first_batch()));
  std::uint64_t last = 1;
  for (int round = 0; round < 300; ++round) {
    node::GroupLogUpdate update;
    update.group = the_group;
    update.base = base_at(last);
    for (int i = 0; i < 100; ++i) update.append.push_back(entry(++last, Bytes(500, 'x')));
    ASSERT_TRUE(write(*store, batch_of(update)));
  }
  EXPECT_LT(bytes_in(directory.path() + "/log"), 1u << 20) << "15 MB went through";
  store = nullptr;
  const auto log = loaded(*open(small_options(directory.path())));
  EXPECT_EQ(log.identity, Bytes("me"));
  ASSERT_EQ(log.groups.size(), sleepers + 1);
  for (std::uint32_t i = 0; i < sleepers; ++i) {
    const node::StoredGroup& group = log.groups[i + 1];
    EXPECT_EQ(group.group, GroupId(100 + i));
    EXPECT_EQ(group.hard, (raft::HardState{Term(1), NodeId(2), Index(1)}));
    EXPECT_EQ(group.log, std::vector<raft::Entry>{entry(2, "asleep " + std::to_string(100 + i))});
  }
}

/// What is said again comes in pieces that do not grow with each other: no write waits for a whole segment.
TEST(LogStore, restating_keeps_its_pace) {
  const TemporaryDirectory directory;
  LogStoreOptions options = small_options(directory.path());
  options.segment_bytes = 4u << 20;
  auto store = open(options);
  constexpr std::uint32_t sleepers = 100;
  for (std::uint32_t group = 100; group < 100 + sleepers; ++group) {
    ASSERT_TRUE(write(*store, first_batch(GroupId(group))));
    ASSERT_TRUE(write(*store, append(2, Bytes(30'000, 's'), GroupId(group))));
  }
  ASSERT_TRUE(write(*store, first_batch()));
  constexpr std::uint64_t written_bytes = 100'000;
  for (std::uint64_t last = 1; last < 600; ++last) {
    node::GroupLogUpdate update;
    update.group = the_group;
    update.base = base_at(last);
    update.append.push_back(entry(last + 1, Bytes(written_bytes, 'x')));
    ASSERT_TRUE(write(*store, batch_of(update)));
  }
  const auto files = system_files(directory.path() + "/log", Access::read_only);
  const auto segments = open_segments(*files);
  ASSERT_TRUE(segments);
  std::uint64_t restated = 0, most = 0;
  const auto end = read_records(files->directory(), *segments, [&](ReadRecord read) {
    std::uint64_t bytes = 0;
    for (const LogItem& item : read.record.items)
      if (item.restated)
        for (const raft::Entry& one : item.update.append) bytes += one.payload.size();
    restated += bytes;
    most = std::max(most, bytes);
  });
  ASSERT_TRUE(end);
  EXPECT_GE(restated, sleepers * 30'000);
  EXPECT_LE(most, 5 * written_bytes);
}

/// Records of sleepers that are smaller and larger than what is read of a segment at a time.
TEST(LogStore, large_records_are_said_again_whole) {
  const TemporaryDirectory directory;
  LogStoreOptions options = small_options(directory.path());
  options.segment_bytes = 4u << 20;
  auto store = open(options);
  const std::size_t sizes[] = {1'500'000, 10'000, 700'000, 523'000, 5'200'000, 100};
  const auto payload_of = [](std::size_t bytes) { return Bytes(bytes, static_cast<char>('a' + bytes % 23)); };
  for (const std::size_t bytes : sizes) {
    const GroupId group(static_cast<std::uint32_t>(bytes));
    ASSERT_TRUE(write(*store, first_batch(group)));
    ASSERT_TRUE(write(*store, append(2, payload_of(bytes), group)));
  }
  ASSERT_TRUE(write(*store, first_batch()));
  for (std::uint64_t last = 1; last < 1'500; ++last) {
    node::GroupLogUpdate update;
    update.group = the_group;
    update.base = base_at(last);
    update.append.push_back(entry(last + 1, Bytes(100'000, 'x')));
    ASSERT_TRUE(write(*store, batch_of(update)));
  }
  store = nullptr;
  const auto files = system_files(directory.path() + "/log", Access::read_only);
  const auto segments = open_segments(*files);
  ASSERT_TRUE(segments);
  std::uint64_t restated = 0;
  ASSERT_TRUE(read_records(files->directory(), *segments, [&](ReadRecord read) {
    for (const LogItem& item : read.record.items)
      if (item.restated) restated += item.update.append.size();
  }));
  EXPECT_GE(restated, std::size(sizes)) << "each lay in a segment that was in the way";
  const auto log = loaded(*open(options));
  for (const std::size_t bytes : sizes) {
    const auto found =
        std::ranges::find(log.groups, GroupId(static_cast<std::uint32_t>(bytes)), &node::StoredGroup::group);
    ASSERT_NE(found, log.groups.end());
    EXPECT_EQ(found->log, std::vector<raft::Entry>{entry(2, payload_of(bytes))});
  }
}

TEST(LogStore, the_last_record_torn_anywhere_loses_that_record_only) {
  const TemporaryDirectory directory;
  constexpr std::size_t payload_bytes = 1'300;
  const auto places = five_appends(directory, payload_bytes);
  const Bytes whole = content_of(first_segment(directory));
  for (std::size_t torn = places[4]; torn < places[4] + payload_bytes; torn += 64) {
    Bytes bad = whole;
    std::fill_n(bad.begin() + static_cast<std::ptrdiff_t>(torn), places[5] - torn, '\0');
    replace(first_segment(directory), bad);
    const auto store = open(small_options(directory.path()));
    ASSERT_NE(store, nullptr) << torn;
    EXPECT_EQ(loaded(*store).groups.at(0).log.size(), 4u) << torn;
    EXPECT_EQ(store->notice().empty(), torn == places[4]);
    ASSERT_TRUE(write(*store, append(6, "again")));
    EXPECT_EQ(loaded(*store).groups.at(0).log.size(), 5u);
  }
}

TEST(LogStore, a_flipped_bit_in_the_last_record_cuts_it_and_before_is_refused) {
  for (const std::size_t payload : {std::size_t{50}, std::size_t{7'000}}) {
    const TemporaryDirectory directory;
    const auto places = five_appends(directory, payload);
    const Bytes whole = content_of(first_segment(directory));
    Rng rng(payload);
    for (int round = 0; round < 100; ++round) {
      const std::size_t which = rng.below(5);
      const std::size_t bytes = frame_head_bytes + payload;
      const std::size_t at = places[which] + rng.below(bytes);
      Bytes bad = whole;
      bad[at] = static_cast<char>(bad[at] ^ (1 << rng.below(8)));
      replace(first_segment(directory), bad);
      if (which < 4) {
        expect_damage(directory, "0001.seg: no whole record at byte " + std::to_string(places[which]));
        continue;
      }
      const auto store = open(small_options(directory.path()));
      ASSERT_NE(store, nullptr);
      EXPECT_EQ(loaded(*store).groups.at(0).log.size(), 4u) << at;
    }
  }
}

TEST(LogStore, damage_that_is_taken_for_the_end_loses_acknowledged_entries) {
  const TemporaryDirectory directory;
  const auto places = five_appends(directory, 50);
  Bytes bad = content_of(first_segment(directory));
  bad[places[2] + 20] ^= 1;
  replace(first_segment(directory), bad);
  LogStoreOptions options = small_options(directory.path());
  options.bugs.damage_is_torn = true;
  EXPECT_EQ(loaded(*open(options)).groups.at(0).log.size(), 2u) << "the planted bug bites no more";
}

TEST(LogStore, a_damaged_header_is_refused) {
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{9}, std::size_t{13}, std::size_t{20}, std::size_t{28}}) {
    const TemporaryDirectory directory;
    five_appends(directory, 10);
    Bytes bad = content_of(first_segment(directory));
    bad[at] ^= 4;
    replace(first_segment(directory), bad);
    expect_damage(directory, "0001.seg");
  }
}

TEST(LogStore, a_segment_that_is_cut_short_is_refused) {
  const TemporaryDirectory directory;
  five_appends(directory, 10);
  replace(first_segment(directory), content_of(first_segment(directory)).substr(0, 9'000));
  expect_damage(directory, "0001.seg has 9000 bytes instead of 65536");
}

/// Several segments, none of which is needed by itself.
void fill_segments(const TemporaryDirectory& directory) {
  const auto store = open(small_options(directory.path()));
  ASSERT_TRUE(write(*store, first_batch()));
  for (std::uint64_t i = 2; i < 40; ++i) ASSERT_TRUE(write(*store, append(i, Bytes(6'000, 'x'))));
}

TEST(LogStore, a_missing_segment_is_refused) {
  const TemporaryDirectory directory;
  fill_segments(directory);
  fs::rename(directory.path() + "/log/0002.seg", directory.path() + "/0002.seg");
  expect_damage(directory, "0003.seg is segment 3 where 2 should follow");
}

TEST(LogStore, a_missing_first_segment_is_refused) {
  const TemporaryDirectory directory;
  fill_segments(directory);
  fs::remove(directory.path() + "/log/0001.seg");
  expect_damage(directory, "group 7 has no base");
}

TEST(LogStore, a_record_lost_at_a_segments_end_is_refused) {
  const TemporaryDirectory directory;
  fill_segments(directory);
  const Bytes whole = content_of(first_segment(directory));
  Bytes bad = whole;
  // The last record of the first segment that was written: behind it is only what was zero from the start.
  const std::size_t last = whole.rfind(Bytes(100, 'x'));
  ASSERT_NE(last, Bytes::npos);
  bad[last] ^= 1;
  replace(first_segment(directory), bad);
  expect_damage(directory, "0002.seg");
}

TEST(LogStore, a_foreign_file_is_refused) {
  const TemporaryDirectory directory;
  five_appends(directory, 10);
  replace(directory.path() + "/log/CURRENT", "MANIFEST-000004\n");
  expect_damage(directory, "CURRENT is not a segment of the log");
}

TEST(LogStore, an_unfinished_segment_is_removed) {
  const TemporaryDirectory directory;
  five_appends(directory, 10);
  const std::string unfinished = directory.path() + "/log/0009.seg.new";
  replace(unfinished, "zeros");
  EXPECT_EQ(loaded(*open(small_options(directory.path()))).groups.at(0).log.size(), 5u);
  EXPECT_FALSE(exists(unfinished));
}

TEST(LogStore, files_are_for_their_owner_only) {
  const TemporaryDirectory directory;
  five_appends(directory, 10);
  for (const auto& file : fs::directory_iterator(directory.path() + "/log")) {
    EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write) << file;
  }
}

TEST(LogStore, refuses_writes_below_the_reserve) {
  const TemporaryDirectory directory;
  LogStoreOptions options = small_options(directory.path());
  options.free_bytes_min = std::uint64_t{1} << 60;
  const auto store = open(options);
  const auto refused = write(*store, first_batch());
  EXPECT_EQ(refused.error().code, Code::disk_full);
  EXPECT_NE(refused.error().detail.find("MiB left"), std::string::npos);
  EXPECT_TRUE(loaded(*store).groups.empty());
}

}  // namespace
}  // namespace nodedb::edge
