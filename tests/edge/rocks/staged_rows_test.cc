// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>

#include "tests/edge/disk/full_disk.h"
#include "tests/edge/disk/temporary_directory.h"
#include "tests/edge/rocks/faulty_file_system.h"
#include "tests/edge/rocks/state_model.h"
#include "tests/edge/rocks/stores.h"

namespace nodedb::edge {
namespace {

constexpr GroupId coming{5};
constexpr raft::Position copied_at{Index(9), Term(4)};
constexpr int chunk_count = 24;
constexpr int rows_in_chunk = 16;

StateStoreOptions with_small_tables(const std::string& directory, rocksdb::Env* env = nullptr) {
  StateStoreOptions options;
  options.directory = directory;
  options.write_buffer_bytes = 1u << 20;
  options.table_bytes_min = 8'000;
  options.staged_bytes = 24'000;
  options.env = env;
  return options;
}

/// Of 4 kB.
RowMap chunk_of_rows(int number) {
  RowMap rows;
  Rng rng(static_cast<std::uint64_t>(number) + 1);
  for (int i = 0; i < rows_in_chunk; ++i)
    rows["key" + std::to_string(1'000 + number * rows_in_chunk + i)] = noise(250, rng);
  return rows;
}

RowMap all_rows_of(int chunks) {
  RowMap rows;
  for (int i = 0; i < chunks; ++i) rows.merge(chunk_of_rows(i));
  return rows;
}

Result<void> stage_chunks(node::StateStore& store, GroupId group, int chunks) {
  for (int i = 0; i < chunks; ++i) {
    if (auto done = store.stage(group, encode_rows(chunk_of_rows(i))); !done) return done;
  }
  return {};
}

std::ptrdiff_t tables_of(const std::string& directory) {
  return std::distance(std::filesystem::directory_iterator(directory + "/state/staged"), {});
}

TEST(StagedRows, many_come_as_tables_and_are_there_once_installed) {
  const TemporaryDirectory directory;
  auto store = open_store(with_small_tables(directory.path()));
  ASSERT_TRUE(stage_chunks(*store, coming, chunk_count));
  EXPECT_GE(tables_of(directory.path()), 3);
  EXPECT_TRUE(rows_in(*store->view(coming)).empty());
  ASSERT_TRUE(store->install(coming, copied_at, config_of(1)));
  EXPECT_EQ(tables_of(directory.path()), 0);
  EXPECT_EQ(rows_in(*store->view(coming)), all_rows_of(chunk_count));
  ASSERT_TRUE(store->flush());
  store = nullptr;
  store = open_store(with_small_tables(directory.path()));
  EXPECT_EQ(content_of(*store)->at(coming).rows, all_rows_of(chunk_count));
}

TEST(StagedRows, few_need_no_table) {
  const TemporaryDirectory directory;
  const auto store = open_store(with_small_tables(directory.path()));
  ASSERT_TRUE(stage_chunks(*store, coming, 2));
  EXPECT_EQ(tables_of(directory.path()), 0);
  ASSERT_TRUE(store->install(coming, copied_at, config_of(1)));
  EXPECT_EQ(rows_in(*store->view(coming)), all_rows_of(2));
}

TEST(StagedRows, groups_share_the_memory_that_keeps_them) {
  const TemporaryDirectory directory;
  StateMemory memory;
  StateStoreOptions options = with_small_tables(directory.path());
  options.memory = &memory;
  const auto store = open_store(options);
  std::size_t most = 0;
  for (int i = 0; i < chunk_count; ++i) {
    for (std::uint32_t group = 1; group <= 4; ++group)
      ASSERT_TRUE(store->stage(GroupId(group), encode_rows(chunk_of_rows(i))));
    most = std::max(most, memory.staged_bytes.load());
  }
  EXPECT_LE(most, 4 * 16'000u) << "a table is not begun below 8,000, and has a chunk of 4,000 at a time";
  for (std::uint32_t group = 1; group <= 4; ++group) {
    ASSERT_TRUE(store->install(GroupId(group), copied_at, config_of(1)));
    EXPECT_EQ(rows_in(*store->view(GroupId(group))), all_rows_of(chunk_count));
  }
  EXPECT_EQ(memory.staged_bytes, 0u);
}

TEST(StagedRows, an_install_replaces_what_another_has_installed) {
  const TemporaryDirectory directory;
  const auto store = open_store(with_small_tables(directory.path()));
  for (int round = 1; round <= 4; ++round) {
    ASSERT_TRUE(stage_chunks(*store, coming, chunk_count - round));
    ASSERT_TRUE(
        store->install(coming, {Index(static_cast<std::uint64_t>(10 * round)), Term(4)}, config_of(1)));
    ASSERT_EQ(rows_in(*store->view(coming)), all_rows_of(chunk_count - round));
    const auto done = round == 2 ? store->destroy(coming) : round == 3 ? store->flush() : Result<void>();
    ASSERT_TRUE(done);
  }
}

/// A table that a compaction is reading goes with it.
bool shrinks_below(const std::string& directory, std::uintmax_t bytes) {
  for (int i = 0; i < 1'000 && bytes_in(directory + "/state") >= bytes; ++i) ::usleep(10'000);
  return bytes_in(directory + "/state") < bytes;
}

TEST(StagedRows, the_tables_of_the_dead_go_with_the_next_flush) {
  const TemporaryDirectory directory;
  const auto store = open_store(with_small_tables(directory.path()));
  for (std::uint64_t round = 1; round <= 3; ++round) {
    ASSERT_TRUE(stage_chunks(*store, coming, chunk_count));
    ASSERT_TRUE(store->install(coming, {Index(10 * round), Term(4)}, config_of(1)));
    ASSERT_TRUE(store->begin_flush(coming)->get()->finish());
    EXPECT_TRUE(shrinks_below(directory.path(), 160'000)) << "what the install before had put there is gone";
    EXPECT_GT(bytes_in(directory.path() + "/state"), 90'000u);
  }
  ASSERT_TRUE(store->destroy(coming));
  ASSERT_TRUE(store->begin_flush(coming)->get()->finish());
  EXPECT_TRUE(shrinks_below(directory.path(), 40'000));
  ASSERT_TRUE(stage_chunks(*store, coming, chunk_count));
  ASSERT_TRUE(store->install(coming, {Index(50), Term(4)}, config_of(1)));
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(rows_in(*store->view(coming)), all_rows_of(chunk_count));
}

TEST(StagedRows, a_snapshot_keeps_the_tables_of_the_dead) {
  const TemporaryDirectory directory;
  const auto store = open_store(with_small_tables(directory.path()));
  ASSERT_TRUE(stage_chunks(*store, coming, chunk_count));
  ASSERT_TRUE(store->install(coming, copied_at, config_of(1)));
  auto pinned = store->snapshot(coming);
  ASSERT_TRUE(pinned);
  ASSERT_TRUE(store->destroy(coming));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(store->begin_flush(coming)->get()->finish());
  EXPECT_GT(bytes_in(directory.path() + "/state"), 90'000u);
  const auto rows = (*pinned)->read({}, 1u << 20);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->rows, encode_rows(all_rows_of(chunk_count)));
  EXPECT_TRUE(rows->done);
  pinned->reset();
  ASSERT_TRUE(store->begin_flush(coming)->get()->finish());
  EXPECT_TRUE(shrinks_below(directory.path(), 40'000));
}

/// A life after this one knows nothing of the numbers that were used.
TEST(StagedRows, a_group_made_anew_by_a_later_life_has_none_of_the_old_rows) {
  const TemporaryDirectory directory;
  for (int life = 0; life < 6; ++life) {
    const auto store = open_store(with_small_tables(directory.path()));
    ASSERT_TRUE(content_of(*store)->empty()) << "life " << life;
    const int chunks = chunk_count - 3 * life;
    ASSERT_TRUE(stage_chunks(*store, coming, chunks));
    ASSERT_TRUE(store->install(coming, copied_at, config_of(1)));
    ASSERT_EQ(rows_in(*store->view(coming)), all_rows_of(chunks)) << "life " << life;
    const auto flushed = life % 2 == 0 ? store->flush() : Result<void>();
    ASSERT_TRUE(flushed);
    ASSERT_TRUE(store->destroy(coming));
    ASSERT_TRUE(store->flush());
  }
}

TEST(StagedRows, what_is_discarded_leaves_nothing) {
  const TemporaryDirectory directory;
  const auto store = open_store(with_small_tables(directory.path()));
  ASSERT_TRUE(stage_chunks(*store, coming, chunk_count));
  ASSERT_TRUE(store->discard_staged(coming));
  EXPECT_EQ(tables_of(directory.path()), 0);
  ASSERT_TRUE(store->install(coming, copied_at, config_of(1)));
  EXPECT_TRUE(rows_in(*store->view(coming)).empty());
}

TEST(StagedRows, a_restart_forgets_them) {
  const TemporaryDirectory directory;
  auto store = open_store(with_small_tables(directory.path()));
  ASSERT_TRUE(stage_chunks(*store, coming, chunk_count));
  store = nullptr;
  EXPECT_GE(tables_of(directory.path()), 3);
  store = open_store(with_small_tables(directory.path()));
  EXPECT_EQ(tables_of(directory.path()), 0);
  EXPECT_TRUE(content_of(*store)->empty());
}

TEST(StagedRows, keys_that_do_not_rise_are_refused) {
  const TemporaryDirectory directory;
  const auto store = open_store(with_small_tables(directory.path()));
  ASSERT_TRUE(stage_chunks(*store, coming, 7));
  EXPECT_EQ(store->stage(coming, encode_rows(chunk_of_rows(6))).error().code, Code::malformed);
  ASSERT_TRUE(store->stage(coming, encode_rows(chunk_of_rows(7)))) << "nothing of what was refused happened";
  ASSERT_TRUE(store->install(coming, copied_at, config_of(1)));
  EXPECT_EQ(rows_in(*store->view(coming)), all_rows_of(8));
}

/// Wherever the room ends, in a table, at its end, or where RocksDB takes it over: what failed is done again.
TEST(StagedRows, a_full_disk_loses_none) {
  int full = 0;
  for (std::int64_t room = 0; room < 130'000; room += 1'700) {
    const TemporaryDirectory directory;
    FaultyEnvironment faulty;
    auto store = open_store(with_small_tables(directory.path(), faulty.env.get()));
    faulty.faults.log_files_only = false;
    faulty.faults.room = room;
    const auto done_again = [&](const auto& attempt) {
      auto done = attempt();
      if (!done) {
        ++full;
        EXPECT_EQ(done.error().code, Code::disk_full) << done.error().detail;
      }
      faulty.faults.room = done ? faulty.faults.room.load() : -1;
      for (int i = 0; i < 600 && !done; ++i) {
        done = attempt();
        if (!done) ::usleep(10'000);
      }
      ASSERT_TRUE(done) << done.error().detail;
    };
    for (int i = 0; i < chunk_count; ++i)
      done_again([&] { return store->stage(coming, encode_rows(chunk_of_rows(i))); });
    done_again([&] { return store->install(coming, copied_at, config_of(1)); });
    faulty.faults.room = -1;
    ASSERT_EQ(rows_in(*store->view(coming)), all_rows_of(chunk_count)) << "room " << room;
    for (int i = 0; i < 600 && !store->flush(); ++i) ::usleep(10'000);
    store = nullptr;
    store = open_store(with_small_tables(directory.path()));
    ASSERT_EQ(content_of(*store)->at(coming).rows, all_rows_of(chunk_count)) << "room " << room;
  }
  EXPECT_GT(full, 40);
}

TEST(StagedRows, a_failed_sync_of_a_table_stops_the_store) {
  const TemporaryDirectory directory;
  FaultyEnvironment faulty;
  const auto store = open_store(with_small_tables(directory.path(), faulty.env.get()));
  faulty.faults.log_files_only = false;
  faulty.faults.good_syncs = 0;
  EXPECT_EQ(stage_chunks(*store, coming, chunk_count).error().code, Code::disk_failed);
  EXPECT_EQ(store->install(coming, copied_at, config_of(1)).error().code, Code::disk_failed);
}

using StagedRowsOnFullDisk = FullDisk;

TEST_F(StagedRowsOnFullDisk, go_on_once_there_is_room) {
  auto store = open_store(with_small_tables(path()));
  fill(40'000);
  int staged = 0;
  Result<void> done;
  while (staged < chunk_count && (done = store->stage(coming, encode_rows(chunk_of_rows(staged))))) ++staged;
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::disk_full) << done.error().detail;
  make_room();
  for (; staged < chunk_count; ++staged)
    ASSERT_TRUE(store->stage(coming, encode_rows(chunk_of_rows(staged))));
  ASSERT_TRUE(store->install(coming, copied_at, config_of(1)));
  EXPECT_EQ(rows_in(*store->view(coming)), all_rows_of(chunk_count));
}

}  // namespace
}  // namespace nodedb::edge
