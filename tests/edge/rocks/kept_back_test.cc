// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/kept_back.h"

#include <gtest/gtest.h>

namespace nodedb::edge {
namespace {

class NoRows final : public View {
 public:
  std::optional<Bytes> get(BytesView) const override { return std::nullopt; }
  std::unique_ptr<Cursor> seek(BytesView) const override { return nullptr; }
};

class KeptBackTest : public testing::Test {
 protected:
  void keep(GroupId group, std::uint64_t index, std::size_t value_bytes) {
    kept.add({group, {Put{"key", Bytes(value_bytes, 'v')}}, {Index(index), Term(1)}});
  }
  void let_go(GroupId group) { kept.let_go(std::span(&group, 1)); }

  NoRows stored;
  KeptBack kept{[this](GroupId) -> const View& { return stored; }};
  const GroupId a{1}, b{2}, c{3};
};

using Groups = std::vector<GroupId>;
constexpr std::size_t any = 1u << 20;

TEST_F(KeptBackTest, what_came_first_goes_first) {
  keep(b, 1, 1000);
  keep(a, 1, 1000);
  keep(c, 1, 1000);
  keep(b, 2, 1000);
  EXPECT_EQ(kept.oldest(any, 0), Groups({b, a, c}));
  EXPECT_EQ(kept.oldest(1500, 0), Groups({b})) << "it has more than that already";
  EXPECT_EQ(kept.oldest(2500, 0), Groups({b, a}));
  EXPECT_EQ(kept.find(b)->applied.index, Index(2));
}

TEST_F(KeptBackTest, each_flush_that_leaves_a_group_behind_counts) {
  keep(a, 1, 10);
  EXPECT_TRUE(kept.oldest(any, 1).empty());
  kept.count_flush();
  keep(b, 1, 10);
  keep(a, 2, 10);
  EXPECT_EQ(kept.oldest(any, 1), Groups({a})) << "its first update was there at the flush";
  kept.count_flush();
  EXPECT_EQ(kept.oldest(any, 1), Groups({a, b}));
  EXPECT_EQ(kept.oldest(any, 2), Groups({a}));
  let_go(a);
  keep(a, 3, 10);
  EXPECT_EQ(kept.oldest(any, 1), Groups({b})) << "it begins anew";
}

TEST_F(KeptBackTest, what_is_let_go_is_no_longer_counted) {
  keep(a, 1, 100);
  const std::size_t one = kept.bytes();
  keep(b, 1, 100);
  keep(b, 2, 100);
  keep(c, 1, 100);
  EXPECT_EQ(kept.bytes(), 4 * one);
  EXPECT_EQ(kept.bytes(b), 2 * one) << "what was written, though it is one row";
  let_go(b);
  EXPECT_EQ(kept.bytes(), 2 * one);
  EXPECT_EQ(kept.bytes(b), 0u);
  EXPECT_EQ(kept.find(b), nullptr);
  EXPECT_EQ(kept.oldest(any, 0), Groups({a, c}));
  let_go(b);
  kept.let_go(Groups({a, c}));
  EXPECT_EQ(kept.bytes(), 0u);
  EXPECT_TRUE(kept.groups().empty());
  let_go(a);
}

}  // namespace
}  // namespace nodedb::edge
