// SPDX-License-Identifier: Apache-2.0
// MULTI, EXEC, DISCARD, WATCH and UNWATCH, against the real machine and against each other's connections.
#include <gtest/gtest.h>

#include "tests/edge/resp/gateway_bench.h"

namespace nodedb::resp {
namespace {

using test::cross_slot;
using test::GatewayBench;

TEST(GatewayMulti, RunsAsOneEntry) {
  GatewayBench bench;
  Session& s = bench.connect();
  for (const char* command : {"MULTI", "SET {t}a 1", "INCR {t}a", "PING", "GET {t}a", "ECHO x"}) {
    bench.give(s, command);
  }
  EXPECT_EQ(bench.taken(s), "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n");
  bench.give(s, "EXEC");
  ASSERT_EQ(bench.backend.calls.size(), 1u);
  EXPECT_TRUE(bench.backend.calls[0].call.write);
  bench.run_all();
  EXPECT_EQ(bench.taken(s), "*5\r\n+OK\r\n:2\r\n+PONG\r\n$1\r\n2\r\n$1\r\nx\r\n");
}

TEST(GatewayMulti, OfReadsAloneIsARead) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.ask(s, "SET {t}a 1");
  for (const char* command : {"MULTI", "GET {t}a", "EXISTS {t}a {t}b", "EXEC"}) bench.give(s, command);
  ASSERT_EQ(bench.backend.calls.size(), 1u);
  EXPECT_FALSE(bench.backend.calls[0].call.write);
  bench.run_all();
  EXPECT_TRUE(bench.taken(s).ends_with("*2\r\n$1\r\n1\r\n:1\r\n"));
}

TEST(GatewayMulti, MistakesWhileQueueingAbortTheWhole) {
  const std::string abort = "-EXECABORT Transaction discarded because of previous errors.\r\n";
  for (const char* mistake : {"nosuch", "SET a", "MGET a b", "FLUSHALL", "DBSIZE", "CONFIG NOSUCH"}) {
    GatewayBench bench;
    Session& s = bench.connect();
    bench.ask(s, "MULTI");
    bench.ask(s, "SET a 1");
    const std::string reply = bench.ask(s, mistake);
    EXPECT_TRUE(reply.starts_with("-")) << mistake;
    EXPECT_EQ(bench.ask(s, "EXEC"), abort) << mistake;
    EXPECT_EQ(bench.ask(s, "GET a"), "$-1\r\n");
  }
}

TEST(GatewayMulti, KnowsItsOwnMistakes) {
  GatewayBench bench;
  Session& s = bench.connect();
  EXPECT_EQ(bench.ask(s, "EXEC"), "-ERR EXEC without MULTI\r\n");
  EXPECT_EQ(bench.ask(s, "DISCARD"), "-ERR DISCARD without MULTI\r\n");
  EXPECT_TRUE(bench.ask(s, "EXEC now").starts_with("-EXECABORT "));
  bench.ask(s, "MULTI");
  EXPECT_EQ(bench.ask(s, "MULTI"), "-ERR MULTI calls can not be nested\r\n");
  EXPECT_EQ(bench.ask(s, "WATCH a"), "-ERR WATCH inside MULTI is not allowed\r\n");
  EXPECT_EQ(bench.ask(s, "EXEC"), "*0\r\n");
  bench.ask(s, "MULTI");
  EXPECT_EQ(bench.ask(s, "EXEC now"),
            "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command\r\n");
  EXPECT_EQ(bench.ask(s, "EXEC"), "-ERR EXEC without MULTI\r\n");
}

TEST(GatewayMulti, AnErrorInsideDoesNotUndoTheRest) {
  GatewayBench bench;
  Session& s = bench.connect();
  for (const char* command : {"MULTI", "SET {t}a x", "INCR {t}a", "SET {t}b 1"}) bench.ask(s, command);
  EXPECT_EQ(bench.ask(s, "EXEC"), "*3\r\n+OK\r\n-ERR value is not an integer or out of range\r\n+OK\r\n");
}

TEST(GatewayWatch, GuardsAgainstOthers) {
  GatewayBench bench;
  Session& me = bench.connect();
  Session& other = bench.connect();
  bench.ask(me, "SET {t}k 1");
  for (const bool disturbed : {false, true}) {
    EXPECT_EQ(bench.ask(me, "WATCH {t}k"), "+OK\r\n");
    if (disturbed) bench.ask(other, "SET {t}k 2");
    bench.ask(me, "MULTI");
    bench.ask(me, "SET {t}k 3");
    EXPECT_EQ(bench.ask(me, "EXEC"), disturbed ? "*-1\r\n" : "*1\r\n+OK\r\n");
  }
}

TEST(GatewayWatch, EndsWithUnwatchDiscardAndExec) {
  GatewayBench bench;
  Session& me = bench.connect();
  Session& other = bench.connect();
  for (const char* end : {"UNWATCH", "MULTI|DISCARD", "MULTI|EXEC"}) {
    bench.ask(me, "WATCH k");
    std::istringstream in(end);
    for (std::string command; std::getline(in, command, '|');) bench.ask(me, command);
    bench.ask(other, "SET k 2");
    bench.ask(me, "MULTI");
    bench.ask(me, "SET k 3");
    EXPECT_EQ(bench.ask(me, "EXEC"), "*1\r\n+OK\r\n") << end;
  }
}

TEST(GatewayWatch, WithoutDataCommandsMaySpanSlots) {
  GatewayBench bench;
  Session& me = bench.connect();
  Session& other = bench.connect();
  bench.ask(me, "WATCH a b c");
  bench.ask(me, "MULTI");
  bench.ask(me, "PING");
  EXPECT_EQ(bench.ask(me, "EXEC"), "*1\r\n+PONG\r\n");
  bench.ask(me, "WATCH a b c");
  bench.ask(other, "SET b 1");
  bench.ask(me, "MULTI");
  bench.ask(me, "PING");
  EXPECT_EQ(bench.ask(me, "EXEC"), "*-1\r\n");
  bench.ask(me, "WATCH a");
  bench.ask(me, "MULTI");
  bench.ask(me, "SET b 2");
  EXPECT_EQ(bench.ask(me, "EXEC"), cross_slot);
}

TEST(GatewayWatch, APipelinedReadDoesNotOvertakeIt) {
  GatewayBench bench;
  Session& s = bench.connect();
  for (const char* command : {"WATCH k", "GET k", "MULTI", "SET k 1", "EXEC"}) bench.give(s, command);
  ASSERT_EQ(bench.backend.calls.size(), 1u);  // the version alone
  bench.run_all();
  EXPECT_EQ(bench.taken(s), "+OK\r\n$-1\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
}

TEST(GatewayWatch, AVersionThatCouldNotBeReadAbortsExec) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.give(s, "WATCH k");
  bench.fail(0, Code::no_leader);
  EXPECT_TRUE(bench.taken(s).starts_with("-CLUSTERDOWN "));
  bench.ask(s, "MULTI");
  bench.ask(s, "SET k 1");
  EXPECT_TRUE(bench.ask(s, "EXEC").starts_with("-EXECABORT "));
  // Watched again, it is fine.
  bench.give(s, "WATCH k");
  bench.fail(0, Code::no_leader);
  bench.ask(s, "WATCH k");
  bench.ask(s, "MULTI");
  bench.taken(s);
  bench.ask(s, "SET k 1");
  EXPECT_EQ(bench.ask(s, "EXEC"), "*1\r\n+OK\r\n");
}

}  // namespace
}  // namespace nodedb::resp
