// SPDX-License-Identifier: Apache-2.0
#include "sim/roster_judge.h"

#include <gtest/gtest.h>

#include "base/time.h"
#include "meta/codec.h"
#include "meta/rows.h"
#include "node/namespaces.h"
#include "tests/unit/sim/evidence.h"

namespace nodedb::sim {
namespace {

using meta::MemberState;

class RosterJudgeTest : public testing::Test {
 protected:
  RosterJudgeTest() {
    for (std::uint32_t node = 1; node <= 5; ++node) member(node, MemberState::active);
    meta::Placement placement{Epoch(1), {NodeId(1), NodeId(2), NodeId(3)}};
    put(meta::placement_key(VShardId(0)), meta::encode(placement));
  }

  void put(const Bytes& key, const Bytes& value) { rows_[node::machine_rows + key] = value; }
  void member(std::uint32_t node, MemberState state, NodeId successor = {}) {
    meta::Member row;
    row.id = NodeId(node);
    row.uuid.bytes[0] = static_cast<std::uint8_t>(node);
    row.address = "node:1";
    row.state = state;
    row.successor = successor;
    put(meta::member_key(row.id), meta::encode(row));
  }
  void move(std::uint32_t from, std::uint32_t to) {
    meta::MigrationIntent intent;
    intent.id.bytes[0] = 9;
    intent.first = {VShardId(0), NodeId(from), NodeId(to), group_of(VShardId(0)), 1, {}};
    intent.epoch = Epoch(1);
    put(meta::intent_key(intent.id), meta::encode(intent));
  }
  const std::string& look() {
    judge_.applied(++index_, rows_);
    return world_.said;
  }

  test::Evidence world_;
  RosterJudge judge_{world_, {}};
  Rows rows_;
  Index index_{5};
};

TEST_F(RosterJudgeTest, WhoIsRetiredHoldsNothing) {
  member(3, MemberState::leaving);
  EXPECT_EQ(look(), "");
  member(3, MemberState::retired);
  EXPECT_EQ(look(), "C4: node 3 is retired and still has a replica");
}

TEST_F(RosterJudgeTest, WhoIsRetiredStaysSo) {
  member(4, MemberState::retired);
  EXPECT_EQ(look(), "");
  member(4, MemberState::active);
  EXPECT_EQ(look(), "C4: node 4 was retired, and is back");
}

TEST_F(RosterJudgeTest, EnoughMembersStay) {
  member(1, MemberState::leaving);
  member(2, MemberState::leaving);
  EXPECT_EQ(look(), "");
  member(4, MemberState::leaving);
  EXPECT_EQ(look(), "C4: only 2 members stay, fewer than replicas are wanted");
}

TEST_F(RosterJudgeTest, ATokenHasOneHolder) {
  meta::Token token;
  token.id = TokenId(1);
  token.holder.bytes[0] = 7;
  token.state = meta::TokenState::in_flight;
  put(meta::token_key(token.id), meta::encode(token));
  EXPECT_EQ(look(), "");
  token.holder.bytes[0] = 8;
  put(meta::token_key(token.id), meta::encode(token));
  EXPECT_NE(look().find("goes from one machine to another"), std::string::npos);
}

TEST_F(RosterJudgeTest, ASuccessorGetsWhatItIsToGet) {
  member(1, MemberState::leaving, NodeId(5));
  EXPECT_EQ(look(), "");
  world_.now = 60 * ns_per_s;
  move(1, 4);
  EXPECT_EQ(look(), "C3: a replica of node 1 goes to node 4 and not to its successor, node 5");
}

TEST_F(RosterJudgeTest, AMoveOfBeforeMayGoAnywhere) {
  member(1, MemberState::leaving, NodeId(5));
  move(1, 4);
  EXPECT_EQ(look(), "");
}

}  // namespace
}  // namespace nodedb::sim
