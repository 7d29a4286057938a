// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/log_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "edge/disk/files.h"
#include "edge/rocks/log_database.h"
#include "edge/rocks/log_reader.h"
#include "edge/rocks/wal_check.h"
#include "tests/edge/rocks/faulty_file_system.h"
#include "tests/edge/rocks/log_model.h"
#include "tests/edge/rocks/temporary_directory.h"
#include "wire/log_record.h"

namespace nodedb::edge {
namespace {

namespace fs = std::filesystem;

LogStoreOptions options_in(const TemporaryDirectory& directory, rocksdb::Env* env = nullptr) {
  LogStoreOptions options;
  options.directory = directory.path();
  options.reserve = {.free_bytes_min = 1u << 20, .ballast_bytes = 1u << 20};
  options.write_buffer_bytes = 256 * 1024;
  options.env = env;
  return options;
}

std::unique_ptr<RocksLogStore> open(const LogStoreOptions& options) {
  auto store = open_log_store(options);
  EXPECT_TRUE(store) << store.error().detail;
  return store ? std::move(*store) : nullptr;
}

node::StoredLog loaded(node::LogStore& store) {
  auto log = store.load();
  EXPECT_TRUE(log) << log.error().detail;
  return log ? std::move(*log) : node::StoredLog{};
}

raft::Entry entry(std::uint64_t index, std::string payload) {
  return {Index(index), Term(1), raft::EntryKind::command, Blob(std::move(payload))};
}

node::LogBatch first_batch(GroupId group = GroupId(7)) {
  node::GroupLogUpdate update;
  update.group = group;
  update.hard = raft::HardState{Term(1), NodeId(2), Index(1)};
  update.base = node::LogBase{{Index(1), Term(1)}, {}};
  update.base->config.voters = {NodeId(1)};
  return {{update}, std::nullopt};
}

node::LogBatch append(std::uint64_t index, std::string payload) {
  node::GroupLogUpdate update;
  update.group = GroupId(7);
  update.append = {entry(index, std::move(payload))};
  return {{update}, std::nullopt};
}

Result<void> write(node::LogStore& store, node::LogBatch batch) {
  return store.write(std::span(&batch, 1));
}

std::string newest_wal(const std::string& directory) {
  std::string newest;
  for (const auto& file : fs::directory_iterator(directory + "/log")) {
    const bool wal = file.path().extension() == ".log" && file.file_size() > 0;
    if (wal) newest = std::max(newest, file.path().string());
  }
  return newest;
}

Bytes content_of(const std::string& path) {
  return **read_file(path, SIZE_MAX);
}

void replace(const std::string& path, const Bytes& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

/// Five acknowledged appends, as a crash leaves them; gives the log file's size after each.
std::vector<std::size_t> crashed_after_five(const TemporaryDirectory& directory, std::size_t payload_bytes) {
  const TemporaryDirectory live;
  std::vector<std::size_t> sizes;
  auto store = open(options_in(live));
  EXPECT_TRUE(write(*store, first_batch()));
  for (std::uint64_t i = 2; i <= 6; ++i) {
    EXPECT_TRUE(write(*store, append(i, Bytes(payload_bytes, static_cast<char>('a' + i)))));
    sizes.push_back(fs::file_size(newest_wal(live.path())));
  }
  fs::copy(live.path(), directory.path(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  return sizes;
}

TEST(LogStore, starts_empty) {
  const TemporaryDirectory directory;
  const auto store = open(options_in(directory));
  const auto log = loaded(*store);
  EXPECT_FALSE(log.identity);
  EXPECT_TRUE(log.groups.empty());
  EXPECT_EQ(store->notice(), "");
}

TEST(LogStore, applies_the_fields_of_an_update_in_their_order) {
  const TemporaryDirectory directory;
  auto store = open(options_in(directory));
  ASSERT_TRUE(write(*store, first_batch()));
  node::GroupLogUpdate update;
  update.group = GroupId(7);
  update.append = {entry(2, "a"), entry(3, "b"), entry(4, "c"), entry(5, "d")};
  ASSERT_TRUE(write(*store, {{update}, Bytes("me")}));
  node::GroupLogUpdate change;
  change.group = GroupId(7);
  change.truncate_from = Index(4);
  change.base = node::LogBase{{Index(2), Term(1)}, {}};
  change.base->config.voters = {NodeId(4)};
  change.append = {entry(4, "new")};
  ASSERT_TRUE(write(*store, {{change}, std::nullopt}));
  store = nullptr;
  const auto log = loaded(*open(options_in(directory)));
  EXPECT_EQ(log.identity, Bytes("me"));
  ASSERT_EQ(log.groups.size(), 1u);
  EXPECT_EQ(log.groups[0].base, *change.base);
  EXPECT_EQ(log.groups[0].log, (std::vector<raft::Entry>{entry(3, "b"), entry(4, "new")}));
  EXPECT_EQ(log.groups[0].hard, (raft::HardState{Term(1), NodeId(2), Index(1)}));
}

TEST(LogStore, a_group_can_be_destroyed_and_made_again_in_one_batch) {
  const TemporaryDirectory directory;
  auto store = open(options_in(directory));
  ASSERT_TRUE(write(*store, first_batch()));
  for (std::uint64_t i = 2; i < 60; ++i) ASSERT_TRUE(write(*store, append(i, "old")));
  node::GroupLogUpdate gone;
  gone.group = GroupId(7);
  gone.destroy = true;
  const std::vector<node::LogBatch> batches = {{{gone}, std::nullopt}, first_batch(), append(2, "new")};
  ASSERT_TRUE(store->write(batches));
  store = nullptr;
  const auto log = loaded(*open(options_in(directory)));
  ASSERT_EQ(log.groups.size(), 1u);
  EXPECT_EQ(log.groups[0].log, std::vector<raft::Entry>{entry(2, "new")});
}

TEST(LogStore, holds_what_a_model_holds_across_restarts) {
  const TemporaryDirectory directory;
  Rng rng(11);
  LogModel model;
  for (int life = 0; life < 12; ++life) {
    const auto store = open(options_in(directory));
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

TEST(LogStore, disk_use_stays_bounded_under_append_and_compaction) {
  const TemporaryDirectory directory;
  const auto store = open(options_in(directory));
  ASSERT_TRUE(write(*store, first_batch()));
  std::uint64_t index = 1;
  for (int round = 0; round < 300; ++round) {
    node::GroupLogUpdate update;
    update.group = GroupId(7);
    update.base = node::LogBase{{Index(index), Term(1)}, {}};
    update.base->config.voters = {NodeId(1)};
    for (int i = 0; i < 100; ++i) update.append.push_back(entry(++index, Bytes(500, 'x')));
    ASSERT_TRUE(write(*store, {{update}, std::nullopt}));
  }
  EXPECT_LT(bytes_in(directory.path() + "/log"), 6u << 20) << "15 MB went through";
}

TEST(LogStore, a_log_cut_anywhere_in_its_last_record_loses_that_record_only) {
  const TemporaryDirectory directory;
  const auto sizes = crashed_after_five(directory, 50);
  const std::string wal = newest_wal(directory.path());
  const Bytes whole = content_of(wal);
  const std::size_t begin = sizes[3];
  ASSERT_GE(whole.size(), sizes[4]);
  for (std::size_t size = begin; size < sizes[4]; size += size < begin + 9 ? 1 : 7) {
    const TemporaryDirectory copy;
    fs::copy(directory.path(), copy.path(),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    replace(newest_wal(copy.path()), whole.substr(0, size));
    const auto store = open(options_in(copy));
    ASSERT_NE(store, nullptr) << size;
    EXPECT_EQ(loaded(*store).groups.at(0).log.size(), 4u) << size;
    EXPECT_EQ(store->notice().empty(), size == begin);
    ASSERT_TRUE(write(*store, append(6, "again")));
  }
}

TEST(LogStore, a_flipped_byte_in_the_last_record_cuts_it_and_before_is_refused) {
  for (const std::size_t payload : {std::size_t{50}, std::size_t{40'000}}) {
    const TemporaryDirectory directory;
    const auto sizes = crashed_after_five(directory, payload);
    const Bytes whole = content_of(newest_wal(directory.path()));
    Rng rng(payload);
    for (int round = 0; round < 60; ++round) {
      const std::size_t at = rng.below(sizes[4]);
      const TemporaryDirectory copy;
      fs::copy(directory.path(), copy.path(),
               fs::copy_options::recursive | fs::copy_options::overwrite_existing);
      Bytes bad = whole;
      bad[at] = static_cast<char>(bad[at] ^ (1 << rng.below(8)));
      replace(newest_wal(copy.path()), bad);
      const auto store = open_log_store(options_in(copy));
      if (at >= sizes[3]) {
        ASSERT_TRUE(store) << at << " " << store.error().detail;
        EXPECT_EQ(loaded(**store).groups.at(0).log.size(), 4u) << at;
        EXPECT_NE((*store)->notice(), "");
        continue;
      }
      ASSERT_FALSE(store) << at;
      EXPECT_EQ(store.error().code, Code::damaged) << store.error().detail;
      EXPECT_NE(store.error().detail.find(copy.path() + "/log"), std::string::npos);
      EXPECT_NE(store.error().detail.find("aside"), std::string::npos);
    }
  }
}

TEST(LogStore, zeros_behind_the_last_record_are_no_damage) {
  const TemporaryDirectory directory;
  crashed_after_five(directory, 100);
  const std::string wal = newest_wal(directory.path());
  replace(wal, content_of(wal) + Bytes(100'000, '\0'));
  EXPECT_EQ(loaded(*open(options_in(directory))).groups.at(0).log.size(), 5u);
}

TEST(LogStore, a_damaged_table_file_is_refused) {
  const TemporaryDirectory directory;
  crashed_after_five(directory, 5'000);
  open(options_in(directory));  // recovery writes the log's content into tables
  open(options_in(directory));
  int refused = 0;
  for (const auto& file : fs::directory_iterator(directory.path() + "/log")) {
    if (file.path().extension() != ".sst") continue;
    const Bytes good = content_of(file.path());
    Bytes bad = good;
    bad[bad.size() / 3] = static_cast<char>(bad[bad.size() / 3] ^ 4);
    replace(file.path(), bad);
    auto store = open_log_store(options_in(directory));
    Error error;
    if (!store) {
      error = store.error();
    } else if (const auto log = (*store)->load(); !log) {
      error = log.error();
    }
    EXPECT_EQ(error.code, Code::damaged) << error.detail;
    EXPECT_NE(error.detail.find(directory.path() + "/log"), std::string::npos);
    if (store) {
      EXPECT_EQ(write(**store, append(7, "x")).error().code, Code::damaged);
    }
    ++refused;
    store = fail(Code::stopping, "");
    replace(file.path(), good);
  }
  EXPECT_GT(refused, 0);
}

/// Changes the stored log behind the store's back, with RocksDB's checksums intact.
void tamper(const LogStoreOptions& options, const std::function<void(LogDatabase&)>& how) {
  auto database = LogDatabase::open(options);
  ASSERT_TRUE(database);
  how(**database);
}

void expect_refused(const LogStoreOptions& options, const std::string& words) {
  const auto store = open_log_store(options);
  ASSERT_TRUE(store);
  const auto log = (*store)->load();
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, Code::damaged);
  EXPECT_NE(log.error().detail.find(words), std::string::npos) << log.error().detail;
  EXPECT_NE(log.error().detail.find("aside"), std::string::npos);
}

TEST(LogStore, a_gap_is_refused_with_its_place) {
  const TemporaryDirectory directory;
  crashed_after_five(directory, 10);
  tamper(options_in(directory), [](LogDatabase& database) {
    EXPECT_TRUE(database.db().Delete({}, database.entries(), entry_key(GroupId(7), Index(4))).ok());
  });
  expect_refused(options_in(directory), "group 7, index 5: found where index 4 should follow");
}

TEST(LogStore, a_record_in_a_wrong_place_is_refused) {
  const TemporaryDirectory directory;
  crashed_after_five(directory, 10);
  tamper(options_in(directory), [](LogDatabase& database) {
    const Bytes record = wire::encode_entry(GroupId(7), entry(5, "hhhhhhhhhh"));
    EXPECT_TRUE(database.db().Put({}, database.entries(), entry_key(GroupId(7), Index(4)), record).ok());
  });
  expect_refused(options_in(directory), "group 7, index 4");
}

TEST(LogStore, entries_and_hard_states_without_a_base_are_refused) {
  for (const RowKind kind : {RowKind::base, RowKind::hard}) {
    const TemporaryDirectory directory;
    crashed_after_five(directory, 10);
    tamper(options_in(directory), [kind](LogDatabase& database) {
      if (kind == RowKind::hard) {
        EXPECT_TRUE(database.db().Delete({}, database.rows(), row_key(RowKind::hard, GroupId(7))).ok());
      }
      EXPECT_TRUE(database.db().Delete({}, database.rows(), row_key(RowKind::base, GroupId(7))).ok());
    });
    expect_refused(options_in(directory), "group 7");
  }
}

TEST(LogStore, a_failed_sync_stops_the_store_for_good) {
  for (const bool says_full : {false, true}) {
    const TemporaryDirectory directory;
    FaultyEnvironment faulty;
    auto store = open(options_in(directory, faulty.env.get()));
    ASSERT_TRUE(write(*store, first_batch()));
    faulty.faults.sync_says_full = says_full;
    faulty.faults.good_syncs = 1;
    ASSERT_TRUE(write(*store, append(2, "a")));
    EXPECT_EQ(write(*store, append(3, "b")).error().code, Code::disk_failed);
    EXPECT_EQ(faulty.faults.faults, 1u);
    faulty.faults.good_syncs = -1;
    EXPECT_EQ(write(*store, append(3, "b")).error().code, Code::disk_failed);
    EXPECT_EQ(store->load().error().code, Code::disk_failed);
    store = nullptr;
    const auto log = loaded(*open(options_in(directory)));
    EXPECT_GE(log.groups.at(0).log.size(), 1u);
  }
}

TEST(LogStore, a_write_that_does_not_fit_is_invisible_and_can_be_retried) {
  for (std::int64_t room = 0; room < 400; room += 57) {
    const TemporaryDirectory directory;
    FaultyEnvironment faulty;
    auto store = open(options_in(directory, faulty.env.get()));
    ASSERT_TRUE(write(*store, first_batch()));
    ASSERT_TRUE(write(*store, append(2, "a")));
    faulty.faults.room = room;
    const auto refused = write(*store, append(3, Bytes(400, 'b')));
    ASSERT_FALSE(refused);
    ASSERT_EQ(refused.error().code, Code::disk_full) << refused.error().detail;
    EXPECT_FALSE(exists(directory.path() + "/RESERVE"));
    faulty.faults.room = -1;
    ASSERT_TRUE(write(*store, append(3, "c"))) << room;
    EXPECT_TRUE(exists(directory.path() + "/RESERVE"));
    EXPECT_EQ(loaded(*store).groups.at(0).log, (std::vector<raft::Entry>{entry(2, "a"), entry(3, "c")}));
    store = nullptr;
    EXPECT_EQ(loaded(*open(options_in(directory))).groups.at(0).log.size(), 2u);
  }
}

TEST(LogStore, stays_full_while_it_is_full_in_tables_too) {
  const TemporaryDirectory directory;
  FaultyEnvironment faulty;
  auto store = open(options_in(directory, faulty.env.get()));
  ASSERT_TRUE(write(*store, first_batch()));
  faulty.faults.log_files_only = false;
  faulty.faults.room = 600 * 1024;
  std::uint64_t last = 1;
  Result<void> done;
  while ((done = write(*store, append(last + 1, Bytes(10'000, 'x'))))) ++last;
  EXPECT_EQ(done.error().code, Code::disk_full) << done.error().detail;
  for (int again = 0; again < 3; ++again) {
    EXPECT_EQ(write(*store, append(last + 1, Bytes(10'000, 'x'))).error().code, Code::disk_full);
  }
  faulty.faults.room = -1;
  ASSERT_TRUE(write(*store, append(last + 1, "y")));
  EXPECT_EQ(loaded(*store).groups.at(0).log.size(), last);
}

TEST(LogStore, refuses_writes_below_the_reserve) {
  const TemporaryDirectory directory;
  LogStoreOptions options = options_in(directory);
  options.reserve.free_bytes_min = std::uint64_t{1} << 60;
  const auto store = open(options);
  const auto refused = write(*store, first_batch());
  EXPECT_EQ(refused.error().code, Code::disk_full);
  EXPECT_NE(refused.error().detail.find("MiB left"), std::string::npos);
  EXPECT_TRUE(loaded(*store).groups.empty());
}

}  // namespace
}  // namespace nodedb::edge
