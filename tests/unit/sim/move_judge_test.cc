// SPDX-License-Identifier: Apache-2.0
#include "sim/move_judge.h"

#include <gtest/gtest.h>

#include "meta/codec.h"
#include "meta/rows.h"
#include "node/namespaces.h"
#include "tests/unit/sim/evidence.h"

namespace nodedb::sim {
namespace {

class MoveJudgeTest : public testing::Test {
 protected:
  static constexpr VShardId vshard{0};
  static constexpr GroupId group = group_of(vshard);
  static constexpr NodeId source{1};
  static constexpr NodeId target{4};

  MoveJudgeTest() {
    id_.bytes[0] = 1;
    intent_.id = id_;
    intent_.first = {vshard, source, target, group, 1, {}};
    intent_.epoch = Epoch(1);
    put(meta::intent_key(id_), meta::encode(intent_));
    reach(intent_.first);
    route(1, {NodeId(1), NodeId(2), NodeId(3)});
  }

  void put(const Bytes& key, const Bytes& value) { rows_[node::machine_rows + key] = value; }
  void reach(meta::MigrationPayload payload) {
    put(meta::checkpoint_key(id_), meta::encode(meta::make_checkpoint(id_, 0, std::move(payload), 0)));
  }
  void route(std::uint64_t epoch, std::vector<NodeId> replicas) {
    put(meta::placement_key(vshard), meta::encode(meta::Placement{Epoch(epoch), std::move(replicas)}));
  }
  /// What is said about the rows as they are now.
  const std::string& look() {
    judge_.applied(NodeId(2), ++index_, rows_);
    return world_.said;
  }

  static raft::Config config(std::vector<NodeId> voters, std::vector<NodeId> learners) {
    raft::Config config;
    config.voters = std::move(voters);
    config.learners = std::move(learners);
    return config;
  }

  test::Evidence world_;
  MoveJudge judge_{world_, {}};
  meta::MigrationId id_;
  meta::MigrationIntent intent_;
  Rows rows_;
  Index index_{5};
};

TEST_F(MoveJudgeTest, ALearnerHasToBeCommitted) {
  EXPECT_EQ(look(), "");
  reach(meta::CatchUpCheckpoint{vshard, Index(9)});
  EXPECT_NE(look().find("no config with the target is committed at index 9"), std::string::npos);
}

TEST_F(MoveJudgeTest, ALearnerThatIsCommittedIsTrue) {
  judge_.committed(group, Index(9), config({NodeId(1), NodeId(2), NodeId(3)}, {target}));
  reach(meta::CatchUpCheckpoint{vshard, Index(9)});
  EXPECT_EQ(look(), "");
}

TEST_F(MoveJudgeTest, WhatLiesOnAQuorumCounts) {
  node::StoredGroup& log = world_.logs[source];
  raft::Entry entry;
  entry.index = Index(9);
  entry.kind = raft::EntryKind::config;
  entry.payload = Blob(raft::encode(config({NodeId(1), NodeId(2), NodeId(3)}, {target})));
  log.log.push_back(entry);
  world_.all_durable = true;
  reach(meta::CatchUpCheckpoint{vshard, Index(9)});
  EXPECT_EQ(look(), "");
}

TEST_F(MoveJudgeTest, OneReplicaSetAnEpoch) {
  EXPECT_EQ(look(), "");
  route(1, {NodeId(3), NodeId(2), NodeId(1)});  // the same set
  EXPECT_EQ(look(), "");
  route(1, {target, NodeId(2), NodeId(3)});
  EXPECT_EQ(look(), "C1: vShard 0 in epoch 1 has two replica sets");
}

TEST_F(MoveJudgeTest, OneMigrationAVShard) {
  EXPECT_EQ(look(), "");
  intent_.id.bytes[0] = 2;
  put(meta::intent_key(intent_.id), meta::encode(intent_));
  put(meta::checkpoint_key(intent_.id), meta::encode(meta::make_checkpoint(intent_.id, 0, intent_.first, 0)));
  EXPECT_NE(look().find("another one moves the vShard, too"), std::string::npos);
}

TEST_F(MoveJudgeTest, TheSourceKeepsItsReplicaUntilComplete) {
  EXPECT_EQ(look(), "");
  judge_.destroyed(NodeId(2), group);
  EXPECT_EQ(world_.said, "");
  judge_.destroyed(source, group);
  EXPECT_NE(world_.said.find("the source destroys its replica"), std::string::npos);
}

TEST_F(MoveJudgeTest, AnAbortTakesTheLearnerOut) {
  EXPECT_EQ(look(), "");
  judge_.committed(group, Index(9), config({NodeId(1), NodeId(2), NodeId(3)}, {target}));
  rows_.erase(node::machine_rows + meta::intent_key(id_));
  rows_.erase(node::machine_rows + meta::checkpoint_key(id_));
  meta::MigrationHistory history;
  history.id = id_;
  history.vshard = vshard;
  history.source = source;
  history.target = target;
  history.outcome = meta::MigrationOutcome::aborted;
  history.ended = 7;
  put(meta::history_key(7), meta::encode(history));
  EXPECT_NE(look().find("aborted, but not undone"), std::string::npos);
}

}  // namespace
}  // namespace nodedb::sim
