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

}  // namespace
}  // namespace nodedb::edge
