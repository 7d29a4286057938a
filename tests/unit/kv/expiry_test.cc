// SPDX-License-Identifier: Apache-2.0
#include "base/limits.h"
#include "base/time.h"
#include "script.h"

namespace nodedb::kv::test {
namespace {

TEST(Expiry, SetAndAsk) {
  run_script({
      {"EXPIRE {t}a 10", ":0"},
      {"TTL {t}a", ":-2"},
      {"PEXPIRETIME {t}a", ":-2"},
      {"SET {t}a 1", "OK"},
      {"TTL {t}a", ":-1"},
      {"EXPIRETIME {t}a", ":-1"},
      {"EXPIRE {t}a 10", ":1"},
      {"TTL {t}a", ":10"},
      {"PTTL {t}a", ":10000"},
      {"EXPIRETIME {t}a", ":1700000010"},
      {"PEXPIRETIME {t}a", ":1700000010000"},
      {"PEXPIRE {t}a 1499", ":1"},
      {"TTL {t}a", ":1"},
      {"PEXPIRE {t}a 1500", ":1"},
      {"TTL {t}a", ":2"},
      {"EXPIREAT {t}a 1700000050", ":1"},
      {"TTL {t}a", ":50"},
      {"PEXPIREAT {t}a 1700000000005", ":1"},
      {"PTTL {t}a", ":5"},
      {"GET {t}a", "\"1\""},
      {"PERSIST {t}a", ":1"},
      {"PERSIST {t}a", ":0"},
      {"PERSIST {t}none", ":0"},
      {"TTL {t}a", ":-1"},
  });
}

TEST(Expiry, PastTimesRemoveAtOnce) {
  for (const char* line : {"EXPIRE {t}a 0", "EXPIRE {t}a -1", "PEXPIRE {t}a -9223372036854775808",
                           "EXPIREAT {t}a 1", "EXPIREAT {t}a -5", "PEXPIREAT {t}a 1700000000000"}) {
    Shard shard;
    run_script(shard, {{"SET {t}a 1", "OK"}, {line, ":1"}, {"EXISTS {t}a", ":0"}, {line, ":0"}});
  }
}

TEST(Expiry, Conditions) {
  run_script({
      {"SET {t}a 1", "OK"},
      {"EXPIRE {t}a 100 XX", ":0"},
      {"EXPIRE {t}a 100 GT", ":0"},
      {"EXPIRE {t}a 100 XX LT", ":0"},
      {"EXPIRE {t}a 100 LT", ":1"},
      {"EXPIRE {t}a 200 NX", ":0"},
      {"EXPIRE {t}a 200 LT", ":0"},
      {"EXPIRE {t}a 100 GT", ":0"},
      {"EXPIRE {t}a 200 GT", ":1"},
      {"EXPIRE {t}a 300 XX GT", ":1"},
      {"TTL {t}a", ":300"},
      {"PERSIST {t}a", ":1"},
      {"EXPIRE {t}a 100 NX", ":1"},
      {"EXPIRE {t}a 100 NX XX", "-ERR NX and XX, GT or LT options at the same time are not compatible"},
      {"EXPIRE {t}a 100 NX GT", "-ERR NX and XX, GT or LT options at the same time are not compatible"},
      {"EXPIRE {t}a 100 GT LT", "-ERR GT and LT options at the same time are not compatible"},
      {"EXPIRE {t}a 100 AB", "-ERR Unsupported option AB"},
      {"EXPIRE {t}a x AB", "-ERR Unsupported option AB"},
      {"EXPIRE {t}a x", "-ERR value is not an integer or out of range"},
      {"EXPIRE {t}a 9223372036854775807", "-ERR invalid expire time in 'expire' command"},
      {"EXPIRE {t}a -9223372036854775808", "-ERR invalid expire time in 'expire' command"},
      {"PEXPIRE {t}a 9223372036854775807", "-ERR invalid expire time in 'pexpire' command"},
      {"EXPIREAT {t}a 9223372036854775807", "-ERR invalid expire time in 'expireat' command"},
      {"PEXPIREAT {t}a 9223372036854775807", ":1"},
      {"EXPIRETIME {t}a", ":9223372036854776"},
  });
}

TEST(Expiry, KeysAreGoneOnTheirMillisecond) {
  Shard shard;
  run_script(shard, {{"SET {t}a 1 PX 10", "OK"}, {"SET {t}b 1 PX 11", "OK"}});
  shard.now_ms += 9;
  EXPECT_EQ(shard("MGET {t}a {t}b"), "[\"1\" \"1\"]");
  shard.now_ms += 1;
  run_script(shard, {
                        {"MGET {t}a {t}b", "[nil \"1\"]"},
                        {"EXISTS {t}a {t}b", ":1"},
                        {"TTL {t}a", ":-2"},
                        {"TYPE {t}a", "none"},
                        {"STRLEN {t}a", ":0"},
                        {"SET {t}a 2 XX", "nil"},
                        {"APPEND {t}a x", ":1"},
                        {"TTL {t}a", ":-1"},
                    });
}

TEST(Expiry, AWriteThatFindsADueKeyRemovesIt) {
  Shard shard;
  run_script(shard, {{"SET {t}a 1 PX 10", "OK"}});
  shard.now_ms += 10;
  EXPECT_EQ(shard("DEL {t}a"), ":0");
  EXPECT_EQ(shard.query(encode(Argv{"_DBSIZE"})), ":0");
  EXPECT_EQ(shard.view.rows.size(), 1u) << "only the stats row is left";
  EXPECT_EQ(shard.purge(), 0);
}

TEST(Expiry, PurgeTakesWhatIsDueInBatches) {
  Shard shard;
  const std::size_t due = 2 * limits::purge_keys_max + 10;
  for (std::size_t i = 0; i < due; ++i) {
    const Bytes key = "{t}" + std::to_string(i);
    shard.apply(encode(Argv{"SET", key, "v", "PX", "100"}));
  }
  shard("SET {t}stays v PX 1000");
  shard("SET {t}for-ever v");
  EXPECT_EQ(shard.machine.next_due_ns(shard.view), (shard.now_ms + 100) * ns_per_ms);
  EXPECT_FALSE(shard.machine.command_when_due(shard.view, {(shard.now_ms + 100) * ns_per_ms - 1, 0}));
  EXPECT_EQ(shard.purge(), 0);
  shard.now_ms += 100;
  const auto command = shard.machine.command_when_due(shard.view, {shard.now_ms * ns_per_ms, 0});
  ASSERT_TRUE(command);
  EXPECT_EQ(shard.entry(*command), ":128");
  EXPECT_EQ(shard.purge(), static_cast<std::int64_t>(due - limits::purge_keys_max));
  EXPECT_EQ(shard.query(encode(Argv{"_DBSIZE"})), ":2");
  EXPECT_EQ(shard.machine.next_due_ns(shard.view), (shard.now_ms + 900) * ns_per_ms);
  shard.now_ms += 900;
  EXPECT_EQ(shard.purge(), 1);
  EXPECT_EQ(shard.machine.next_due_ns(shard.view), std::nullopt);
}

TEST(Expiry, PurgeIsDecidedAgainByTheEntrysStamp) {
  Shard shard;
  shard("SET {t}a 1 PX 10");
  shard.now_ms += 10;
  const auto command = shard.machine.command_when_due(shard.view, {shard.now_ms * ns_per_ms, 0});
  ASSERT_TRUE(command);
  shard("PERSIST {t}a");  // too late by its stamp, but one that was ordered earlier would have kept the key
  shard("SET {t}a 2 PX 10");
  EXPECT_EQ(shard.entry(*command), ":0");
  EXPECT_EQ(shard("GET {t}a"), "\"2\"");
}

TEST(Expiry, EntriesTellWhatTheyMakeDue) {
  Shard shard;
  const auto in_ms = [&](std::int64_t ms) { return std::optional((shard.now_ms + ms) * ns_per_ms); };
  shard("SET {t}a 1");
  EXPECT_EQ(shard.last_due_ns, std::nullopt);
  shard("SET {t}a 1 PX 500");
  EXPECT_EQ(shard.last_due_ns, in_ms(500));
  shard("INCR {t}a");
  EXPECT_EQ(shard.last_due_ns, std::nullopt) << "told before";
  shard.transaction({"SET {t}b 1 PX 900", "SET {t}c 1 PX 700", "SET {t}d 1 PX 800"});
  EXPECT_EQ(shard.last_due_ns, in_ms(700));
  shard("RENAME {t}a {t}e");
  EXPECT_EQ(shard.last_due_ns, in_ms(500));
  shard("PERSIST {t}e");
  EXPECT_EQ(shard.last_due_ns, std::nullopt);
  EXPECT_EQ(shard.machine.next_due_ns(shard.view), in_ms(700));
}

TEST(Expiry, FarTimesDoNotWrap) {
  Shard shard;
  shard("SET {t}a 1 PXAT 9223372036854775807");
  EXPECT_EQ(shard.machine.next_due_ns(shard.view), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(shard("GET {t}a"), "\"1\"");
}

}  // namespace
}  // namespace nodedb::kv::test
