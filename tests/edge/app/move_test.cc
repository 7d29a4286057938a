// SPDX-License-Identifier: Apache-2.0
// What the command line makes of migrations: which to start, and how they are told.
#include <gtest/gtest.h>

#include <algorithm>

#include "app/cluster_picture.h"
#include "app/move_plan.h"
#include "app/move_rows.h"
#include "app/move_watch.h"
#include "app/status_json.h"

namespace nodedb::app {
namespace {

/// Three founders with every vShard on them, and node 4 with nothing.
ReplicaMap joined() {
  ReplicaMap map;
  for (std::int64_t v = 0; v < 1024; ++v) map.replicas[v] = {1, 2, 3};
  map.held = {{1, 1024}, {2, 1024}, {3, 1024}, {4, 0}};
  return map;
}

TEST(MovePlan, ExactlyWhatWasSaid) {
  MoveWish wish;
  wish.vshards = {7};
  wish.from = 1;
  wish.to = 4;
  const auto plan = plan_moves(wish, joined());
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->moves, (std::vector<Move>{{7, 1, 4}}));
}

TEST(MovePlan, WhatWasLeftOpenKeepsReplicasSpread) {
  MoveWish wish;
  wish.random = 300;
  wish.seed = 5;
  ReplicaMap map = joined();
  const auto plan = plan_moves(wish, map);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->moves.size(), 300u);
  std::map<std::int64_t, int> given;
  for (const Move& move : plan->moves) {
    EXPECT_EQ(move.to, 4);
    ++given[move.from];
  }
  EXPECT_EQ(given, (std::map<std::int64_t, int>{{1, 100}, {2, 100}, {3, 100}}));
  EXPECT_EQ(plan_moves(wish, map)->moves, plan->moves);
  wish.seed = 6;
  EXPECT_NE(plan_moves(wish, map)->moves, plan->moves);
}

TEST(MovePlan, OfSeveralThoseThatCannotMoveAreLeftOut) {
  ReplicaMap map = joined();
  map.replicas[11] = {2, 3, 4};
  map.moving[12] = "3f2a1b4c-0000-4000-8000-000000000000";
  MoveWish wish;
  wish.vshards = {10, 11, 12, 13};
  wish.from = 1;
  wish.to = 4;
  const auto plan = plan_moves(wish, map);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->moves, (std::vector<Move>{{10, 1, 4}, {13, 1, 4}}));
  EXPECT_EQ(plan->skipped.size(), 2u);
}

TEST(MovePlan, RefusesWithTheCommandThatHelps) {
  ReplicaMap map = joined();
  map.moving[12] = "3f2a1b4c-0000-4000-8000-000000000000";
  const auto refusal = [&](std::int64_t vshard, std::int64_t from, std::int64_t to) {
    MoveWish wish;
    wish.vshards = {vshard};
    wish.from = from;
    wish.to = to;
    const auto plan = plan_moves(wish, map);
    EXPECT_FALSE(plan);
    EXPECT_NE(plan.error().detail.find("nodedb-cluster"), std::string::npos) << plan.error().detail;
    return plan.error().code;
  };
  EXPECT_EQ(refusal(12, 1, 4), Code::conflict);
  EXPECT_EQ(refusal(7, 4, 1), Code::invalid_state);
  EXPECT_EQ(refusal(7, 1, 2), Code::invalid_state);
  EXPECT_EQ(refusal(7, 1, 9), Code::not_found);
  map.held.erase(4);
  MoveWish anywhere;
  anywhere.vshards = {7};
  EXPECT_EQ(plan_moves(anywhere, map).error().code, Code::invalid_state);
  anywhere.vshards.clear();
  anywhere.random = 3;
  EXPECT_EQ(plan_moves(anywhere, map).error().code, Code::not_found);
}

TEST(MovePlan, NamesOfNodesAndVShards) {
  EXPECT_EQ(*parse_node("3"), 3);
  EXPECT_EQ(*parse_node("node-12"), 12);
  for (const char* bad : {"", "0", "node-", "node-0", "Node-1", "-1", "1.5", "4294967296", "three"})
    EXPECT_FALSE(parse_node(bad)) << bad;
  EXPECT_EQ(*parse_vshards("7"), (std::vector<std::int64_t>{7}));
  EXPECT_EQ(*parse_vshards("1020-1023"), (std::vector<std::int64_t>{1020, 1021, 1022, 1023}));
  for (const char* bad : {"", "-", "7-", "-7", "9-8", "1024", "0-1024", "a-b", "1-2-3"})
    EXPECT_FALSE(parse_vshards(bad)) << bad;
}

node::Status moving_status() {
  node::Status status;
  status.cluster = meta::Cluster{};
  status.id = NodeId(2);
  status.drives = true;
  node::MigrationStatus one;
  one.record.intent.id = *Uuid::parse("3f2a1b4c-0000-4000-8000-000000000001");
  one.record.intent.first.vshard = VShardId(7);
  one.record.intent.first.source = NodeId(1);
  one.record.intent.first.target = NodeId(4);
  one.record.checkpoint =
      meta::make_checkpoint(one.record.intent.id, 1, meta::CatchUpCheckpoint{VShardId(7), Index(9)}, 0);
  one.waits_for = "node 4 is behind";
  one.waits_ns = 3 * ns_per_s;
  one.copied_bytes = 5 << 20;
  one.lag_entries = 70;
  status.migrations.push_back(one);
  for (std::uint8_t i = 0; i < 40; ++i) {
    meta::MigrationHistory ended;
    ended.id = *Uuid::parse("aaaa1b4c-0000-4000-8000-000000000000");
    ended.id.bytes[15] = i;
    ended.vshard = VShardId(i);
    ended.outcome = i % 2 == 0 ? meta::MigrationOutcome::completed : meta::MigrationOutcome::aborted;
    status.history.push_back(ended);
  }
  status.quarantined.push_back("a row");
  return status;
}

TEST(MoveRows, TheHistoryIsToldAsItIs) {
  node::Status status = moving_status();
  status.history_left_out = 8;
  const Json told = status_json(status);
  EXPECT_EQ(told["history"].items().size(), 40u);
  EXPECT_EQ(told["history_left_out"].number(), 8);
  EXPECT_EQ(told["history"].items().back()["vshard"].number(), 39);
}

TEST(MoveRows, AMigrationIsFoundByHowItBegins) {
  const Json status = status_json(moving_status());
  EXPECT_EQ((*find_migration(status, "3F2A"))["vshard"].number(), 7);
  EXPECT_FALSE(has_ended(*find_migration(status, "3f2a1b4c")));
  EXPECT_TRUE(has_ended(*find_migration(status, "aaaa1b4c-0000-4000-8000-000000000027")));
  EXPECT_EQ(find_migration(status, "3f2").error().code, Code::malformed);
  EXPECT_EQ(find_migration(status, "aaaa").error().code, Code::malformed);
  EXPECT_EQ(find_migration(status, "bbbb").error().code, Code::not_found);
}

TEST(MoveRows, TheLineOfProgressTellsRateAndWait) {
  const Json status = status_json(moving_status());
  Json row = status["migrations"].items().front();
  MoveProgress progress(false);
  const std::string first = progress.line(Time{0}, row);
  EXPECT_NE(first.find("vShard 7 node 1 to 4: catch_up, try 2, 5.0 MiB copied, lag 70 entries"),
            std::string::npos)
      << first;
  EXPECT_NE(first.find("waiting: node 4 is behind (3 s)"), std::string::npos) << first;
  node::Status later = moving_status();
  later.migrations.front().copied_bytes = 9 << 20;
  later.migrations.front().lag_entries = 50;
  row = status_json(later)["migrations"].items().front();
  const std::string second = progress.line(Time{0} + 2 * ns_per_s, row);
  EXPECT_NE(second.find("1.0 MiB/s"), std::string::npos) << second;
  EXPECT_NE(second.find("about 11 s left"), std::string::npos) << second;
}

TEST(MoveRows, ACopyOfKnownSizeTellsWhenItWillBeThere) {
  node::Status status = moving_status();
  node::MigrationStatus& one = status.migrations.front();
  one.copy_bytes = 1 << 30;
  one.lag_entries = 0;
  MoveProgress progress(false);
  (void)progress.line(Time{0}, status_json(status)["migrations"].items().front());
  one.copied_bytes = 9 << 20;
  one.pace = 3 << 20;
  const std::string line =
      progress.line(Time{0} + 2 * ns_per_s, status_json(status)["migrations"].items().front());
  // 1,015 MiB at 1 MiB/s: the rate is halfway from nothing to 2 MiB/s.
  EXPECT_NE(line.find("9.0 MiB of 1.0 GiB copied, 1.0 MiB/s, about 16 min left, writes limited to 3.0 MiB/s"),
            std::string::npos)
      << line;
}

TEST(MoveRows, TheDriverIsBelievedAboutMigrations) {
  node::Status other = moving_status();
  other.drives = false;
  other.id = NodeId(1);
  other.migrations.clear();
  const NodeAnswer answers[] = {{"n1:1", status_json(other)},
                                {"n3:1", fail(Code::unreachable, "no answer")},
                                {"n2:1", status_json(moving_status())}};
  const ClusterPicture picture = picture_of(answers);
  EXPECT_EQ(picture.moves["id"].number(), 2);
  const Json body = picture_json(picture);
  EXPECT_EQ(body["driver"].number(), 2);
  EXPECT_EQ(body["migrations"].items().size(), 1u);
  EXPECT_EQ(body["quarantined"].items().size(), 2u);
}

}  // namespace
}  // namespace nodedb::app
