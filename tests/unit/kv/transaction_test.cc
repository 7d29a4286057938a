// SPDX-License-Identifier: Apache-2.0
#include "base/limits.h"
#include "kv/internal.h"
#include "script.h"

namespace nodedb::kv::test {
namespace {

TEST(Transaction, CommandsSeeTheOnesBefore) {
  Shard shard;
  EXPECT_EQ(
      shard.transaction({"SET {t}a 1", "INCR {t}a", "GET {t}a", "DEL {t}a", "GET {t}a", "SETNX {t}a 7"}),
      "[OK :2 \"2\" :1 nil :1]");
  EXPECT_EQ(shard("GET {t}a"), "\"7\"");
  EXPECT_EQ(shard.transaction({}), "[]");
}

TEST(Transaction, AnErrorUndoesNothing) {
  Shard shard;
  EXPECT_EQ(
      shard.transaction({"SET {t}a x", "INCR {t}a", "GET", "SET {u}b 1", "APPEND {t}a y"}),
      "[OK -ERR value is not an integer or out of range -ERR wrong number of arguments for 'get' command "
      "-TRYAGAIN a key does not belong to the vShard that was asked :2]");
  EXPECT_EQ(shard("GET {t}a"), "\"xy\"");
}

TEST(Transaction, WithFlushInside) {
  Shard shard;
  shard("SET {t}old 1 EX 10");
  EXPECT_EQ(shard.transaction({"SET {t}a 1", "_FLUSH", "GET {t}old", "SET {t}old 2 EX 5", "_DBSIZE"}),
            "[OK OK nil OK :1]");
  EXPECT_EQ(shard("TTL {t}old"), ":5");
  EXPECT_EQ(shard("EXISTS {t}a"), ":0");
}

TEST(Transaction, RefusesWalksOverRows) {
  Shard shard;
  EXPECT_EQ(shard.transaction({"SET {t}a 1", "_KEYS *"}),
            "[OK -ERR command not allowed inside a transaction]");
}

TEST(Transaction, ReadOnlyOnesMayBeReads) {
  Shard shard;
  shard("SET {t}a 1");
  const Watch watch = shard.watch("{t}a");
  const Bytes reads =
      encode(Transaction{.watches = {watch}, .commands = {{"GET", "{t}a"}, {"STRLEN", "{t}a"}}});
  EXPECT_EQ(shard.query(reads), "[\"1\" :1]");
  shard("SET {t}a 1");
  EXPECT_EQ(shard.query(reads), "nil-array");
  const Bytes writes =
      encode(Transaction{.watches = {}, .commands = {{"SET", "{t}a", "2"}, {"GET", "{t}a"}}});
  EXPECT_EQ(shard.query(writes), "[-ERR a write was sent as a read \"1\"]");
  EXPECT_EQ(shard.query(encode(Purge{})), "-ERR a write was sent as a read");
}

TEST(Transaction, RepliesTogetherAreCapped) {
  Shard shard;
  const Bytes big(limits::value_bytes_max, 'x');
  shard.apply(encode(Argv{"SET", "{t}a", big}));
  Transaction transaction{.watches = {}, .commands = {}};
  for (int i = 0; i < 3; ++i) transaction.commands.push_back({"GET", "{t}a"});
  transaction.commands.push_back({"SET", "{t}b", "1", "GET"});
  const Reply reply = shard.apply(encode(transaction));
  ASSERT_EQ(reply.items.size(), 4u);
  EXPECT_EQ(reply.items[1].text.size(), big.size());
  EXPECT_TRUE(reply.items[2].is_error());
  EXPECT_EQ(shard("GET {t}b"), "\"1\"");
}

/// What may happen to a key between WATCH and EXEC.
struct WatchCase {
  std::string_view before;
  std::string_view between;
  bool runs;
};

TEST(Watch, AbortsExactlyWhenTheKeyChanged) {
  for (const WatchCase& c : {
           WatchCase{"SET {t}a 1", "GET {t}a", true},
           WatchCase{"SET {t}a 1", "SET {t}other 2", true},
           WatchCase{"SET {t}a 1", "TOUCH {t}a", true},
           WatchCase{"SET {t}a 1", "SET {t}a 2 NX", true},
           WatchCase{"SET {t}a 1", "SET {t}a 1", false},
           WatchCase{"SET {t}a 1", "EXPIRE {t}a 100", false},
           WatchCase{"SET {t}a 1", "DEL {t}a", false},
           WatchCase{"SET {t}a 1", "RENAME {t}a {t}b", false},
           WatchCase{"SET {t}b 1", "GET {t}a", true},
           WatchCase{"SET {t}b 1", "SET {t}a 1", false},
           WatchCase{"SET {t}b 1", "SET {t}c 1", true},
           WatchCase{"SET {t}b 1", "RENAME {t}b {t}a", false},
       }) {
    Shard shard;
    shard(c.before);
    const Watch watch = shard.watch("{t}a");
    shard(c.between);
    const auto before = shard.view.rows;
    const std::string reply = shard.transaction({"SET {t}done 1"}, {watch});
    EXPECT_EQ(reply, c.runs ? "[OK]" : "nil-array") << c.before << "; " << c.between;
    if (!c.runs) {
      EXPECT_EQ(shard.view.rows, before);
    }
  }
}

TEST(Watch, SeesAKeyThatCameAndWent) {
  Shard shard;
  const Watch watch = shard.watch("{t}a");
  shard("SET {t}a 1");
  shard("DEL {t}a");
  EXPECT_EQ(shard.transaction({"SET {t}done 1"}, {watch}), "nil-array");
}

TEST(Watch, SeesAKeyThatWasReplaced) {
  Shard shard;
  shard("SET {t}a 1");
  const Watch watch = shard.watch("{t}a");
  shard("DEL {t}a");
  shard("SET {t}a 1");
  EXPECT_EQ(shard.transaction({"SET {t}done 1"}, {watch}), "nil-array");
}

TEST(Watch, SeesExpiryAndFlush) {
  Shard shard;
  shard("SET {t}a 1 PX 10");
  const Watch expiring = shard.watch("{t}a");
  shard.now_ms += 10;
  EXPECT_EQ(shard.transaction({"SET {t}done 1"}, {expiring}), "nil-array");
  EXPECT_TRUE(shard.last_batch.empty());
  const Watch absent = shard.watch("{t}a");
  EXPECT_FALSE(absent.present);
  EXPECT_EQ(shard.transaction({"SET {t}done 1"}, {absent}), "[OK]") << "it was gone already when watched";
  const Watch flushed = shard.watch("{t}done");
  shard.entry(flush_command());
  EXPECT_EQ(shard.transaction({"SET {t}done 1"}, {flushed}), "nil-array");
}

TEST(Watch, AllMustHold) {
  Shard shard;
  shard("MSET {t}a 1 {t}b 1");
  const Watch a = shard.watch("{t}a");
  const Watch b = shard.watch("{t}b");
  shard("INCR {t}b");
  EXPECT_EQ(shard.transaction({"GET {t}a"}, {a}), "[\"1\"]");
  EXPECT_EQ(shard.transaction({"GET {t}a"}, {a, b}), "nil-array");
}

}  // namespace
}  // namespace nodedb::kv::test
