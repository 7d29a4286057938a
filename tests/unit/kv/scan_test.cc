// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "base/rng.h"
#include "kv/internal.h"
#include "kv/rows.h"
#include "script.h"

namespace nodedb::kv::test {
namespace {

ScanPage page_of(const Shard& shard, const ScanQuery& query) {
  return scan_page(shard.read(scan_query(query))).value();
}

std::vector<Bytes> scan_all(const Shard& shard, ScanQuery query) {
  std::vector<Bytes> keys;
  for (std::optional<std::uint64_t> at = query.position; at;) {
    query.position = *at;
    const ScanPage page = page_of(shard, query);
    keys.insert(keys.end(), page.keys.begin(), page.keys.end());
    at = page.next;
  }
  return keys;
}

/// Keys of the tests' vShard in different slots, unlike {t}'s: drawn until they fit.
std::vector<Bytes> spread_keys(const Shard& shard, std::size_t count) {
  std::vector<Bytes> keys;
  for (int i = 0; keys.size() < count; ++i) {
    Bytes key = "k" + std::to_string(i);
    if (vshard_of_slot(slot_of(key)) == shard.vshard) keys.push_back(std::move(key));
  }
  return keys;
}

TEST(Scan, PositionsNameVShards) {
  EXPECT_EQ(first_position(0), 0u);
  EXPECT_EQ(first_position(1), std::uint64_t{16} << 48);
  EXPECT_EQ(vshard_of_position(0), VShardId(0));
  EXPECT_EQ(vshard_of_position(first_position(1) - 1), VShardId(0));
  EXPECT_EQ(vshard_of_position(first_position(1023)), VShardId(1023));
  EXPECT_EQ(vshard_of_position(first_position(1024)), std::nullopt);
  EXPECT_EQ(vshard_of_position(~std::uint64_t{0}), std::nullopt);
  for (const char* key : {"a", "{t}a", ""}) {
    EXPECT_EQ(vshard_of_position(rows::position_of(key)), vshard_of_slot(slot_of(key)));
  }
}

TEST(Scan, FindsAllInPages) {
  Shard shard;
  const auto keys = spread_keys(shard, 300);
  for (const Bytes& key : keys) shard.apply(encode(Argv{"SET", key, "v"}));
  for (const std::uint64_t count : {1U, 7U, 10U, 299U, 300U, 100'000U}) {
    auto found = scan_all(shard, {.position = 0, .count = count});
    EXPECT_EQ(found.size(), keys.size());
    EXPECT_EQ(std::set(found.begin(), found.end()), std::set(keys.begin(), keys.end()));
  }
  const ScanPage page = page_of(shard, {.position = 0, .count = 7});
  EXPECT_EQ(page.keys.size(), 7u);
  EXPECT_EQ(vshard_of_position(page.next.value()), shard.vshard);
  EXPECT_FALSE(page_of(shard, {.position = first_position(shard.vshard.value + 1u)}).next);
}

TEST(Scan, MatchTypeAndDueKeys) {
  Shard shard;
  shard("MSET {t}apple 1 {t}avocado 1 {t}bean 1");
  shard("SET {t}artichoke 1 PX 5");
  shard.now_ms += 5;
  ScanQuery query{.position = 0, .count = 100, .match = "{t}a*"};
  EXPECT_EQ(scan_all(shard, query).size(), 2u);
  query.type = "string";
  EXPECT_EQ(scan_all(shard, query).size(), 2u);
  query.type = "list";
  EXPECT_EQ(scan_all(shard, query).size(), 0u);
  EXPECT_EQ(shard.query(keys_query("*ea*")), "[\"{t}bean\"]");
  EXPECT_EQ(shard.query(dbsize_query()), ":4");
  EXPECT_EQ(shard.query(count_slot_query(slot_of("{t}"))), ":3");
  EXPECT_EQ(shard.read(keys_in_slot_query(slot_of("{t}"), 2)).items.size(), 2u);
  EXPECT_EQ(shard.read(keys_in_slot_query(slot_of("{t}"), 9)).items.size(), 3u);
  EXPECT_EQ(shard.query(count_slot_query(slot_of("{u}"))),
            "-TRYAGAIN a key does not belong to the vShard that was asked");
}

TEST(Scan, Refusals) {
  Shard shard;
  EXPECT_EQ(shard("_SCAN"), "-ERR wrong number of arguments for '_scan' command");
  EXPECT_EQ(shard("_SCAN x"), "-ERR invalid cursor");
  EXPECT_EQ(shard("_SCAN -1"), "-ERR invalid cursor");
  EXPECT_EQ(shard("_SCAN 0 COUNT"), "-ERR syntax error");
  EXPECT_EQ(shard("_SCAN 0 COUNT 0"), "-ERR syntax error");
  EXPECT_EQ(shard("_SCAN 0 COUNT x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(shard("_SCAN 0 WHAT x"), "-ERR syntax error");
  EXPECT_EQ(shard("_COUNTSLOT 16384"), "-ERR Invalid or out of range slot");
  const Bytes pattern(5000, '*');
  EXPECT_EQ(shard.query(keys_query(pattern)), "-ERR pattern exceeds maximum allowed size of 4096 bytes");
  EXPECT_FALSE(scan_page(Reply::error("ERR x")));
  EXPECT_FALSE(scan_page(Reply::array({Reply::integer(-1), Reply::array()})));
  EXPECT_FALSE(watch_version(Reply::array({Reply::integer(1)})));
}

TEST(Scan, KeysAtOnePositionStayTogether) {
  // Nobody can find such keys cheaply, so the rows are made by hand.
  Shard shard;
  const std::uint64_t position = first_position(shard.vshard.value) + 5;
  for (const char* key : {"a", "b", "c"}) {
    shard.view.rows[rows::value_key(position, key)] = rows::pack(rows::Item{.value = "v"});
  }
  shard.view.rows[rows::value_key(position + 1, "d")] = rows::pack(rows::Item{.value = "v"});
  const ScanPage page = page_of(shard, {.position = 0, .count = 1});
  EXPECT_EQ(page.keys, (std::vector<Bytes>{"a", "b", "c"}));
  EXPECT_EQ(page.next, position + 1);
  shard.view.rows.clear();
}

TEST(Scan, RandomKeyReachesEveryKey) {
  Shard shard;
  EXPECT_EQ(shard.query(random_key_query(7)), "nil");
  const auto keys = spread_keys(shard, 20);
  for (const Bytes& key : keys) shard.apply(encode(Argv{"SET", key, "v"}));
  Rng rng(6);
  std::set<Bytes> seen;
  for (int i = 0; i < 20'000; ++i) seen.insert(shard.read(random_key_query(rng.next())).text);
  EXPECT_EQ(seen, std::set(keys.begin(), keys.end()));
}

/// Whatever is there from the first page to the last is returned, whatever comes and goes in between.
RC_GTEST_PROP(Scan, IsCompleteUnderWrites, ()) {
  Shard shard;
  std::set<Bytes> steady;
  const auto number = rc::gen::inRange(0, 200);
  for (const int i : *rc::gen::container<std::vector<int>>(number)) {
    const Bytes key = "{t}" + std::to_string(i);
    shard.apply(encode(Argv{"SET", key, "v"}));
    steady.insert(key);
  }
  const auto count = static_cast<std::uint64_t>(*rc::gen::inRange(1, 12));
  std::set<Bytes> seen;
  for (std::optional<std::uint64_t> at = 0; at;) {
    const ScanPage page = page_of(shard, {.position = *at, .count = count});
    RC_ASSERT(!page.next || *page.next > *at);
    seen.insert(page.keys.begin(), page.keys.end());
    at = page.next;
    for (const int i : *rc::gen::resize(4, rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 400)))) {
      const Bytes key = "{t}" + std::to_string(i);
      if (i % 3 == 0) {
        shard.apply(encode(Argv{"DEL", key}));
        steady.erase(key);
      } else {
        shard.apply(encode(Argv{"SET", key, "w"}));
      }
    }
  }
  RC_ASSERT(std::includes(seen.begin(), seen.end(), steady.begin(), steady.end()));
}

}  // namespace
}  // namespace nodedb::kv::test
