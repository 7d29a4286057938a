// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/state_store.h"

#include <gtest/gtest.h>

#include <rocksdb/db.h>

#include <algorithm>
#include <fstream>

#include "edge/disk/files.h"
#include "edge/rocks/database.h"
#include "edge/rocks/state_meta.h"
#include "tests/edge/disk/temporary_directory.h"
#include "tests/edge/rocks/faulty_file_system.h"
#include "tests/edge/rocks/state_model.h"
#include "tests/edge/rocks/stores.h"

namespace nodedb::edge {
namespace {

namespace fs = std::filesystem;

StateStoreOptions options_in(const TemporaryDirectory& directory, rocksdb::Env* env = nullptr) {
  StateStoreOptions options;
  options.directory = directory.path();
  options.block_cache_bytes = 1u << 20;
  options.write_buffer_bytes = 128 * 1024;
  options.kept_back_bytes = 16 * 1024;
  options.kept_back_group_bytes = 8 * 1024;
  options.row_cache_bytes = 40'000;
  options.table_bytes_min = 600;
  options.staged_bytes = 3'000;
  options.env = env;
  return options;
}

std::vector<node::StoredState> loaded(node::StateStore& store) {
  auto states = store.load();
  EXPECT_TRUE(states) << states.error().detail;
  return states ? std::move(*states) : std::vector<node::StoredState>{};
}

Result<void> write(node::StateStore& store, GroupId group, Batch writes, std::uint64_t index) {
  return store.write({{group, std::move(writes), {Index(index), Term(1)}}});
}

constexpr GroupId g5{5};

TEST(StateStore, an_unknown_group_is_empty) {
  const TemporaryDirectory directory;
  const auto store = open_store(options_in(directory));
  EXPECT_TRUE(loaded(*store).empty());
  EXPECT_FALSE(store->view(g5)->get("a"));
  EXPECT_FALSE(store->view(g5)->seek("")->valid());
  const auto pinned = store->snapshot(g5);
  ASSERT_TRUE(pinned);
  const auto rows = (*pinned)->read({}, 100);
  ASSERT_TRUE(rows);
  EXPECT_TRUE(rows->done);
  EXPECT_TRUE(rows->rows.empty());
}

TEST(StateStore, neighbours_do_not_see_each_other) {
  const TemporaryDirectory directory;
  const auto store = open_store(options_in(directory));
  ASSERT_TRUE(write(*store, GroupId(4), {Put{"\xff\xff", "four"}}, 2));
  ASSERT_TRUE(write(*store, g5, {Put{"a", "1"}, Put{"b", "2"}, Put{Bytes(70'000, 'k'), "long"}}, 3));
  ASSERT_TRUE(write(*store, GroupId(6), {Put{Bytes(), "six"}}, 4));
  const auto view = store->view(g5);
  EXPECT_EQ(view->get("a"), Bytes("1"));
  EXPECT_EQ(view->get(Bytes(70'000, 'k')), Bytes("long"));
  EXPECT_EQ(rows_in(*view).size(), 3u);
  EXPECT_EQ(rows_in(*view, "b").size(), 2u);
  EXPECT_TRUE(rows_in(*view, "l").empty());
  EXPECT_EQ(store->view(GroupId(6))->get(""), Bytes("six"));
}

TEST(StateStore, writes_of_a_batch_happen_in_their_order) {
  const TemporaryDirectory directory;
  const auto store = open_store(options_in(directory));
  ASSERT_TRUE(write(*store, g5,
                    {Put{"a", "1"}, Put{"b", "1"}, Put{"c", "1"}, DeleteRange{"b", ""}, Put{"d", "1"},
                     Delete{"a"}, DeleteRange{"z", "b"}, Put{"a", "2"}},
                    2));
  EXPECT_EQ(rows_in(*store->view(g5)), (RowMap{{"a", "2"}, {"d", "1"}}));
}

TEST(StateStore, what_was_staged_is_seen_only_once_installed) {
  const TemporaryDirectory directory;
  auto store = open_store(options_in(directory));
  ASSERT_TRUE(write(*store, g5, {Put{"old", "1"}}, 2));
  ASSERT_TRUE(store->stage(g5, encode_rows({{"new", "2"}})));
  EXPECT_EQ(rows_in(*store->view(g5)), (RowMap{{"old", "1"}}));
  const auto pinned = store->snapshot(g5);
  ASSERT_TRUE(store->install(g5, {Index(9), Term(4)}, config_of(3)));
  EXPECT_EQ(rows_in(*store->view(g5)), (RowMap{{"new", "2"}}));
  EXPECT_EQ((*pinned)->read({}, 100)->last_key, "old") << "a pinned view outlives the install";
  const std::vector<node::StoredState> expected = {{g5, {Index(9), Term(4)}, config_of(3)}};
  EXPECT_EQ(loaded(*store), expected);
  ASSERT_TRUE(write(*store, g5, {Put{"x", "3"}}, 10));
  EXPECT_FALSE(loaded(*store)[0].snapshot_config);
  ASSERT_TRUE(store->install(g5, {Index(11), Term(4)}, config_of(3)));
  EXPECT_TRUE(rows_in(*store->view(g5)).empty()) << "nothing was staged";
}

TEST(StateStore, a_snapshot_is_read_on_and_again_from_any_row) {
  const TemporaryDirectory directory;
  const auto store = open_store(options_in(directory));
  ASSERT_TRUE(write(*store, g5, {Put{"a", "1"}, Put{"b", "2"}, Put{"c", "3"}}, 2));
  const auto pinned = store->snapshot(g5);
  ASSERT_TRUE(pinned);
  ASSERT_TRUE(write(*store, g5, {Put{"bb", "4"}, Delete{"c"}}, 3));
  const auto row_behind = [&](BytesView after) { return (*pinned)->read(after, 1)->last_key; };
  EXPECT_EQ(row_behind(""), "a");
  EXPECT_EQ(row_behind("a"), "b");
  EXPECT_EQ(row_behind("b"), "c") << "not what was written since";
  EXPECT_EQ(row_behind("a"), "b") << "read before";
  const auto rest = (*pinned)->read("b", 100);
  EXPECT_TRUE(rest->done);
  EXPECT_EQ(rest->rows, encode_rows({{"c", "3"}}));
}

TEST(StateStore, bad_rows_are_refused_whole) {
  const TemporaryDirectory directory;
  const auto store = open_store(options_in(directory));
  Bytes rows = encode_rows({{"a", "1"}, {"b", "2"}});
  rows.pop_back();
  EXPECT_EQ(store->stage(g5, rows).error().code, Code::malformed);
  ASSERT_TRUE(store->install(g5, {Index(2), Term(1)}, config_of(1)));
  EXPECT_TRUE(rows_in(*store->view(g5)).empty());
}

TEST(StateStore, unfinished_transfers_are_forgotten_by_a_restart) {
  const TemporaryDirectory directory;
  auto store = open_store(options_in(directory));
  ASSERT_TRUE(write(*store, g5, {Put{"old", "1"}}, 2));
  ASSERT_TRUE(store->stage(g5, encode_rows({{"half", "2"}})));
  ASSERT_TRUE(store->stage(GroupId(900), encode_rows({{"never", "2"}})));
  ASSERT_TRUE(store->flush());
  store = nullptr;
  store = open_store(options_in(directory));
  EXPECT_EQ(loaded(*store).size(), 1u);
  for (const GroupId group : {g5, GroupId(900)}) {
    ASSERT_TRUE(store->stage(group, encode_rows({{"whole", "3"}})));
    ASSERT_TRUE(store->install(group, {Index(8), Term(2)}, config_of(1)));
    EXPECT_EQ(rows_in(*store->view(group)), (RowMap{{"whole", "3"}}));
  }
}

TEST(StateStore, a_snapshot_is_read_in_chunks_and_does_not_move) {
  const TemporaryDirectory directory;
  const auto store = open_store(options_in(directory));
  RowMap rows;
  for (int i = 0; i < 1'000; ++i) rows["key" + std::to_string(i)] = Bytes(static_cast<std::size_t>(i), 'v');
  Batch writes;
  for (const auto& [key, value] : rows) writes.push_back(Put{key, value});
  ASSERT_TRUE(write(*store, g5, writes, 7));
  const auto pinned = store->snapshot(g5);
  ASSERT_TRUE(write(*store, g5, {DeleteRange{"", ""}, Put{"key5", "changed"}}, 8));
  EXPECT_EQ((*pinned)->position(), (raft::Position{Index(7), Term(1)}));
  RowMap read;
  Bytes after;
  int chunks = 0;
  for (bool done = false; !done; ++chunks) {
    const auto chunk = (*pinned)->read(after, 4'096);
    ASSERT_TRUE(chunk);
    wire::RowReader reader(chunk->rows);
    while (const auto row = *reader.next()) read[Bytes(row->key)] = row->value;
    after = chunk->last_key;
    done = chunk->done;
    EXPECT_LE(chunk->rows.size(), 4'096u + 1'100u);
  }
  EXPECT_EQ(read, rows);
  EXPECT_GT(chunks, 50);
}

TEST(StateStore, holds_what_a_model_holds_across_restarts) {
  const TemporaryDirectory directory;
  Rng rng(5);
  StateModel model;
  for (int life = 0; life < 10; ++life) {
    const auto store = open_store(options_in(directory));
    ASSERT_EQ(*content_of(*store), model.content()) << "life " << life;
    model.restart(model.content());
    for (int i = 0; i < 150; ++i) {
      const StateStep step = model.random_step(rng);
      model.apply(step);
      ASSERT_TRUE(carry_out(*store, step));
    }
    for (const auto& [group, expected] : model.content()) {
      ASSERT_EQ(rows_in(*store->view(group)), expected.rows) << "life " << life;
      for (const auto& [key, value] : expected.rows) ASSERT_EQ(store->view(group)->get(key), value);
    }
  }
}

TEST(StateStore, dropped_generations_give_their_room_back) {
  const TemporaryDirectory directory;
  const auto store = open_store(options_in(directory));
  Rng rng(3);
  for (std::uint64_t round = 1; round <= 25; ++round) {
    for (int chunk = 0; chunk < 8; ++chunk) {
      RowMap rows;
      for (int i = 0; i < 64; ++i) {
        rows[std::to_string(1'000 + chunk * 64 + i)] = noise(2'000, rng);
      }
      ASSERT_TRUE(store->stage(g5, encode_rows(rows)));
    }
    ASSERT_TRUE(store->install(g5, {Index(10 * round), Term(1)}, config_of(1)));
    ASSERT_TRUE(store->begin_flush(g5)->get()->finish()) << "as each install is followed by one";
  }
  EXPECT_LT(bytes_in(directory.path() + "/state"), 10u << 20) << "25 MB were installed, 1 MB is live";
}

TEST(StateStore, a_full_disk_loses_nothing_and_heals) {
  const TemporaryDirectory directory;
  FaultyEnvironment faulty;
  const auto store = open_store(options_in(directory, faulty.env.get()));
  ASSERT_TRUE(write(*store, g5, {Put{"first", "1"}}, 1));
  ASSERT_TRUE(store->flush());
  faulty.faults.log_files_only = false;
  faulty.faults.room = 100;
  std::uint64_t index = 1;
  Result<void> done;
  Rng rng(1);
  while (index < 1'000) {
    done = write(*store, g5, {Put{std::to_string(index), noise(10'000, rng)}}, index + 1);
    if (!done) break;
    ++index;
  }
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::disk_full) << done.error().detail;
  EXPECT_EQ(store->flush().error().code, Code::disk_full);
  EXPECT_EQ(store->view(g5)->get("first"), Bytes("1")) << "reads go on";
  faulty.faults.room = -1;
  // RocksDB looks for room every few seconds by itself and refuses to be asked meanwhile.
  for (int i = 0; i < 600 && !store->flush(); ++i) ::usleep(50'000);
  ASSERT_TRUE(write(*store, g5, {Put{"last", "1"}}, index + 1));
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(rows_in(*store->view(g5)).size(), index + 1);
}

TEST(StateStore, a_flush_of_all_leaves_the_latest_behind_but_not_twice) {
  constexpr GroupId g6{6};
  const TemporaryDirectory directory;
  const auto store = open_store(options_in(directory));
  const auto flushed = [&] {
    auto begun = store->begin_flush();
    EXPECT_TRUE(begun && (*begun)->finish());
    return (*begun)->behind();
  };
  const auto durable = [&](GroupId group) {
    // What a crash would leave: RocksDB's files as they are now.
    const TemporaryDirectory copied;
    fs::copy(directory.path(), copied.path(), fs::copy_options::recursive);
    const auto states = loaded(*open_store(options_in(copied)));
    const auto state = std::ranges::find(states, group, &node::StoredState::group);
    return state == states.end() ? Index() : state->applied.index;
  };
  using Behind = std::vector<node::LiesBehind>;
  ASSERT_TRUE(write(*store, g5, {Put{"a", "1"}}, 2));
  EXPECT_EQ(flushed(), (Behind{{g5, Index()}}));
  ASSERT_TRUE(write(*store, g5, {Put{"a", "2"}}, 3));
  ASSERT_TRUE(write(*store, g6, {Put{"b", "1"}}, 2));
  EXPECT_EQ(durable(g5), Index());
  EXPECT_EQ(flushed(), (Behind{{g6, Index()}})) << "the first of group 5 came before the last flush";
  EXPECT_EQ(durable(g5), Index(3));
  ASSERT_TRUE(write(*store, g5, {Put{"a", "3"}}, 4));
  EXPECT_EQ(flushed(), (Behind{{g5, Index(3)}}));
  EXPECT_EQ(durable(g5), Index(3));
  EXPECT_EQ(durable(g6), Index(2));
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(durable(g5), Index(4));
  EXPECT_TRUE(flushed().empty());
}

TEST(StateStore, what_is_known_of_a_large_row_is_its_head) {
  const TemporaryDirectory directory;
  const auto store = open_store(options_in(directory));
  const Bytes large(5'000, 'x');
  ASSERT_TRUE(write(*store, g5, {Put{"large", large}, Put{"small", "abc"}}, 2));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(store->view(g5)->head("large", 4), Bytes("xxxx"));
    EXPECT_EQ(store->view(g5)->head("large", 100), Bytes(100, 'x'));
    EXPECT_EQ(store->view(g5)->get("large"), large);
    EXPECT_EQ(store->view(g5)->head("small", 4), Bytes("abc"));
    EXPECT_FALSE(store->view(g5)->head("none", 4));
    ASSERT_TRUE(store->flush());
  }
  ASSERT_TRUE(write(*store, g5, {Put{"large", "y" + large}, DeleteRange{"s", "t"}}, 3));
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(store->view(g5)->head("large", 2), Bytes("yx"));
  EXPECT_FALSE(store->view(g5)->head("small", 4));
}

TEST(StateStore, an_install_without_room_is_durable_once_there_is_room) {
  for (std::int64_t room = 0; room < 3'000; room += 600) {
    const TemporaryDirectory directory;
    FaultyEnvironment faulty;
    auto store = open_store(options_in(directory, faulty.env.get()));
    ASSERT_TRUE(write(*store, g5, {Put{"old", "1"}}, 1));
    ASSERT_TRUE(store->stage(g5, encode_rows({{"new", "2"}})));
    faulty.faults.log_files_only = false;
    faulty.faults.room = room;
    const raft::Position at{Index(6), Term(2)};
    ASSERT_TRUE(store->install(g5, at, config_of(2)));
    auto begun = store->begin_flush(g5);
    ASSERT_TRUE(begun) << begun.error().detail;
    const std::unique_ptr<node::StateFlush> flush = std::move(*begun);
    ASSERT_TRUE(write(*store, g5, {Put{"later", "3"}}, 7)) << "beside the flush";
    auto done = flush->finish();
    if (!done) {
      EXPECT_EQ(done.error().code, Code::disk_full) << done.error().detail;
    }
    faulty.faults.room = -1;
    for (int i = 0; i < 600 && !done; ++i) {
      done = flush->finish();
      if (!done) ::usleep(50'000);
    }
    ASSERT_TRUE(done) << done.error().detail;
    store = nullptr;
    store = open_store(options_in(directory));
    EXPECT_GE(loaded(*store).at(0).applied.index, at.index);
    EXPECT_EQ(store->view(g5)->get("new"), Bytes("2"));
    EXPECT_FALSE(store->view(g5)->get("old"));
  }
}

TEST(StateStore, a_failed_sync_stops_the_store_for_good) {
  const TemporaryDirectory directory;
  FaultyEnvironment faulty;
  const auto store = open_store(options_in(directory, faulty.env.get()));
  ASSERT_TRUE(write(*store, g5, {Put{"a", "1"}}, 1));
  faulty.faults.log_files_only = false;
  faulty.faults.good_syncs = 0;
  EXPECT_EQ(store->flush().error().code, Code::disk_failed);
  faulty.faults.good_syncs = -1;
  EXPECT_EQ(store->flush().error().code, Code::disk_failed);
  static_cast<void>(write(*store, g5, {Put{"b", "1"}}, 2));
  EXPECT_EQ(store->begin_flush(g5).error().code, Code::disk_failed) << "RocksDB takes nothing more";
}

TEST(StateStore, damage_is_told_even_though_views_cannot) {
  const TemporaryDirectory directory;
  auto store = open_store(options_in(directory));
  Batch writes;
  for (int i = 0; i < 500; ++i) writes.push_back(Put{"key" + std::to_string(i), Bytes(1'000, 'v')});
  ASSERT_TRUE(write(*store, g5, std::move(writes), 2));
  store = nullptr;
  for (const auto& file : fs::directory_iterator(directory.path() + "/state")) {
    if (file.path().extension() != ".sst") continue;
    std::fstream table(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    table.seekp(200);
    table.put('?');
  }
  auto damaged = open_state_store(options_in(directory));
  ASSERT_TRUE(damaged);
  store = std::move(*damaged);
  if (const auto states = store->load(); !states) {
    EXPECT_EQ(states.error().code, Code::damaged);
    return;
  }
  EXPECT_TRUE(store->view_trouble());
  rows_in(*store->view(g5));
  EXPECT_EQ(store->view_trouble().error().code, Code::damaged);
  EXPECT_NE(store->view_trouble().error().detail.find(directory.path() + "/state"), std::string::npos);
  EXPECT_EQ(write(*store, g5, {Put{"a", "1"}}, 3).error().code, Code::damaged);
}

TEST(StateStore, a_group_that_cannot_be_is_refused) {
  const TemporaryDirectory directory;
  {
    const auto store = open_store(options_in(directory));
    ASSERT_TRUE(write(*store, GroupId(group_count - 1), {Put{"a", "1"}}, 2));
    ASSERT_TRUE(store->flush());
  }
  const auto planted = meta_key(GroupId(group_count));
  {
    rocksdb::DB* opened = nullptr;
    const auto options = database_options(nullptr, 1u << 20, nullptr);
    ASSERT_TRUE(rocksdb::DB::Open(options, directory.path() + "/state", &opened).ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    ASSERT_TRUE(db->Put(unlogged(), planted, encode(GroupId(group_count), StateMeta())).ok());
    ASSERT_TRUE(db->Flush(rocksdb::FlushOptions()).ok());
  }
  const auto store = open_store(options_in(directory));
  const auto states = store->load();
  ASSERT_FALSE(states);
  EXPECT_EQ(states.error().code, Code::incompatible);
  EXPECT_NE(states.error().detail.find("group 1025"), std::string::npos) << states.error().detail;
}

TEST(StateMeta, round_trips_and_finds_every_flipped_bit_and_cut) {
  for (const bool with_config : {false, true}) {
    StateMeta meta{7, {Index(1) + (std::uint64_t{1} << 40), Term(3)}, std::nullopt};
    if (with_config) meta.snapshot_config = config_of(9);
    const Bytes row = encode(g5, meta);
    EXPECT_EQ(decode_state_meta(g5, row), meta);
    EXPECT_EQ(decode_state_meta(GroupId(6), row).error().code, Code::damaged);
    for (std::size_t bit = 0; bit < row.size() * 8; ++bit) {
      Bytes bad = row;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
      EXPECT_FALSE(decode_state_meta(g5, bad));
    }
    for (std::size_t size = 0; size < row.size(); ++size)
      EXPECT_FALSE(decode_state_meta(g5, row.substr(0, size)));
  }
}

}  // namespace
}  // namespace nodedb::edge
