// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/row_cache.h"

#include <gtest/gtest.h>

namespace nodedb::edge {
namespace {

constexpr std::size_t whole = BytesView::npos;

TEST(RowCache, knows_what_was_read_and_what_became_of_it) {
  RowCache cache(16);
  EXPECT_EQ(cache.find("k", whole), nullptr);
  cache.update("k", "written, never read");
  EXPECT_EQ(cache.find("k", whole), nullptr);
  cache.keep("k", "1");
  ASSERT_NE(cache.find("k", whole), nullptr);
  EXPECT_EQ(*cache.find("k", whole), Bytes("1"));
  cache.update("k", std::nullopt);
  ASSERT_NE(cache.find("k", whole), nullptr) << "that there is no row is known, too";
  EXPECT_FALSE(*cache.find("k", whole));
}

TEST(RowCache, of_what_is_large_it_knows_the_first_bytes) {
  RowCache cache(16);
  cache.keep("k", "1");
  EXPECT_NE(cache.find("k", RowCache::head_bytes), nullptr) << "no more is there";
  const Bytes large(RowCache::row_bytes_max, 'x');
  cache.update("k", large);
  EXPECT_EQ(cache.find("k", whole), nullptr);
  EXPECT_EQ(cache.find("k", RowCache::head_bytes + 1), nullptr);
  ASSERT_NE(cache.find("k", RowCache::head_bytes), nullptr);
  EXPECT_EQ(*cache.find("k", 1), large.substr(0, RowCache::head_bytes));
  cache.update("k", "2");
  EXPECT_EQ(*cache.find("k", whole), "2");
}

TEST(RowCache, a_key_that_is_too_large_is_not_known) {
  RowCache cache(16);
  const Bytes key(RowCache::row_bytes_max, 'k');
  cache.keep(key, "1");
  EXPECT_EQ(cache.find(key, 1), nullptr);
}

TEST(RowCache, a_row_pushes_out_the_one_in_its_place) {
  RowCache cache(1);
  cache.keep("a", "1");
  cache.keep("b", "2");
  EXPECT_EQ(cache.find("a", whole), nullptr);
  EXPECT_EQ(*cache.find("b", whole), Bytes("2"));
  cache.update("a", "3");
  EXPECT_EQ(*cache.find("b", whole), Bytes("2"));
}

TEST(RowCache, forgets_by_prefix) {
  RowCache cache(64);
  cache.keep("aa", "1");
  cache.keep("ab", "2");
  cache.keep("b", "3");
  cache.forget("a");
  EXPECT_EQ(cache.find("aa", whole), nullptr);
  EXPECT_EQ(cache.find("ab", whole), nullptr);
  EXPECT_NE(cache.find("b", whole), nullptr);
  cache.forget({});
  EXPECT_EQ(cache.find("b", whole), nullptr);
}

TEST(RowCache, knows_how_much_it_holds_and_keeps_within_what_it_may) {
  EXPECT_EQ(RowCache::places_within(0), 1u);
  constexpr std::size_t bound = 1 << 20;
  RowCache cache(RowCache::places_within(bound));
  const std::size_t empty = cache.bytes();
  cache.keep("key", "value");
  EXPECT_EQ(cache.bytes(), empty + 8);
  cache.update("key", "v");
  EXPECT_EQ(cache.bytes(), empty + 4);
  cache.update("key", std::nullopt);
  EXPECT_EQ(cache.bytes(), empty + 3);
  cache.update("key", Bytes(RowCache::row_bytes_max, 'x'));
  EXPECT_EQ(cache.bytes(), empty + 3 + RowCache::head_bytes);
  for (int i = 0; i < 100'000; ++i) cache.keep(std::to_string(i), Bytes(RowCache::row_bytes_max - 8, 'x'));
  EXPECT_LE(cache.bytes(), bound);
  EXPECT_GT(cache.bytes(), bound / 3);
  cache.forget({});
  EXPECT_EQ(cache.bytes(), empty);
}

}  // namespace
}  // namespace nodedb::edge
