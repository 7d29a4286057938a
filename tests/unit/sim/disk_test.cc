// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/log_disk.h"
#include "sim/state_disk.h"
#include "wire/rows.h"

namespace nodedb::sim {
namespace {

constexpr GroupId group{3};

raft::Entry entry(std::uint64_t index, std::uint64_t term, const std::string& text = "payload") {
  return {Index(index), Term(term), raft::EntryKind::command, Blob(text)};
}

node::LogBatch birth() {
  node::GroupLogUpdate update;
  update.group = group;
  update.hard = raft::HardState{Term(1), NodeId(), Index(1)};
  update.base = node::LogBase{{Index(1), Term(1)}, {}};
  node::LogBatch batch;
  batch.groups.push_back(update);
  return batch;
}

node::LogBatch appending(std::vector<raft::Entry> entries, std::optional<std::uint64_t> truncate_from = {}) {
  node::GroupLogUpdate update;
  update.group = group;
  update.append = std::move(entries);
  if (truncate_from) update.truncate_from = Index(*truncate_from);
  node::LogBatch batch;
  batch.groups.push_back(update);
  return batch;
}

void write(LogDisk& disk, const node::LogBatch& batch) {
  ASSERT_TRUE(disk.write(std::span(&batch, 1)).has_value());
}

LogDisk disk_with(std::vector<raft::Entry> entries) {
  LogDisk disk;
  write(disk, birth());
  write(disk, appending(std::move(entries)));
  return disk;
}

TEST(LogDisk, AppliesAnUpdateInTheOrderOfItsFields) {
  LogDisk disk = disk_with({entry(2, 1), entry(3, 1), entry(4, 1)});
  write(disk, appending({entry(3, 2)}, 3));
  const node::StoredGroup* stored = disk.group(group);
  ASSERT_NE(stored, nullptr);
  EXPECT_EQ(last_of(*stored), (raft::Position{Index(3), Term(2)}));
  EXPECT_TRUE(holds(*stored, {Index(2), Term(1)}));
  EXPECT_FALSE(holds(*stored, {Index(3), Term(1)}));
  EXPECT_TRUE(holds(*stored, {Index(1), Term(1)}));
  EXPECT_TRUE(disk.complaint().empty());

  node::GroupLogUpdate compact;
  compact.group = group;
  compact.base = node::LogBase{{Index(2), Term(1)}, {}};
  node::LogBatch batch;
  batch.groups.push_back(compact);
  write(disk, batch);
  EXPECT_EQ(disk.group(group)->log.size(), 1u);
  EXPECT_TRUE(holds(*disk.group(group), {Index(2), Term(1)}));
}

TEST(LogDisk, ComplainsOfGapsAndOfUnknownGroups) {
  LogDisk disk = disk_with({entry(2, 1)});
  write(disk, appending({entry(5, 1)}));
  EXPECT_FALSE(disk.complaint().empty());
  LogDisk empty;
  write(empty, appending({entry(2, 1)}));
  EXPECT_FALSE(empty.complaint().empty());
}

TEST(LogDisk, RefusesWhenFullOrFailingAndShowsNothingOfIt) {
  LogDisk disk = disk_with({entry(2, 1)});
  const node::LogBatch more = appending({entry(3, 1)});
  disk.set_trouble(LogDisk::Trouble::full);
  EXPECT_EQ(disk.write(std::span(&more, 1)).error().code, Code::disk_full);
  disk.set_trouble(LogDisk::Trouble::failing);
  EXPECT_EQ(disk.write(std::span(&more, 1)).error().code, Code::disk_failed);
  EXPECT_EQ(disk.group(group)->log.size(), 1u);
  disk.set_trouble(LogDisk::Trouble::none);
  EXPECT_TRUE(disk.write(std::span(&more, 1)).has_value());
  EXPECT_EQ(disk.group(group)->log.size(), 2u);
}

TEST(LogDisk, ACrashKeepsWholeBatchesOfThoseInFlightInOrder) {
  std::set<std::size_t> kept;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    LogDisk disk = disk_with({entry(2, 1)});
    const std::vector<node::LogBatch> in_flight = {appending({entry(3, 1)}),
                                                   appending({entry(4, 1), entry(5, 1)})};
    Rng rng(seed);
    disk.crash(in_flight, rng, false);
    const std::size_t size = disk.group(group)->log.size();
    kept.insert(size);
    for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(disk.group(group)->log[i].payload.view(), "payload");
  }
  EXPECT_EQ(kept, (std::set<std::size_t>{1, 2, 4}));
}

TEST(LogDisk, ATornBatchIsHalfThereOnlyWithTheBug) {
  bool torn = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    LogDisk disk = disk_with({entry(2, 1)});
    const std::vector<node::LogBatch> in_flight = {appending({entry(3, 1), entry(4, 1)})};
    Rng rng(seed);
    disk.crash(in_flight, rng, true);
    const std::vector<raft::Entry>& log = disk.group(group)->log;
    torn |= log.size() == 2 && log.back().payload.view() == "pay";
  }
  EXPECT_TRUE(torn);
}

TEST(LogDisk, LoadGivesBackWhatWasWritten) {
  LogDisk disk = disk_with({entry(2, 1), entry(3, 1)});
  node::LogBatch identity;
  identity.identity = "me";
  write(disk, identity);
  const auto loaded = disk.load();
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->identity, "me");
  ASSERT_EQ(loaded->groups.size(), 1u);
  EXPECT_EQ(loaded->groups[0].log.size(), 2u);
  EXPECT_EQ(disk.next_incarnation(), Incarnation(1));
  EXPECT_EQ(disk.next_incarnation(), Incarnation(2));
}

// --- the state store ---

void put(StateDisk& disk, std::uint64_t index, const std::string& key, const std::string& value) {
  const node::GroupStateUpdate update{group, {Put{key, value}}, {Index(index), Term(1)}};
  ASSERT_TRUE(disk.write({update}).has_value());
}

TEST(StateDisk, ForgetsAtMostWhatWasNotFlushed) {
  std::set<std::uint64_t> survived;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    StateDisk disk;
    put(disk, 2, "a", "1");
    ASSERT_TRUE(disk.flush().has_value());
    put(disk, 3, "a", "2");
    put(disk, 4, "b", "3");
    Rng rng(seed);
    disk.crash(rng);
    const std::uint64_t index = disk.position(group).index.value;
    survived.insert(index);
    const auto view = disk.view(group);
    EXPECT_EQ(view->get("a"), index == 2 ? "1" : "2");
    EXPECT_EQ(view->get("b").has_value(), index == 4);
  }
  EXPECT_EQ(survived, (std::set<std::uint64_t>{2, 3, 4}));
}

TEST(StateDisk, AFlushLeavesBehindWhatItSaysAndNothingTwice) {
  std::set<std::uint32_t> left;
  for (int round = 0; round < 2; ++round) {
    StateDisk disk;
    if (round == 1) {
      ASSERT_TRUE(disk.flush().has_value());
    }
    for (const std::uint64_t index : {2U, 3U}) {
      for (const GroupId each : {GroupId(1), GroupId(2), GroupId(3), GroupId(4)})
        ASSERT_TRUE(disk.write({{each, {}, {Index(index), Term(1)}}}).has_value());
      auto flush = disk.begin_flush(std::nullopt);
      ASSERT_TRUE(flush.has_value() && (*flush)->finish().has_value());
      StateDisk crashed = disk;
      Rng rng(1);
      crashed.crash(rng);
      for (const GroupId each : {GroupId(1), GroupId(2), GroupId(3), GroupId(4)}) {
        const auto& behind = (*flush)->behind();
        const auto lies = std::ranges::find(behind, each, &node::LiesBehind::group);
        const Index durable = lies == behind.end() ? Index(index) : lies->durable;
        EXPECT_GE(crashed.position(each).index, durable);
        EXPECT_GE(durable, Index(index == 3 ? 2 : 0)) << "what the flush before it could have had";
        if (lies != behind.end()) left.insert(each.value);
      }
    }
  }
  EXPECT_EQ(left.size(), 4u);
}

TEST(StateDisk, EqualRowsHaveEqualDigestsHoweverTheyCameAbout) {
  StateDisk one;
  put(one, 2, "a", "1");
  put(one, 3, "b", "2");
  put(one, 4, "a", "3");
  StateDisk other;
  put(other, 2, "b", "2");
  put(other, 3, "c", "9");
  const node::GroupStateUpdate update{group, {DeleteRange{"c", ""}, Put{"a", "3"}}, {Index(4), Term(1)}};
  ASSERT_TRUE(other.write({update}).has_value());
  EXPECT_EQ(one.digest(group), other.digest(group));
  put(other, 5, "a", "4");
  EXPECT_NE(one.digest(group), other.digest(group));
}

TEST(StateDisk, InstallReplacesEverythingAndIsDurableWithTheNextFlush) {
  StateDisk source;
  put(source, 9, "k1", "v1");
  put(source, 10, "k2", "v2");
  auto snapshot = source.snapshot(group);
  ASSERT_TRUE(snapshot.has_value());
  put(source, 11, "k3", "later");
  EXPECT_EQ((*snapshot)->position().index, Index(10));

  StateDisk target;
  put(target, 2, "old", "x");
  ASSERT_TRUE(target.stage(group, "").has_value());
  Bytes after;
  while (true) {
    const auto rows = (*snapshot)->read(after, 1);
    ASSERT_TRUE(rows.has_value());
    ASSERT_TRUE(target.stage(group, rows->rows).has_value());
    after = rows->last_key;
    if (rows->done) break;
  }
  EXPECT_TRUE(target.view(group)->get("old").has_value()) << "staged rows are invisible";
  ASSERT_TRUE(target.install(group, {Index(10), Term(1)}, {}).has_value());
  ASSERT_TRUE(target.flush().has_value());
  Rng rng(1);
  target.crash(rng);
  EXPECT_FALSE(target.view(group)->get("old").has_value());
  EXPECT_EQ(target.view(group)->get("k1"), "v1");
  EXPECT_EQ(target.view(group)->get("k2"), "v2");
  EXPECT_FALSE(target.view(group)->get("k3").has_value());
  EXPECT_EQ(target.position(group).index, Index(10));
  const auto loaded = target.load();
  ASSERT_TRUE(loaded.has_value());
  EXPECT_TRUE(loaded->at(0).snapshot_config.has_value());
  put(target, 11, "k3", "later");
  EXPECT_EQ(target.digest(group), source.digest(group));
  EXPECT_FALSE(target.load()->at(0).snapshot_config.has_value())
      << "the config is of the installed position only";
}

TEST(StateDisk, RefusesGarbageRowsAndAFullDisk) {
  StateDisk disk;
  EXPECT_FALSE(disk.stage(group, "garbage").has_value());
  disk.set_full(true);
  const node::GroupStateUpdate update{group, {Put{"a", "1"}}, {Index(2), Term(1)}};
  EXPECT_EQ(disk.write({update}).error().code, Code::disk_full);
  EXPECT_FALSE(disk.view(group)->get("a").has_value());
}

TEST(StateDisk, CursorsWalkUpwards) {
  StateDisk disk;
  for (const char* key : {"b", "a", "c"}) put(disk, 2, key, "v");
  const auto view = disk.view(group);
  std::string walked;
  for (auto at = view->seek("aa"); at->valid(); at->next()) walked += at->key();
  EXPECT_EQ(walked, "bc");
  EXPECT_FALSE(view->seek("d")->valid());
}

}  // namespace
}  // namespace nodedb::sim
