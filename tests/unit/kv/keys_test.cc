// SPDX-License-Identifier: Apache-2.0
#include "kv/internal.h"
#include "script.h"

namespace nodedb::kv::test {
namespace {

TEST(Keys, DelExistsTouchType) {
  run_script({
      {"MSET {t}a 1 {t}b 2", "OK"},
      {"EXISTS {t}a {t}a {t}none {t}b", ":3"},
      {"TOUCH {t}a {t}none", ":1"},
      {"TYPE {t}a", "string"},
      {"TYPE {t}none", "none"},
      {"DEL {t}a {t}a {t}none", ":1"},
      {"UNLINK {t}b", ":1"},
      {"EXISTS {t}a {t}b", ":0"},
      {"DEL", "-ERR wrong number of arguments for 'del' command"},
  });
}

TEST(Keys, Rename) {
  run_script({
      {"RENAME {t}a {t}b", "-ERR no such key"},
      {"RENAME {t}a {t}a", "-ERR no such key"},
      {"RENAMENX {t}a {t}b", "-ERR no such key"},
      {"SET {t}a 1 EX 100", "OK"},
      {"SET {t}b 2 EX 500", "OK"},
      {"RENAME {t}a {t}a", "OK"},
      {"RENAMENX {t}a {t}a", ":0"},
      {"RENAMENX {t}a {t}b", ":0"},
      {"RENAME {t}a {t}b", "OK"},
      {"EXISTS {t}a", ":0"},
      {"GET {t}b", "\"1\""},
      {"TTL {t}b", ":100"},
      {"RENAMENX {t}b {t}c", ":1"},
      {"TTL {t}c", ":100"},
  });
}

TEST(Keys, Copy) {
  run_script({
      {"COPY {t}a {t}b", ":0"},
      {"SET {t}a 1 EX 100", "OK"},
      {"COPY {t}a {t}b", ":1"},
      {"TTL {t}b", ":100"},
      {"SET {t}a 2", "OK"},
      {"COPY {t}a {t}b", ":0"},
      {"GET {t}b", "\"1\""},
      {"COPY {t}a {t}b DB 0 REPLACE", ":1"},
      {"GET {t}b", "\"2\""},
      {"TTL {t}b", ":-1"},
      {"COPY {t}a {t}a", "-ERR source and destination objects are the same"},
      {"COPY {t}a {t}b DB 1", "-ERR Copying to another database is not allowed in cluster mode"},
      {"COPY {t}a {t}b DB 16", "-ERR DB index is out of range"},
      {"COPY {t}a {t}b DB x", "-ERR value is not an integer or out of range"},
      {"COPY {t}a {t}b DB", "-ERR syntax error"},
      {"COPY {t}a {t}b WHAT", "-ERR syntax error"},
  });
}

TEST(Keys, ObjectEncoding) {
  run_script({
      {"OBJECT ENCODING {t}a", "nil"},
      {"SET {t}a 9223372036854775807", "OK"},
      {"OBJECT ENCODING {t}a", "\"int\""},
      {"SET {t}a 007", "OK"},
      {"OBJECT encoding {t}a", "\"embstr\""},
      {"SET {t}a 12345678901234567890123456789012345678901234", "OK"},
      {"OBJECT ENCODING {t}a", "\"embstr\""},
      {"SET {t}a 123456789012345678901234567890123456789012345", "OK"},
      {"OBJECT ENCODING {t}a", "\"raw\""},
      {"SET {t}a 1", "OK"},
      {"INCRBYFLOAT {t}a 1", "\"2\""},
      {"OBJECT ENCODING {t}a", "\"embstr\""},
      {"INCR {t}a", ":3"},
      {"OBJECT ENCODING {t}a", "\"int\""},
      {"OBJECT REFCOUNT {t}a", ":2147483647"},  // Redis shares 0 to 9999
      {"SET {t}a 9999", "OK"},
      {"OBJECT REFCOUNT {t}a", ":2147483647"},
      {"INCR {t}a", ":10000"},
      {"OBJECT REFCOUNT {t}a", ":1"},
      {"SET {t}a -1", "OK"},
      {"OBJECT REFCOUNT {t}a", ":1"},
      {"SET {t}a 1", "OK"},
      {"APPEND {t}a 0", ":2"},
      {"OBJECT REFCOUNT {t}a", ":1"},
      {"OBJECT HELP {t}a", "-ERR unknown subcommand 'HELP'. Try OBJECT HELP."},
      {"OBJECT ENCODING", "-ERR wrong number of arguments for 'object|encoding' command"},
      {"OBJECT WHAT {t}a", "-ERR unknown subcommand 'WHAT'. Try OBJECT HELP."},
  });
}

TEST(Keys, OfAnotherVShardAreRefused) {
  run_script({
      {"SET {u}a 1", "-TRYAGAIN a key does not belong to the vShard that was asked"},
      {"MGET {t}a {u}a", "-TRYAGAIN a key does not belong to the vShard that was asked"},
      {"RENAME {t}a {u}a", "-TRYAGAIN a key does not belong to the vShard that was asked"},
  });
}

TEST(Keys, Flush) {
  Shard shard;
  shard("MSET {t}a 1 {t}b 2");
  shard("SET {t}c 3 EX 10");
  EXPECT_EQ(shard.entry(flush_command()), "OK");
  EXPECT_EQ(shard.view.rows.size(), 1u);
  EXPECT_EQ(shard.query(dbsize_query()), ":0");
  EXPECT_EQ(shard("GET {t}a"), "nil");
  EXPECT_EQ(shard.entry(flush_command()), "OK");
  EXPECT_TRUE(shard.last_batch.empty());
}

}  // namespace
}  // namespace nodedb::kv::test
