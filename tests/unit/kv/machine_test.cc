// SPDX-License-Identifier: Apache-2.0
// What holds for the machine as a whole, whatever the commands: determinism, and what it refuses.

#include "kv/machine.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "base/time.h"
#include "kv/internal.h"
#include "kv/rows.h"
#include "script.h"

namespace nodedb::kv::test {
namespace {

/// Drawn command lines over few keys, so that they meet.
Bytes drawn_line(Rng& rng) {
  const Bytes a = "{t}" + std::to_string(rng.below(5));
  const Bytes b = "{t}" + std::to_string(rng.below(5));
  const Bytes n = std::to_string(rng.between(-3, 40));
  switch (rng.below(14)) {
    case 0:
      return "SET " + a + " " + n + " PX " + n;
    case 1:
      return "SET " + a + " " + n + " NX GET";
    case 2:
      return "MSET " + a + " " + n + " " + b + " 1";
    case 3:
      return "INCRBY " + a + " " + n;
    case 4:
      return "INCRBYFLOAT " + a + " 0.1";
    case 5:
      return "APPEND " + a + " 1";
    case 6:
      return "RENAME " + a + " " + b;
    case 7:
      return "COPY " + a + " " + b + " REPLACE";
    case 8:
      return "DEL " + a + " " + b;
    case 9:
      return "PEXPIRE " + a + " " + n + " GT";
    case 10:
      return "PERSIST " + a;
    case 11:
      return "GETEX " + a + " PX 15";
    case 12:
      return "GETDEL " + a;
    default:
      return "EXPIRE " + a + " " + n;
  }
}

TEST(Machine, TheSameEntriesGiveTheSameBatchesAndRows) {
  Rng rng(4);
  Shard one;
  Shard two;
  for (int round = 0; round < 5000; ++round) {
    const std::int64_t step = rng.between(0, 8);
    one.now_ms += step;
    two.now_ms += step;
    const Bytes first = drawn_line(rng);
    const Bytes second = drawn_line(rng);
    const std::string reply = rng.chance(0.3) ? one.transaction({first, second}) : one(first);
    const std::string again = reply.starts_with('[') ? two.transaction({first, second}) : two(first);
    ASSERT_EQ(reply, again) << first;
    ASSERT_EQ(one.last_batch, two.last_batch) << first;
    if (rng.chance(0.05)) {
      ASSERT_EQ(one.purge(), two.purge());
    }
    ASSERT_FALSE(testing::Test::HasFailure()) << "rows broken by " << first << " or " << second;
  }
  EXPECT_EQ(one.view.rows, two.view.rows);
}

TEST(Machine, ATransactionEqualsItsCommandsOneByOne) {
  Rng rng(5);
  Shard together;
  Shard apart;
  const auto contents = [](const Shard& shard) {
    std::map<Bytes, std::pair<Bytes, std::int64_t>> found;
    for (const auto& [key, value] : shard.view.rows) {
      const auto at = rows::value_key_in(key);
      if (!at) continue;
      const auto item = rows::item_in(value);
      found[Bytes(at->key)] = {Bytes(item->value), item->expire_at_ms};
    }
    return found;
  };
  for (int round = 0; round < 2000; ++round) {
    const std::int64_t step = rng.between(0, 8);
    together.now_ms += step;
    apart.now_ms += step;
    const Bytes a = drawn_line(rng);
    const Bytes b = drawn_line(rng);
    const Bytes c = drawn_line(rng);
    const std::string replies = together.transaction({a, b, c});
    std::string one_by_one = "[" + apart(a);
    one_by_one += " " + apart(b);
    one_by_one += " " + apart(c) + "]";
    ASSERT_EQ(replies, one_by_one) << a << "; " << b << "; " << c;
    ASSERT_EQ(contents(together), contents(apart)) << a << "; " << b << "; " << c;
  }
}

TEST(Machine, StopsAtEntriesOfAnotherBuild) {
  Shard shard;
  shard("SET {t}a 1");
  const auto before = shard.view.rows;
  EXPECT_EQ(shard.entry("\x7f"), "!incompatible");
  EXPECT_EQ(shard.entry(""), "!malformed");
  EXPECT_EQ(shard.entry(encode(Argv{"FROMTHEFUTURE", "{t}a"})), "!incompatible");
  EXPECT_EQ(shard.transaction({"SET {t}a 2", "FROMTHEFUTURE {t}a"}), "!incompatible");
  EXPECT_EQ(shard.view.rows, before);
  EXPECT_EQ(shard.query("\x7f"), "-ERR a stored command is of a kind that this build does not know");
}

TEST(Machine, TheDoorRefusesThoseEntries) {
  EXPECT_TRUE(check_entry(encode(Argv{"SET", "a", "1"})));
  EXPECT_TRUE(check_entry(flush_command()));
  EXPECT_TRUE(check_entry(scan_query({.position = 0, .count = 10, .match = "*"})));
  EXPECT_TRUE(check_entry(encode(Purge{})));
  EXPECT_TRUE(check_entry(encode(Transaction{.watches = {}, .commands = {{"GET", "a"}}})));
  EXPECT_EQ(check_entry("\x7f").error().code, Code::incompatible);
  EXPECT_EQ(check_entry(encode(Argv{"NOPE"})).error().code, Code::incompatible);
  EXPECT_EQ(check_entry(encode(Argv{"SET", "a"})).error().code, Code::malformed);
  EXPECT_FALSE(check_entry(encode(Transaction{.watches = {}, .commands = {{"GET", "a"}, {"NOPE"}}})));
}

TEST(Machine, DamagedRowsAreSaid) {
  Shard shard;
  shard("SET {t}a 1");
  const Bytes key = rows::value_key(rows::position_of("{t}a"), "{t}a");
  shard.view.rows[key] = "short";
  EXPECT_EQ(shard("GET {t}a"), "-ERR a stored row is damaged");
  EXPECT_EQ(shard.query(keys_query("*")), "-ERR a stored row is damaged");
  EXPECT_EQ(shard.query(random_key_query(0)), "-ERR a stored row is damaged");
  EXPECT_EQ(shard("SET {t}a 2"), "!damaged");
  shard.view.rows.erase(key);
  shard.view.rows[Bytes(rows::stats_key)] = "short";
  EXPECT_EQ(shard("SET {t}b 2"), "!damaged");
  shard.view.rows.clear();
}

TEST(Machine, ReadsWriteNothing) {
  Shard shard;
  EXPECT_EQ(shard.query(encode(Argv{"SET", "{t}a", "1"})), "-ERR a write was sent as a read");
  EXPECT_EQ(shard.query(encode(Argv{"GETDEL", "{t}a"})), "-ERR a write was sent as a read");
}

TEST(Machine, BatchesAreSmall) {
  Shard shard;
  shard("SET {t}a 1");
  EXPECT_EQ(shard.last_batch.size(), 2u) << "value, stats";
  shard("SET {t}a 2");
  EXPECT_EQ(shard.last_batch.size(), 1u) << "value";
  shard("SET {t}a 2 EX 10");
  EXPECT_EQ(shard.last_batch.size(), 2u) << "value, expiry";
  shard("INCR {t}a");
  EXPECT_EQ(shard.last_batch.size(), 1u) << "value; the expiry row stays as it is";
  shard("EXPIRE {t}a 20");
  EXPECT_EQ(shard.last_batch.size(), 3u) << "old expiry, value, new expiry";
  shard("SET {t}b 2 XX");
  EXPECT_EQ(shard.last_batch.size(), 0u);
}

}  // namespace
}  // namespace nodedb::kv::test
