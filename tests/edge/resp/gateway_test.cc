// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/gateway.h"

#include <gtest/gtest.h>

#include <set>

#include "base/slot.h"
#include "kv/argv.h"
#include "tests/edge/resp/gateway_bench.h"

namespace nodedb::resp {
namespace {

using test::cross_slot;
using test::GatewayBench;

// --- order in a connection ---

TEST(GatewayOrder, RepliesLeaveInTheOrderOfTheRequests) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.give(s, "SET a 1");
  bench.give(s, "PING");
  bench.give(s, "SET b 2");
  ASSERT_EQ(bench.backend.calls.size(), 2u);
  bench.run(1);
  EXPECT_EQ(bench.taken(s), "");
  bench.run(0);
  EXPECT_EQ(bench.taken(s), "+OK\r\n+PONG\r\n+OK\r\n");
}

TEST(GatewayOrder, AReadWaitsForTheWriteBeforeIt) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.give(s, "SET k 1");
  bench.give(s, "SET k 2");
  EXPECT_EQ(bench.backend.calls.size(), 2u);  // writes flow
  bench.give(s, "GET k");
  bench.give(s, "GET other");
  EXPECT_EQ(bench.backend.calls.size(), 3u);  // the other vShard's read does not wait
  bench.give(s, "SET k 3");
  EXPECT_EQ(bench.backend.calls.size(), 3u);  // not past the read
  bench.run_all();
  EXPECT_EQ(bench.taken(s), "+OK\r\n+OK\r\n$1\r\n2\r\n$-1\r\n+OK\r\n");
  EXPECT_EQ(bench.ask(s, "GET k"), "$1\r\n3\r\n");
}

TEST(GatewayOrder, ConnectionsDoNotWaitForEachOther) {
  GatewayBench bench;
  Session& a = bench.connect();
  Session& b = bench.connect();
  bench.give(a, "SET k 1");
  bench.give(b, "GET k");
  EXPECT_EQ(bench.backend.calls.size(), 2u);
}

TEST(GatewayOrder, AWideReadWaitsForWritesAndWritesForIt) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.give(s, "SET k 1");
  bench.give(s, "DBSIZE");
  bench.give(s, "SET l 1");
  EXPECT_EQ(bench.backend.calls.size(), 1u);
  bench.run();
  EXPECT_EQ(bench.backend.calls.size(), vshard_count);
  bench.run_all();
  EXPECT_EQ(bench.taken(s), "+OK\r\n:1\r\n+OK\r\n");
}

TEST(GatewayOrder, AnAnswerForAClosedConnectionIsDropped) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.give(s, "SET k 1");
  bench.give(s, "GET k");
  bench.gateway.close(s.id);
  bench.run_all();
  EXPECT_EQ(bench.gateway.open_calls(), 0u);
  EXPECT_EQ(bench.gateway.held_bytes(), 0u);
}

// --- commands over several vShards ---

TEST(GatewayScatter, ManyKeysAreSpreadAndGathered) {
  GatewayBench bench;
  Session& s = bench.connect();
  EXPECT_EQ(bench.ask(s, "MSET a 1 b 2 c 3 d 4"), "+OK\r\n");
  EXPECT_EQ(bench.ask(s, "MGET d nope b a"), "*4\r\n$1\r\n4\r\n$-1\r\n$1\r\n2\r\n$1\r\n1\r\n");
  EXPECT_EQ(bench.ask(s, "EXISTS a b c a nope"), ":4\r\n");
  EXPECT_EQ(bench.ask(s, "TOUCH a b nope"), ":2\r\n");
  EXPECT_EQ(bench.ask(s, "DEL a b nope"), ":2\r\n");
  EXPECT_EQ(bench.ask(s, "UNLINK c d"), ":2\r\n");
  EXPECT_EQ(bench.ask(s, "DBSIZE"), ":0\r\n");
}

TEST(GatewayScatter, ArityIsJudgedAsAWhole) {
  GatewayBench bench;
  Session& s = bench.connect();
  EXPECT_EQ(bench.ask(s, "MSET a 1 b"), "-ERR wrong number of arguments for 'mset' command\r\n");
  EXPECT_TRUE(bench.backend.calls.empty());
}

TEST(GatewayScatter, OneVShardIsOneCall) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.give(s, "MSET {t}a 1 {t}b 2");
  EXPECT_EQ(bench.backend.calls.size(), 1u);
}

TEST(GatewayScatter, WhatCannotBeSpreadIsRefused) {
  GatewayBench bench;
  Session& s = bench.connect();
  for (const char* command : {"MSETNX a 1 b 2", "RENAME a b", "RENAMENX a b", "COPY a b", "LCS a b"}) {
    EXPECT_EQ(bench.ask(s, command), cross_slot) << command;
  }
  EXPECT_EQ(bench.ask(s, "MSETNX {t}a 1 {t}b 2"), ":1\r\n");
  EXPECT_EQ(bench.ask(s, "RENAME {t}a {t}c"), "+OK\r\n");
}

TEST(GatewayScatter, AFailedPartOfAWriteIsNamed) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.give(s, "MSET a 1 b 2");
  ASSERT_EQ(bench.backend.calls.size(), 2u);
  bench.fail(0, Code::busy);
  bench.run_all();
  const std::string reply = bench.taken(s);
  EXPECT_TRUE(reply.starts_with("-TRYAGAIN ")) << reply;
  EXPECT_NE(reply.find("1 of 2 vShards"), std::string::npos) << reply;
}

TEST(GatewayScatter, FlushEmptiesEverything) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.ask(s, "MSET a 1 b 2 c 3");
  EXPECT_EQ(bench.ask(s, "FLUSHALL nonsense"), "-ERR syntax error\r\n");
  EXPECT_EQ(bench.ask(s, "FLUSHALL"), "+OK\r\n");
  EXPECT_EQ(bench.ask(s, "DBSIZE"), ":0\r\n");
  EXPECT_EQ(bench.ask(s, "RANDOMKEY"), "$-1\r\n");
}

TEST(GatewayScatter, RandomKeyFindsEveryKeyInTheEnd) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.ask(s, "MSET a 1 b 2 c 3");
  std::set<std::string> seen;
  for (int i = 0; i < 60; ++i) seen.insert(bench.ask(s, "RANDOMKEY"));
  EXPECT_EQ(seen, (std::set<std::string>{"$1\r\na\r\n", "$1\r\nb\r\n", "$1\r\nc\r\n"}));
}

/// The cursor and the keys of a SCAN reply, taken apart.
std::pair<std::string, std::vector<std::string>> scan_reply(const std::string& text) {
  std::istringstream in(text);
  std::string line;
  std::string cursor;
  std::vector<std::string> keys;
  std::getline(in, line);  // *2
  std::getline(in, line);
  std::getline(in, cursor, '\r');
  in.get();
  std::getline(in, line);  // *n
  while (std::getline(in, line)) {
    std::getline(in, line, '\r');
    in.get();
    keys.push_back(line);
  }
  return {cursor, keys};
}

TEST(GatewayScan, WalksEveryKeyOnceWhenNothingChanges) {
  GatewayBench bench;
  Session& s = bench.connect();
  std::set<std::string> all;
  for (int i = 0; i < 500; ++i) {
    all.insert("key:" + std::to_string(i));
    bench.ask(s, "SET key:" + std::to_string(i) + " v");
  }
  for (const char* options : {"", " COUNT 1", " COUNT 50", " MATCH key:*", " TYPE string COUNT 1000"}) {
    std::multiset<std::string> seen;
    std::string cursor = "0";
    int calls = 0;
    do {
      auto [next, keys] = scan_reply(bench.ask(s, "SCAN " + cursor + options));
      seen.insert(keys.begin(), keys.end());
      cursor = next;
      ASSERT_LT(++calls, 3000);
    } while (cursor != "0");
    EXPECT_EQ(seen, std::multiset<std::string>(all.begin(), all.end())) << options;
  }
}

TEST(GatewayScan, AnEmptyWalkIsShort) {
  GatewayBench bench;
  Session& s = bench.connect();
  std::string cursor = "0";
  int calls = 0;
  do {
    cursor = scan_reply(bench.ask(s, "SCAN " + cursor)).first;
    ++calls;
  } while (cursor != "0");
  EXPECT_LE(calls, 5);
}

TEST(GatewayScan, RefusesWhatRedisRefuses) {
  GatewayBench bench;
  Session& s = bench.connect();
  EXPECT_EQ(bench.ask(s, "SCAN x"), "-ERR invalid cursor\r\n");
  EXPECT_EQ(bench.ask(s, "SCAN -1"), "-ERR invalid cursor\r\n");
  EXPECT_EQ(bench.ask(s, "SCAN 0 COUNT 0"), "-ERR syntax error\r\n");
  EXPECT_EQ(bench.ask(s, "SCAN 0 COUNT x"), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(bench.ask(s, "SCAN 0 MATCH"), "-ERR syntax error\r\n");
  EXPECT_EQ(bench.ask(s, "SCAN 0 TYPE hash"), bench.ask(s, "SCAN 0 TYPE hash"));
  EXPECT_EQ(bench.ask(s, "SCAN 18446744073709551615"), "*2\r\n$1\r\n0\r\n*0\r\n");
}

// --- errors of the cluster ---

TEST(GatewayErrors, AreToldInRedisTerms) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.give(s, "SET k 1");
  bench.fail(0, Code::timeout);
  EXPECT_TRUE(bench.taken(s).starts_with("-TIMEOUT outcome unknown"));
  bench.give(s, "GET k");
  bench.fail(0, Code::timeout);
  EXPECT_TRUE(bench.taken(s).starts_with("-TRYAGAIN "));
  bench.give(s, "SET k 1");
  bench.fail(0, Code::disk_full);
  EXPECT_TRUE(bench.taken(s).starts_with("-MISCONF "));
}

TEST(GatewayErrors, BadRequestsNeverReachTheCluster) {
  GatewayBench bench;
  Session& s = bench.connect();
  for (const char* command : {"SET k v EX 0", "SET k v BAD", "INCRBY k x", "GETRANGE k a b", "nosuch x",
                              "GET", "EXPIRE k x", "CONFIG", "CLIENT KILL", "CLUSTER KEYSLOT"}) {
    bench.give(s, command);
    EXPECT_TRUE(bench.taken(s).starts_with("-ERR ")) << command;
  }
  EXPECT_TRUE(bench.backend.calls.empty());
}

TEST(GatewayErrors, AMalformedAnswerOfANodeIsAnError) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.give(s, "GET k");
  bench.gateway.completed(bench.backend.calls[0].tag, Blob(Bytes("\xff\xff")));
  EXPECT_TRUE(bench.taken(s).starts_with("-ERR "));
}

// --- memory ---

TEST(GatewayMemory, ReadingPausesWhileAnswersAreNotTaken) {
  Options options;
  options.connection_bytes_max = 100'000;
  GatewayBench bench(options);
  Session& s = bench.connect();
  bench.ask(s, std::vector<std::string>{"SET", "k", std::string(60'000, 'x')});
  EXPECT_TRUE(bench.gateway.may_read(s));
  bench.give(s, "GET k");
  bench.run_all();
  bench.give(s, "GET k");
  bench.run_all();
  EXPECT_FALSE(bench.gateway.may_read(s));
  bench.taken(s);
  EXPECT_TRUE(bench.gateway.may_read(s));
}

TEST(GatewayMemory, TheWindowOpensWithAnswersAndCloses) {
  GatewayBench bench;
  Session& s = bench.connect();
  int given = 0;
  while (bench.gateway.may_read(s)) {
    bench.give(s, "GET k");
    ASSERT_LT(++given, 100'000);
  }
  EXPECT_EQ(given, 16);  // before anything is known of the answers' size
  bench.run_all();
  int more = 0;
  while (bench.gateway.may_read(s)) {
    bench.give(s, "GET k");
    ASSERT_LT(++more, 100'000);
  }
  EXPECT_GT(more, given);
}

TEST(GatewayMemory, AllConnectionsTogetherAreBounded) {
  Options options;
  options.total_bytes_max = 80'000;
  GatewayBench bench(options);
  Session& greedy = bench.connect();
  Session& modest = bench.connect();
  bench.give(greedy, std::vector<std::string>{"SET", "k", std::string(70'000, 'x')});
  bench.gateway.measure(greedy);
  EXPECT_FALSE(bench.gateway.may_read(greedy));
  EXPECT_TRUE(bench.gateway.may_read(modest));  // who holds nothing may always go on
  bench.run_all();
  bench.taken(greedy);
  bench.gateway.measure(greedy);
  EXPECT_TRUE(bench.gateway.may_read(greedy));
}

TEST(GatewayMemory, WhatRequestsAreAboutToCallUpCounts) {
  Options options;
  options.total_bytes_max = 80'000;
  GatewayBench bench(options);
  Session& reader = bench.connect();
  bench.ask(reader, std::vector<std::string>{"SET", "k", std::string(20'000, 'x')});
  Session& other = bench.connect();
  bench.give(other, "SET k2 v");
  bench.gateway.measure(other);
  bench.ask(reader, "GET k");
  int given = 0;
  while (bench.gateway.may_read(reader)) {
    bench.give(reader, "GET k");
    bench.gateway.measure(reader);
    ASSERT_LT(++given, 10);
  }
  EXPECT_GT(given, 0);
  EXPECT_FALSE(bench.gateway.may_read(other)) << "the others wait for what it has called up, too";
}

TEST(GatewayMemory, WhoHoldsMostIsDroppedWhenAllHoldTooMuch) {
  Options options;
  options.total_bytes_max = 100'000;
  GatewayBench bench(options);
  Session& small = bench.connect();
  Session& large = bench.connect();
  Session& last = bench.connect();
  for (auto& [session, bytes] :
       {std::pair(&small, 30'000), std::pair(&large, 50'000), std::pair(&last, 25'000)}) {
    bench.give(*session,
               std::vector<std::string>{"SET", "k", std::string(static_cast<std::size_t>(bytes), 'x')});
    bench.gateway.measure(*session);
  }
  EXPECT_FALSE(small.killed);
  EXPECT_TRUE(large.killed);
  EXPECT_FALSE(last.killed);
  EXPECT_EQ(bench.gateway.counters().connections_evicted, 1u);
  EXPECT_LT(bench.gateway.held_bytes(), 60'000u) << "it counts no more";
  bench.gateway.close(large.id);
  EXPECT_GT(bench.gateway.held_bytes(), 55'000u) << "and is not subtracted twice";
}

TEST(GatewayMemory, ATransactionIsBounded) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.ask(s, "MULTI");
  const std::string value(limits::value_bytes_max - 100, 'x');
  EXPECT_EQ(bench.ask(s, std::vector<std::string>{"SET", "k", value}), "+QUEUED\r\n");
  EXPECT_EQ(bench.ask(s, std::vector<std::string>{"SET", "k", value}), "+QUEUED\r\n");
  EXPECT_EQ(bench.ask(s, std::vector<std::string>{"SET", "k", value}),
            "-ERR the transaction is too large\r\n");
  EXPECT_TRUE(bench.ask(s, "EXEC").starts_with("-EXECABORT "));
}

}  // namespace
}  // namespace nodedb::resp
