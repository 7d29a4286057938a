// SPDX-License-Identifier: Apache-2.0
#include "base/limits.h"
#include "script.h"

namespace nodedb::kv::test {
namespace {

TEST(Strings, GetAndSet) {
  run_script({
      {"GET {t}a", "nil"},
      {"SET {t}a 1", "OK"},
      {"get {t}a", "\"1\""},
      {"SET {t}a ''", "OK"},
      {"GET {t}a", "\"\""},
      {"SET {t}a \\x00\\xff", "OK"},
      {"STRLEN {t}a", ":2"},
      {"GET", "-ERR wrong number of arguments for 'get' command"},
      {"GET {t}a {t}b", "-ERR wrong number of arguments for 'get' command"},
      {"SET {t}a", "-ERR wrong number of arguments for 'set' command"},
  });
}

TEST(Strings, SetConditions) {
  run_script({
      {"SET {t}a 1 XX", "nil"},
      {"EXISTS {t}a", ":0"},
      {"SET {t}a 1 NX", "OK"},
      {"SET {t}a 2 nx", "nil"},
      {"SET {t}a 2 XX", "OK"},
      {"SET {t}a 3 GET", "\"2\""},
      {"SET {t}a 4 NX GET", "\"3\""},
      {"GET {t}a", "\"3\""},
      {"SET {t}a 5 XX GET", "\"3\""},
      {"GET {t}a", "\"5\""},
      {"SET {t}b 1 NX GET", "nil"},
      {"GET {t}b", "\"1\""},
      {"SET {t}c 1 XX GET", "nil"},
      {"EXISTS {t}c", ":0"},
      {"SET {t}a 1 NX XX", "-ERR syntax error"},
      {"SET {t}a 1 XX NX", "-ERR syntax error"},
      {"SET {t}a 1 YY", "-ERR syntax error"},
      {"SET {t}a 1 EX", "-ERR syntax error"},
      {"SET {t}a 1 PERSIST", "-ERR syntax error"},
  });
}

TEST(Strings, SetExpiry) {
  run_script({
      {"SET {t}a 1 EX 10", "OK"},
      {"TTL {t}a", ":10"},
      {"SET {t}a 1 PX 1500", "OK"},
      {"PTTL {t}a", ":1500"},
      {"SET {t}a 2 KEEPTTL", "OK"},
      {"PTTL {t}a", ":1500"},
      {"SET {t}a 2", "OK"},
      {"PTTL {t}a", ":-1"},
      {"SET {t}a 2 EXAT 1700000100", "OK"},
      {"TTL {t}a", ":100"},
      {"SET {t}a 2 PXAT 1700000000001", "OK"},
      {"PTTL {t}a", ":1"},
      {"SET {t}a 2 EX 10 EX 20", "OK"},
      {"TTL {t}a", ":20"},
      {"SET {t}a 2 EXAT 1", "OK"},
      {"EXISTS {t}a", ":0"},
      {"SET {t}a 1 EX 10 PX 10", "-ERR syntax error"},
      {"SET {t}a 1 EX 10 KEEPTTL", "-ERR syntax error"},
      {"SET {t}a 1 KEEPTTL EX 10", "-ERR syntax error"},
      {"SET {t}a 1 EX 0", "-ERR invalid expire time in 'set' command"},
      {"SET {t}a 1 EX -1", "-ERR invalid expire time in 'set' command"},
      {"SET {t}a 1 EX 9223372036854775", "-ERR invalid expire time in 'set' command"},
      {"SET {t}a 1 EX 9223372036854776", "-ERR invalid expire time in 'set' command"},
      {"SET {t}a 1 PX 9223372036854775807", "-ERR invalid expire time in 'set' command"},
      {"SET {t}a 1 EX x", "-ERR value is not an integer or out of range"},
      {"SET {t}a 1 EX 9223372036854775808", "-ERR value is not an integer or out of range"},
      {"EXISTS {t}a", ":0"},
  });
}

TEST(Strings, OldFormsOfSet) {
  run_script({
      {"SETNX {t}a 1", ":1"},
      {"SETNX {t}a 2", ":0"},
      {"SETEX {t}a 10 2", "OK"},
      {"TTL {t}a", ":10"},
      {"PSETEX {t}a 10 3", "OK"},
      {"PTTL {t}a", ":10"},
      {"GETSET {t}a 4", "\"3\""},
      {"TTL {t}a", ":-1"},
      {"GETSET {t}b 4", "nil"},
      {"SETEX {t}a 0 2", "-ERR invalid expire time in 'setex' command"},
      {"PSETEX {t}a -5 2", "-ERR invalid expire time in 'psetex' command"},
      {"SETEX {t}a ten 2", "-ERR value is not an integer or out of range"},
      {"GET {t}a", "\"4\""},
  });
}

TEST(Strings, GetdelAndGetex) {
  run_script({
      {"SET {t}a 1", "OK"},
      {"GETDEL {t}a", "\"1\""},
      {"GETDEL {t}a", "nil"},
      {"GETEX {t}a EX 0", "nil"},
      {"SET {t}a 1", "OK"},
      {"GETEX {t}a", "\"1\""},
      {"TTL {t}a", ":-1"},
      {"GETEX {t}a EX 10", "\"1\""},
      {"TTL {t}a", ":10"},
      {"GETEX {t}a", "\"1\""},
      {"TTL {t}a", ":10"},
      {"GETEX {t}a PERSIST", "\"1\""},
      {"TTL {t}a", ":-1"},
      {"GETEX {t}a PX 0", "-ERR invalid expire time in 'getex' command"},
      {"GETEX {t}a KEEPTTL", "-ERR syntax error"},
      {"GETEX {t}a NX", "-ERR syntax error"},
      {"GETEX {t}a PERSIST EX 5", "-ERR syntax error"},
      {"GETEX {t}a EX 5 PERSIST", "-ERR syntax error"},
      {"GETEX {t}a EXAT 1", "\"1\""},
      {"EXISTS {t}a", ":0"},
  });
}

TEST(Strings, Many) {
  run_script({
      {"MSET {t}a 1 {t}b 2 {t}a 3", "OK"},
      {"MGET {t}a {t}none {t}b {t}a", "[\"3\" nil \"2\" \"3\"]"},
      {"MSET {t}a", "-ERR wrong number of arguments for 'mset' command"},
      {"MSET {t}a 1 {t}b", "-ERR wrong number of arguments for 'mset' command"},
      {"MSETNX {t}c 1 {t}b 9", ":0"},
      {"EXISTS {t}c", ":0"},
      {"MSETNX {t}c 1 {t}d 2", ":1"},
      {"MSETNX {t}e 1 {t}f", "-ERR wrong number of arguments for 'msetnx' command"},
      {"MGET {t}c {t}d", "[\"1\" \"2\"]"},
  });
}

TEST(Strings, MgetStopsAtTheReplyCap) {
  Shard shard;
  const Bytes big(limits::value_bytes_max, 'x');
  EXPECT_EQ(shard.entry(encode(Argv{"SET", "{t}a", big})), "OK");
  EXPECT_EQ(shard("MGET {t}a {t}a {t}a"), "-ERR the reply would exceed its maximum size");
  EXPECT_EQ(shard("STRLEN {t}a"), ":16777216");
}

TEST(Counters, Integers) {
  run_script({
      {"INCR {t}a", ":1"},
      {"DECR {t}a", ":0"},
      {"INCRBY {t}a 40", ":40"},
      {"DECRBY {t}a 42", ":-2"},
      {"SET {t}a 9223372036854775807", "OK"},
      {"INCR {t}a", "-ERR increment or decrement would overflow"},
      {"GET {t}a", "\"9223372036854775807\""},
      {"INCRBY {t}a -9223372036854775808", ":-1"},
      {"DECRBY {t}a -9223372036854775808", "-ERR decrement would overflow"},
      {"INCRBY {t}a 1.5", "-ERR value is not an integer or out of range"},
      {"INCRBY {t}a ' 1'", "-ERR value is not an integer or out of range"},
      {"INCRBY {t}a +1", "-ERR value is not an integer or out of range"},
      {"INCRBY {t}a 01", "-ERR value is not an integer or out of range"},
      {"INCRBY {t}a -0", "-ERR value is not an integer or out of range"},
      {"INCRBY {t}a ''", "-ERR value is not an integer or out of range"},
      {"INCRBY {t}a 9223372036854775808", "-ERR value is not an integer or out of range"},
      {"SET {t}a ' 11'", "OK"},
      {"INCR {t}a", "-ERR value is not an integer or out of range"},
      {"SET {t}a 5 EX 100", "OK"},
      {"INCR {t}a", ":6"},
      {"TTL {t}a", ":100"},
  });
}

TEST(Counters, Floats) {
  run_script({
      {"INCRBYFLOAT {t}a 1", "\"1\""},
      {"INCRBYFLOAT {t}a 0.25", "\"1.25\""},
      {"INCRBYFLOAT {t}a 5.0e3", "\"5001.25\""},
      {"INCRBYFLOAT {t}a -5001.25", "\"0\""},
      {"SET {t}a 3.0", "OK"},
      {"INCRBYFLOAT {t}a 1.1", "\"4.1\""},
      {"SET {t}a 0.1", "OK"},
      {"INCRBYFLOAT {t}a 0.2", "\"0.3\""},
      {"INCRBYFLOAT {t}a x", "-ERR value is not a valid float"},
      {"INCRBYFLOAT {t}a ' 1'", "-ERR value is not a valid float"},
      {"INCRBYFLOAT {t}a '1 '", "-ERR value is not a valid float"},
      {"INCRBYFLOAT {t}a ''", "-ERR value is not a valid float"},
      {"INCRBYFLOAT {t}a nan", "-ERR value is not a valid float"},
      {"INCRBYFLOAT {t}a 1e5000", "-ERR value is not a valid float"},
      {"INCRBYFLOAT {t}a inf", "-ERR increment would produce NaN or Infinity"},
      {"SET {t}a text", "OK"},
      {"INCRBYFLOAT {t}a 1", "-ERR value is not a valid float"},
      {"SET {t}a 1 EX 100", "OK"},
      {"INCRBYFLOAT {t}a 1", "\"2\""},
      {"TTL {t}a", ":100"},
  });
}

TEST(Ranges, Append) {
  run_script({
      {"APPEND {t}a 12", ":2"},
      {"OBJECT ENCODING {t}a", "\"int\""},
      {"APPEND {t}a 3", ":3"},
      {"OBJECT ENCODING {t}a", "\"raw\""},
      {"GET {t}a", "\"123\""},
      {"EXPIRE {t}a 100", ":1"},
      {"APPEND {t}a ''", ":3"},
      {"TTL {t}a", ":100"},
      {"STRLEN {t}a", ":3"},
      {"STRLEN {t}none", ":0"},
  });
}

TEST(Ranges, Getrange) {
  run_script({
      {"SET {t}a 'Hello World'", "OK"},
      {"GETRANGE {t}a 0 3", "\"Hell\""},
      {"GETRANGE {t}a 0 -1", "\"Hello World\""},
      {"GETRANGE {t}a -4 -1", "\"orld\""},
      {"GETRANGE {t}a 5 3", "\"\""},
      {"GETRANGE {t}a 5 5000", "\" World\""},
      {"GETRANGE {t}a -5000 10000", "\"Hello World\""},
      {"GETRANGE {t}a -1 -5", "\"\""},
      {"GETRANGE {t}a -100 -50", "\"H\""},
      {"GETRANGE {t}a 11 20", "\"\""},
      {"GETRANGE {t}a -9223372036854775808 9223372036854775807", "\"Hello World\""},
      {"SUBSTR {t}a 6 -1", "\"World\""},
      {"GETRANGE {t}none 0 -1", "\"\""},
      {"GETRANGE {t}a a 1", "-ERR value is not an integer or out of range"},
      {"GETRANGE {t}a 0 b", "-ERR value is not an integer or out of range"},
  });
}

TEST(Ranges, Setrange) {
  run_script({
      {"SETRANGE {t}a 0 ''", ":0"},
      {"EXISTS {t}a", ":0"},
      {"SETRANGE {t}a 2 foo", ":5"},
      {"GET {t}a", std::string_view("\"\0\0foo\"", 7)},
      {"SETRANGE {t}a 1 barbar", ":7"},
      {"SETRANGE {t}a 0 X", ":7"},
      {"GET {t}a", "\"Xbarbar\""},
      {"SETRANGE {t}a 100 ''", ":7"},
      {"OBJECT ENCODING {t}a", "\"raw\""},
      {"SETRANGE {t}a -1 x", "-ERR offset is out of range"},
      {"SETRANGE {t}a x x", "-ERR value is not an integer or out of range"},
      {"SETRANGE {t}a 16777216 x", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"},
      {"SETRANGE {t}a 9223372036854775807 x",
       "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"},
      {"SETRANGE {t}none 16777215 xx", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"},
      {"STRLEN {t}a", ":7"},
  });
}

TEST(Ranges, AppendStopsAtTheCap) {
  Shard shard;
  const Bytes big(limits::value_bytes_max - 1, 'x');
  EXPECT_EQ(shard.entry(encode(Argv{"SET", "{t}a", big})), "OK");
  EXPECT_EQ(shard("APPEND {t}a x"), ":16777216");
  EXPECT_EQ(shard("APPEND {t}a x"), "-ERR string exceeds maximum allowed size (proto-max-bulk-len)");
}

TEST(Lcs, AsDocumented) {
  run_script({
      {"MSET {t}a ohmytext {t}b mynewtext", "OK"},
      {"LCS {t}a {t}b", "\"mytext\""},
      {"LCS {t}a {t}b LEN", ":6"},
      {"LCS {t}a {t}b IDX", "{\"matches\": [[[:4 :7] [:5 :8]] [[:2 :3] [:0 :1]]] \"len\": :6}"},
      {"LCS {t}a {t}b IDX MINMATCHLEN 4", "{\"matches\": [[[:4 :7] [:5 :8]]] \"len\": :6}"},
      {"LCS {t}a {t}b IDX MINMATCHLEN 4 WITHMATCHLEN", "{\"matches\": [[[:4 :7] [:5 :8] :4]] \"len\": :6}"},
      {"LCS {t}a {t}b IDX MINMATCHLEN -1",
       "{\"matches\": [[[:4 :7] [:5 :8]] [[:2 :3] [:0 :1]]] \"len\": :6}"},
      {"LCS {t}a {t}none", "\"\""},
      {"LCS {t}none {t}none IDX", "{\"matches\": [] \"len\": :0}"},
      {"LCS {t}a {t}b LEN IDX", "-ERR If you want both the length and indexes, please just use IDX."},
      {"LCS {t}a {t}b MINMATCHLEN", "-ERR syntax error"},
      {"LCS {t}a {t}b MINMATCHLEN x", "-ERR value is not an integer or out of range"},
      {"LCS {t}a {t}b WHAT", "-ERR syntax error"},
  });
}

TEST(Lcs, RefusesATableThatIsTooLarge) {
  Shard shard;
  const Bytes big(5000, 'x');
  EXPECT_EQ(shard.entry(encode(Argv{"SET", "{t}a", big})), "OK");
  EXPECT_EQ(shard("LCS {t}a {t}a LEN"),
            "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
}

}  // namespace
}  // namespace nodedb::kv::test
