// SPDX-License-Identifier: Apache-2.0
// A status tells what was asked for, and no more.
#include <gtest/gtest.h>

#include <algorithm>

#include "meta/codec.h"
#include "tests/unit/node/founder.h"

namespace nodedb::node {
namespace {

Node node_with_history(std::uint8_t ended) {
  Boot boot = founder_boot();
  for (std::uint8_t i = 0; i < ended; ++i) {
    meta::MigrationHistory one;
    one.id = uuid(static_cast<std::uint8_t>(100 + i));
    one.vshard = VShardId(i);
    one.ended = i + 1U;
    boot.metadata.push_back({meta::history_key(one.ended), meta::encode(one)});
  }
  return Node::create(founder_options(), std::move(boot), Rng(1), at_ms(0)).value();
}

TEST(Status, TheHistoryIsWholeOnlyIfAskedFor) {
  const Node node = node_with_history(40);
  const Status brief = node.status(at_ms(1), {});
  ASSERT_EQ(brief.history.size(), 32U);
  EXPECT_EQ(brief.history_left_out, 8U);
  EXPECT_EQ(brief.history.back().vshard, VShardId(39));
  const Status whole = node.status(at_ms(1), {.history = true});
  EXPECT_EQ(whole.history.size(), 40U);
  EXPECT_EQ(whole.history_left_out, 0U);
  EXPECT_EQ(node_with_history(3).status(at_ms(1), {}).history.size(), 3U);
}

/// Nobody answers node 1: it takes the others for dead in time, says so, and that is all that comes of it.
TEST(Status, TellsForWhomMembersAreHeld) {
  Node node = node_with_history(0);
  const auto standing = [&](Now now, std::size_t member) { return node.status(now, {}).members.at(member); };
  EXPECT_EQ(standing(at_ms(0), 1).standing, swim::Standing::alive);
  EXPECT_EQ(standing(at_ms(0), 1).standing_ns, -1);
  Now now = at_ms(0);
  std::vector<std::string> notices;
  while (now.mono < Time{300 * ns_per_s}) {
    Turn turn = node.step(now, Wake{});
    notices.insert(notices.end(), turn.notices.begin(), turn.notices.end());
    now.mono = std::max(turn.wake_at, now.mono + ns_per_ms);
  }
  for (const std::size_t member : {1U, 2U}) {
    EXPECT_EQ(standing(now, member).standing, swim::Standing::dead);
    EXPECT_GT(standing(now, member).standing_ns, 0);
  }
  EXPECT_EQ(standing(now, 0).standing, swim::Standing::alive);
  EXPECT_TRUE(std::ranges::find(notices, "node 3 is taken for dead") != notices.end());
  EXPECT_EQ(node.verdicts().size(), 3U);
  EXPECT_EQ(node.group(metadata_group)->config().voters.size(), 3U);
}

TEST(Status, RowsOfGroupsComeIfAskedFor) {
  const Node node = node_with_history(0);
  EXPECT_TRUE(node.status(at_ms(1), {}).groups.empty());
  EXPECT_EQ(node.status(at_ms(1), {.groups = true}).groups.size(), 2U);
  const Status one = node.status(at_ms(1), {.group = GroupId(1)});
  ASSERT_EQ(one.groups.size(), 1U);
  EXPECT_EQ(one.groups[0].group, GroupId(1));
}

}  // namespace
}  // namespace nodedb::node
