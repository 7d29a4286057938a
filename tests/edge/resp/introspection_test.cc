// SPDX-License-Identifier: Apache-2.0
// What the server tells about itself: counters, who is connected, help.

#include <gtest/gtest.h>

#include "tests/edge/resp/gateway_bench.h"

namespace nodedb::resp {
namespace {

using test::GatewayBench;
using test::has;

TEST(Introspection, CommandsAreCounted) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.ask(s, "SET k v");
  bench.ask(s, "INCR k");      // ran, and failed
  bench.ask(s, "SET k");       // refused
  bench.ask(s, "nosuch");      // no command
  bench.ask(s, "CONFIG GET");  // refused, by its whole name
  EXPECT_FALSE(has(bench.ask(s, "INFO"), "cmdstat_"));
  const std::string stats = bench.ask(s, "INFO commandstats errorstats stats");
  for (const char* line :
       {"cmdstat_set:calls=1,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0\r\n",
        "cmdstat_incr:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1\r\n",
        "cmdstat_config|get:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0\r\n",
        "errorstat_ERR:count=4\r\n", "total_error_replies:4\r\n"}) {
    EXPECT_TRUE(has(stats, line)) << line << stats;
  }
  bench.ask(s, "CONFIG RESETSTAT");
  EXPECT_FALSE(has(bench.ask(s, "INFO commandstats errorstats"), "_set"));
  EXPECT_FALSE(has(bench.ask(s, "INFO all"), "errorstat_"));
}

TEST(Introspection, ATransactionCountsWhenItRuns) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.ask(s, "MULTI");
  bench.ask(s, "SET k v");
  bench.ask(s, "INCR k");
  bench.ask(s, "AUTH x");
  EXPECT_FALSE(has(bench.ask(s, "INFO commandstats"), "cmdstat"));  // queued itself
  bench.ask(s, "EXEC");
  const std::string stats = bench.ask(s, "INFO commandstats errorstats");
  for (const char* line :
       {"cmdstat_multi:calls=1,", "cmdstat_exec:calls=1,", "cmdstat_set:calls=1,", "cmdstat_info:calls=2,",
        "errorstat_ERR:count=2\r\n",
        "cmdstat_incr:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1",
        "cmdstat_auth:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1"}) {
    EXPECT_TRUE(has(stats, line)) << line << stats;
  }
}

TEST(Introspection, ReadableTextIsMarkedInRespThree) {
  GatewayBench bench;
  Session& s = bench.connect();
  EXPECT_TRUE(bench.ask(s, "INFO server").starts_with("$"));
  bench.ask(s, "HELLO 3");
  for (const char* command :
       {"INFO server", "INFO", "CLIENT LIST", "CLIENT INFO", "CLUSTER INFO", "LOLWUT"}) {
    const std::string text = bench.ask(s, command);
    EXPECT_TRUE(text.starts_with("=")) << command;
    const std::size_t head = text.find("\r\n") + 2;
    EXPECT_EQ(text.substr(head, 4), "txt:") << command;
    EXPECT_EQ("=" + std::to_string(text.size() - head - 2) + "\r\n", text.substr(0, head)) << command;
  }
  EXPECT_EQ(bench.ask(s, "ECHO hi"), "$2\r\nhi\r\n");
}

TEST(Introspection, ClientListTellsTheRequestThatIsAnswered) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.connect();
  const std::string list = bench.ask(s, "CLIENT LIST");
  EXPECT_TRUE(has(list, " multi=-1 qbuf=26 qbuf-free=0 argv-mem=10 multi-mem=0 rbs=")) << list;
  EXPECT_TRUE(has(list, " multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=")) << list;
  EXPECT_TRUE(
      has(list, " obl=0 oll=0 omem=0 tot-mem=0 events=r cmd=client|list user=default redir=-1 resp=2"))
      << list;
  EXPECT_TRUE(has(list, " cmd=NULL ")) << list;
}

TEST(Introspection, KeysComeWithWhatIsDoneToThem) {
  GatewayBench bench;
  Session& s = bench.connect();
  const std::pair<const char*, const char*> cases[] = {
      {"GET k", "*1\r\n*2\r\n$1\r\nk\r\n*2\r\n+RO\r\n+access\r\n"},
      {"EXISTS k", "*1\r\n*2\r\n$1\r\nk\r\n*1\r\n+RO\r\n"},
      {"SET k v", "*1\r\n*2\r\n$1\r\nk\r\n*2\r\n+OW\r\n+update\r\n"},
      {"SET get v", "*1\r\n*2\r\n$3\r\nget\r\n*2\r\n+OW\r\n+update\r\n"},
      {"SET k v get", "*1\r\n*2\r\n$1\r\nk\r\n*3\r\n+RW\r\n+access\r\n+update\r\n"},
      {"MSETNX k v l w",
       "*2\r\n*2\r\n$1\r\nk\r\n*2\r\n+OW\r\n+insert\r\n*2\r\n$1\r\nl\r\n*2\r\n+OW\r\n+insert\r\n"},
      {"RENAME k l",
       "*2\r\n*2\r\n$1\r\nk\r\n*3\r\n+RW\r\n+access\r\n+delete\r\n"
       "*2\r\n$1\r\nl\r\n*2\r\n+OW\r\n+update\r\n"},
      {"EXPIRE k 1", "*1\r\n*2\r\n$1\r\nk\r\n*2\r\n+RW\r\n+update\r\n"},
      {"nosuch k", "-ERR Invalid command specified\r\n"},
      {"ECHO k", "-ERR The command has no key arguments\r\n"},
  };
  for (const auto& [command, reply] : cases) {
    EXPECT_EQ(bench.ask(s, std::string("COMMAND GETKEYSANDFLAGS ") + command), reply) << command;
  }
}

TEST(Introspection, HelpNamesTheSubcommands) {
  GatewayBench bench;
  Session& s = bench.connect();
  for (const char* name : {"CLIENT", "CLUSTER", "COMMAND", "CONFIG", "FUNCTION", "OBJECT", "SCRIPT"}) {
    const std::string help = bench.ask(s, std::string(name) + " help");
    EXPECT_TRUE(help.starts_with("*")) << help;
    EXPECT_TRUE(
        has(help, std::string("+") + name + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    EXPECT_TRUE(help.ends_with("+HELP\r\n+    Print this help.\r\n")) << help;
  }
  EXPECT_TRUE(has(bench.ask(s, "CLIENT HELP"), "+GETNAME\r\n+    The connection's name.\r\n"));
  EXPECT_EQ(bench.ask(s, "CLIENT HELP x"), "-ERR wrong number of arguments for 'client|help' command\r\n");
  const std::string list = bench.ask(s, "COMMAND LIST FILTERBY PATTERN cl*help");
  EXPECT_EQ(list, "*2\r\n$11\r\nclient|help\r\n$12\r\ncluster|help\r\n");
}

TEST(Introspection, WhatStopsTheServerIsNotForTransactions) {
  GatewayBench bench;
  Session& s = bench.connect();
  for (const char* command : {"SAVE", "SHUTDOWN"}) {
    bench.ask(s, "MULTI");
    bench.ask(s, "SET k v");
    EXPECT_EQ(bench.ask(s, command), "-ERR Command not allowed inside a transaction\r\n");
    EXPECT_TRUE(bench.ask(s, "EXEC").starts_with("-EXECABORT "));
    EXPECT_EQ(bench.ask(s, "GET k"), "$-1\r\n");
  }
}

}  // namespace
}  // namespace nodedb::resp
