// SPDX-License-Identifier: Apache-2.0
#include "base/flat_map.h"

#include <gtest/gtest.h>

#include <map>

#include "base/rng.h"

namespace nodedb {
namespace {

TEST(FlatMap, FindsWhatItHoldsAndNothingElse) {
  NodeMap<int> map;
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.find(NodeId(1)), map.end());
  map[NodeId(5)] = 50;
  map[NodeId(2)] = 20;
  EXPECT_EQ(map.at(NodeId(5)), 50);
  EXPECT_EQ(map.find(NodeId(2))->second, 20);
  EXPECT_FALSE(map.contains(NodeId(1)));
  EXPECT_FALSE(map.contains(NodeId(3)));
  EXPECT_FALSE(map.contains(NodeId(6)));
}

TEST(FlatMap, IsWalkedByKeyAsATreeWouldBe) {
  Rng rng(1);
  NodeMap<std::uint64_t> map;
  std::map<NodeId, std::uint64_t> tree;
  for (int i = 0; i < 500; ++i) {
    const NodeId node(static_cast<std::uint32_t>(rng.below(12)));
    if (rng.below(3) == 0) {
      map.erase(node);
      tree.erase(node);
    } else {
      map[node] += rng.below(100) + 1;
      tree[node] = map.at(node);
    }
    ASSERT_TRUE(std::ranges::equal(
        map, tree, [](const auto& a, const auto& b) { return a.first == b.first && a.second == b.second; }));
  }
}

TEST(FlatMap, DropsTheUnwanted) {
  NodeMap<int> map;
  for (std::uint32_t node = 1; node <= 4; ++node) map[NodeId(node)] = 0;
  EXPECT_EQ(map.erase_if([](const auto& one) { return one.first.value % 2 == 0; }), 2U);
  EXPECT_TRUE(map.contains(NodeId(1)) && map.contains(NodeId(3)));
  EXPECT_FALSE(map.contains(NodeId(2)) || map.contains(NodeId(4)));
  map.clear();
  EXPECT_TRUE(map.empty());
}

}  // namespace
}  // namespace nodedb
