// SPDX-License-Identifier: Apache-2.0
#include "kv/command.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "shard.h"

namespace nodedb::kv::test {
namespace {

TEST(CommandTable, FindsEveryNameInAnyCase) {
  EXPECT_EQ(all_commands().size(), 40u);
  for (const CommandSpec& spec : all_commands()) {
    Bytes upper(spec.name);
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    for (const BytesView name : {BytesView(spec.name), BytesView(upper)}) {
      const CommandSpec* found = find_command(name);
      ASSERT_NE(found, nullptr) << name;
      EXPECT_EQ(found->name, spec.name);
    }
    EXPECT_NE(spec.writes(), spec.is(flag_readonly)) << spec.name;
    EXPECT_GT(spec.first_key, 0) << spec.name;
  }
  for (const char* name :
       {"", "ge", "gett", "ping", "_flush", "_SCAN", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_EQ(find_command(name), nullptr) << name;
  }
}

TEST(CommandTable, KeysOf) {
  using Keys = std::vector<BytesView>;
  EXPECT_EQ(keys_of(Argv{"get", "a"}), Result<Keys>(Keys{"a"}));
  EXPECT_EQ(keys_of(Argv{"MSET", "a", "1", "b", "2"}), Result<Keys>(Keys{"a", "b"}));
  EXPECT_EQ(keys_of(Argv{"del", "a", "b", "a"}), Result<Keys>(Keys{"a", "b", "a"}));
  EXPECT_EQ(keys_of(Argv{"COPY", "a", "b", "REPLACE"}), Result<Keys>(Keys{"a", "b"}));
  EXPECT_EQ(keys_of(Argv{"OBJECT", "ENCODING", "a"}), Result<Keys>(Keys{"a"}));
  EXPECT_EQ(keys_of(Argv{"OBJECT", "HELP"}), Result<Keys>(Keys{}));
  EXPECT_EQ(keys_of(Argv{"get"}).error().detail, "ERR wrong number of arguments for 'get' command");
  EXPECT_EQ(keys_of(Argv{"nope", "x", "y"}).error().detail,
            "ERR unknown command 'nope', with args beginning with: 'x' 'y' ");
  EXPECT_FALSE(keys_of(Argv{}));
}

TEST(CommandTable, InfoAsRedisPrintsIt) {
  using Names = std::vector<std::string_view>;
  EXPECT_EQ(flag_names(*find_command("set")), (Names{"write", "denyoom"}));
  EXPECT_EQ(flag_names(*find_command("get")), (Names{"readonly", "fast"}));
  EXPECT_EQ(acl_categories(*find_command("get")), (Names{"@read", "@string", "@fast"}));
  EXPECT_EQ(acl_categories(*find_command("del")), (Names{"@keyspace", "@write", "@slow"}));
}

TEST(Check, RefusesWhatNoDataCouldMakeRight) {
  struct Case {
    std::string_view line;
    std::string_view error;  ///< empty: passes
  };
  for (const Case& c : {
           Case{"GET a", ""},
           Case{"GET", "ERR wrong number of arguments for 'get' command"},
           Case{"NOPE", "ERR unknown command 'NOPE', with args beginning with: "},
           Case{"_FLUSH", "ERR unknown command '_FLUSH', with args beginning with: "},
           Case{"SET a 1 EX 10", ""},
           Case{"SET a 1 EX 0", "ERR invalid expire time in 'set' command"},
           Case{"SET a 1 NX XX", "ERR syntax error"},
           Case{"SETEX a x 1", "ERR value is not an integer or out of range"},
           Case{"GETEX a EX 0", ""},
           Case{"GETEX a NX", "ERR syntax error"},
           Case{"MSET a", "ERR wrong number of arguments for 'mset' command"},
           Case{"MSET a 1 b", "ERR wrong number of arguments for 'mset' command"},
           Case{"INCRBY a x", "ERR value is not an integer or out of range"},
           Case{"DECRBY a -9223372036854775808", "ERR decrement would overflow"},
           Case{"INCRBYFLOAT a x", "ERR value is not a valid float"},
           Case{"SETRANGE a -1 x", "ERR offset is out of range"},
           Case{"GETRANGE a 0 x", "ERR value is not an integer or out of range"},
           Case{"EXPIRE a 10 NX GT", "ERR NX and XX, GT or LT options at the same time are not compatible"},
           Case{"EXPIREAT a 9223372036854775807", "ERR invalid expire time in 'expireat' command"},
           Case{"COPY a a", "ERR source and destination objects are the same"},
           Case{"LCS a b LEN IDX", "ERR If you want both the length and indexes, please just use IDX."},
           Case{"OBJECT WHAT a", "ERR unknown subcommand 'WHAT'. Try OBJECT HELP."},
       }) {
    const auto words = split(c.line);
    const auto checked = check(Argv(words.begin(), words.end()));
    EXPECT_EQ(checked ? "" : checked.error().detail, c.error) << c.line;
  }
  EXPECT_FALSE(check(Argv{}));
}

TEST(Check, SizesAreCapped) {
  const Bytes key(limits::key_bytes_max + 1, 'k');
  const Bytes value(limits::value_bytes_max + 1, 'v');
  EXPECT_TRUE(check(Argv{"SET", BytesView(key).substr(1), BytesView(value).substr(1)}));
  EXPECT_EQ(check(Argv{"SET", key, "v"}).error().code, Code::too_large);
  EXPECT_EQ(check(Argv{"MSET", "a", "1", key, "v"}).error().code, Code::too_large);
  EXPECT_EQ(check(Argv{"SET", "a", value}).error().detail,
            "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
}

}  // namespace
}  // namespace nodedb::kv::test
