// SPDX-License-Identifier: Apache-2.0
// A status tells what was asked for, and no more.
#include <gtest/gtest.h>

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
