// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/row_cache.h"

#include <gtest/gtest.h>

namespace nodedb::edge {
namespace {

TEST(RowCache, knows_what_was_read_and_what_became_of_it) {
  RowCache cache(16);
  EXPECT_EQ(cache.find("k"), nullptr);
  cache.update("k", Bytes("written, never read"));
  EXPECT_EQ(cache.find("k"), nullptr);
  cache.keep("k", Bytes("1"));
  ASSERT_NE(cache.find("k"), nullptr);
  EXPECT_EQ(*cache.find("k"), Bytes("1"));
  cache.update("k", std::nullopt);
  ASSERT_NE(cache.find("k"), nullptr) << "that there is no row is known, too";
  EXPECT_FALSE(*cache.find("k"));
}

TEST(RowCache, what_is_too_large_is_not_known_any_more) {
  RowCache cache(16);
  cache.keep("k", Bytes("1"));
  cache.update("k", Bytes(RowCache::row_bytes_max, 'x'));
  EXPECT_EQ(cache.find("k"), nullptr);
}

TEST(RowCache, a_row_pushes_out_the_one_in_its_place) {
  RowCache cache(1);
  cache.keep("a", Bytes("1"));
  cache.keep("b", Bytes("2"));
  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_EQ(*cache.find("b"), Bytes("2"));
  cache.update("a", Bytes("3"));
  EXPECT_EQ(*cache.find("b"), Bytes("2"));
}

TEST(RowCache, forgets_by_prefix) {
  RowCache cache(64);
  cache.keep("aa", Bytes("1"));
  cache.keep("ab", Bytes("2"));
  cache.keep("b", Bytes("3"));
  cache.forget("a");
  EXPECT_EQ(cache.find("aa"), nullptr);
  EXPECT_EQ(cache.find("ab"), nullptr);
  EXPECT_NE(cache.find("b"), nullptr);
  cache.forget({});
  EXPECT_EQ(cache.find("b"), nullptr);
}

TEST(RowCache, knows_how_much_it_holds_and_keeps_within_what_it_may) {
  EXPECT_EQ(RowCache::places_within(0), 1u);
  constexpr std::size_t bound = 1 << 20;
  RowCache cache(RowCache::places_within(bound));
  const std::size_t empty = cache.bytes();
  cache.keep("key", Bytes("value"));
  EXPECT_EQ(cache.bytes(), empty + 8);
  cache.update("key", Bytes("v"));
  EXPECT_EQ(cache.bytes(), empty + 4);
  cache.update("key", std::nullopt);
  EXPECT_EQ(cache.bytes(), empty + 3);
  cache.update("key", Bytes(RowCache::row_bytes_max, 'x'));
  EXPECT_EQ(cache.bytes(), empty);
  for (int i = 0; i < 100'000; ++i) cache.keep(std::to_string(i), Bytes(RowCache::row_bytes_max - 8, 'x'));
  EXPECT_LE(cache.bytes(), bound);
  EXPECT_GT(cache.bytes(), bound / 3);
  cache.forget({});
  EXPECT_EQ(cache.bytes(), empty);
}

}  // namespace
}  // namespace nodedb::edge
