// SPDX-License-Identifier: Apache-2.0
// Commands about the connection, the server and the cluster.
#include <gtest/gtest.h>

#include "base/slot.h"
#include "tests/edge/resp/gateway_bench.h"

namespace nodedb::resp {
namespace {

using test::GatewayBench;
using test::has;

std::shared_ptr<const node::Routing> three_nodes(std::uint32_t self) {
  auto routing = std::make_shared<node::Routing>();
  routing->self = NodeId(self);
  for (std::uint32_t id = 1; id <= 3; ++id) {
    meta::Member member;
    member.id = NodeId(id);
    member.uuid.bytes[0] = static_cast<std::uint8_t>(id);
    member.address = "10.0.0." + std::to_string(id) + ":7000";
    member.client_address = "10.0.0." + std::to_string(id) + ":6379";
    routing->members.push_back(member);
  }
  for (std::uint32_t v = 0; v < vshard_count; ++v) {
    const std::uint32_t leader = v < 400 ? 1 : v < 800 ? 2 : 3;
    routing->routes.push_back(
        {.leader = NodeId(leader), .epoch = Epoch(1), .replicas = {NodeId(1), NodeId(2), NodeId(3)}});
  }
  return routing;
}

TEST(SessionCommands, ATraceparentGoesWithTheCallsOfTheCommandsBehindIt) {
  constexpr const char* example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  GatewayBench bench;
  Session& s = bench.connect();
  const auto traces = [&](const std::string& line) {
    bench.give(s, line);
    std::vector<std::string> out;
    for (const auto& held : bench.backend.calls)
      out.push_back(held.call.trace.exists() ? held.call.trace.text() : "none");
    bench.run_all();
    bench.taken(s);
    return out;
  };
  EXPECT_EQ(traces("GET k"), std::vector<std::string>{"none"});
  EXPECT_EQ(bench.ask(s, std::string("CLIENT TRACEPARENT ") + example), "+OK\r\n");
  EXPECT_EQ(traces("SET k v"), std::vector<std::string>{example});
  EXPECT_EQ(traces("MGET a b"), (std::vector<std::string>{example, example})) << "all parts of it";
  Session& other = bench.connect();
  bench.give(other, "GET k");
  EXPECT_FALSE(bench.backend.calls.at(0).call.trace.exists()) << "another connection's";
  bench.run_all();
  EXPECT_EQ(bench.ask(s, "CLIENT TRACEPARENT nonsense"), "+OK\r\n");
  EXPECT_EQ(traces("GET k"), std::vector<std::string>{"none"});
  bench.ask(s, std::string("CLIENT TRACEPARENT ") + example);
  bench.ask(s, "RESET");
  EXPECT_EQ(traces("GET k"), std::vector<std::string>{"none"});
}

TEST(SessionCommands, SmallOnesAnswerAsRedisDoes) {
  GatewayBench bench;
  Session& s = bench.connect();
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"PING", "+PONG\r\n"},
      {"ping hi", "$2\r\nhi\r\n"},
      {"PING a b", "-ERR wrong number of arguments for 'ping' command\r\n"},
      {"ECHO hi", "$2\r\nhi\r\n"},
      {"SELECT 0", "+OK\r\n"},
      {"SELECT 1", "-ERR DB index is out of range\r\n"},
      {"SELECT x", "-ERR value is not an integer or out of range\r\n"},
      {"TIME", "*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n"},
      {"foo a b", "-ERR unknown command 'foo', with args beginning with: 'a' 'b' \r\n"},
      {"CONFIG FOO", "-ERR unknown subcommand 'FOO'. Try CONFIG HELP.\r\n"},
      {"CONFIG", "-ERR wrong number of arguments for 'config' command\r\n"},
      {"CONFIG GET", "-ERR wrong number of arguments for 'config|get' command\r\n"},
      {"CONFIG GET sav*", "*2\r\n$4\r\nsave\r\n$0\r\n\r\n"},
      {"CONFIG GET nosuch", "*0\r\n"},
      {"CONFIG SET maxmemory 0", "+OK\r\n"},
      {"CONFIG SET maxmemory 1",
       "-ERR CONFIG SET failed (possibly related to argument 'maxmemory') - can't set immutable config\r\n"},
      {"CONFIG SET foo bar", "-ERR Unknown option or number of arguments for CONFIG SET - 'foo'\r\n"},
      {"CONFIG SET maxmemory 0 MAXMEMORY 0",
       "-ERR CONFIG SET failed (possibly related to argument 'maxmemory') - duplicate parameter\r\n"},
      {"CONFIG RESETSTAT", "+OK\r\n"},
      {"SAVE", "+OK\r\n"},
      {"SHUTDOWN NOSAVE",
       "-ERR SHUTDOWN is not allowed on this port: stop the node's process with SIGTERM\r\n"},
      {"DEBUG SLEEP 0", "-ERR DEBUG command not allowed.\r\n"},
      {"CLIENT GETNAME", "$-1\r\n"},
      {"CLIENT SETNAME me", "+OK\r\n"},
      {"CLIENT GETNAME", "$2\r\nme\r\n"},
      {"CLIENT TRACKING off", "+OK\r\n"},
      {"CLIENT TRACKING off x", "-ERR syntax error\r\n"},
      {"CLIENT TRACKINGINFO",
       "*6\r\n$5\r\nflags\r\n*1\r\n$3\r\noff\r\n$8\r\nredirect\r\n:-1\r\n"
       "$8\r\nprefixes\r\n*0\r\n"},
      {"CLIENT GETREDIR", ":-1\r\n"},
      {"CLIENT UNBLOCK 1", ":0\r\n"},
      {"CLIENT UNBLOCK 1 error", ":0\r\n"},
      {"CLIENT UNBLOCK 1 soon", "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR\r\n"},
      {"CLIENT UNBLOCK x", "-ERR value is not an integer or out of range\r\n"},
      {"CLIENT UNPAUSE", "+OK\r\n"},
      {"CLIENT NO-EVICT on", "+OK\r\n"},
      {"CLIENT KILL TYPE nosuch", "-ERR Unknown client type 'nosuch'\r\n"},
      {"CLIENT KILL TYPE pubsub", ":0\r\n"},
      {"CLIENT KILL USER nosuch", "-ERR No such user 'nosuch'\r\n"},
      {"CLIENT LIST TYPE nosuch", "-ERR Unknown client type 'nosuch'\r\n"},
      {"CLIENT LIST TYPE master", "$0\r\n\r\n"},
      {"CLIENT KILL 1.2.3.4:5", "-ERR No such client\r\n"},
      {"CLIENT KILL ID 99", ":0\r\n"},
      {"WAIT 0 -1", "-ERR timeout is negative\r\n"},
      {"WAIT 1 0", ":0\r\n"},
      {"COMMAND GETKEYS MSET a 1 b 2", "*2\r\n$1\r\na\r\n$1\r\nb\r\n"},
      {"COMMAND GETKEYS foo a", "-ERR Invalid command specified\r\n"},
      {"COMMAND INFO nosuch", "*1\r\n*-1\r\n"},
      {"CLUSTER KEYSLOT foo", ":12182\r\n"},
      {"CLUSTER COUNTKEYSINSLOT 16384", "-ERR Invalid slot\r\n"},
      {"CLUSTER SLOTS", "*0\r\n"},
      {"FUNCTION FLUSH", "+OK\r\n"},
      {"FUNCTION FLUSH sync", "+OK\r\n"},
      {"FUNCTION FLUSH x", "-ERR FUNCTION FLUSH only supports SYNC|ASYNC option\r\n"},
      {"SCRIPT FLUSH x", "-ERR SCRIPT FLUSH only support SYNC|ASYNC option\r\n"},
      {"READONLY", "+OK\r\n"},
      {"RESET", "+RESET\r\n"},
  };
  for (const auto& [command, reply] : cases) EXPECT_EQ(bench.ask(s, command), reply) << command;
}

TEST(SessionCommands, HelloChoosesTheProtocol) {
  GatewayBench bench;
  Session& s = bench.connect();
  EXPECT_EQ(bench.ask(s, "HELLO 4"), "-NOPROTO unsupported protocol version\r\n");
  EXPECT_TRUE(bench.ask(s, "HELLO").starts_with("*14\r\n"));
  EXPECT_TRUE(bench.ask(s, "HELLO 3 SETNAME me").starts_with("%7\r\n"));
  EXPECT_EQ(bench.ask(s, "GET k"), "_\r\n");
  EXPECT_EQ(bench.ask(s, "CLIENT GETNAME"), "$2\r\nme\r\n");
  EXPECT_TRUE(bench.ask(s, "HELLO 2").starts_with("*14\r\n"));
  EXPECT_EQ(bench.ask(s, "GET k"), "$-1\r\n");
  EXPECT_TRUE(has(bench.ask(s, "HELLO 3 AUTH me"), "Syntax error in HELLO option 'AUTH'"));
}

TEST(SessionCommands, AnAnswerHasTheProtocolOfItsRequest) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.give(s, "GET k");
  bench.give(s, "HELLO 3");
  bench.give(s, "GET k");
  bench.run_all();
  const std::string text = bench.taken(s);
  EXPECT_TRUE(text.starts_with("$-1\r\n%7\r\n")) << text;
  EXPECT_TRUE(text.ends_with("_\r\n"));
}

TEST(SessionCommands, APasswordComesFirst) {
  Options options;
  options.password = "secret";
  GatewayBench bench(options);
  Session& s = bench.connect();
  EXPECT_EQ(bench.ask(s, "GET k"), "-NOAUTH Authentication required.\r\n");
  EXPECT_EQ(bench.ask(s, "PING"), "-NOAUTH Authentication required.\r\n");
  EXPECT_TRUE(bench.ask(s, "HELLO 3").starts_with("-NOAUTH HELLO must be called"));
  for (const char* wrong : {"AUTH wrong", "AUTH secre", "AUTH secrets", "AUTH other secret", "AUTH s"}) {
    EXPECT_TRUE(bench.ask(s, wrong).starts_with("-WRONGPASS ")) << wrong;
  }
  EXPECT_EQ(bench.ask(s, "AUTH secret"), "+OK\r\n");
  EXPECT_EQ(bench.ask(s, "PING"), "+PONG\r\n");
  EXPECT_EQ(bench.ask(s, "RESET"), "+RESET\r\n");
  EXPECT_EQ(bench.ask(s, "PING"), "-NOAUTH Authentication required.\r\n");
  EXPECT_TRUE(bench.ask(s, "HELLO 3 AUTH default secret").starts_with("%7\r\n"));
  EXPECT_EQ(bench.ask(s, "PING"), "+PONG\r\n");
}

TEST(SessionCommands, WithoutAPasswordAuthIsAMistake) {
  GatewayBench bench;
  Session& s = bench.connect();
  EXPECT_TRUE(bench.ask(s, "AUTH x").starts_with("-ERR AUTH <password> called without any password"));
  EXPECT_EQ(bench.ask(s, "AUTH default x"), "+OK\r\n");
  EXPECT_TRUE(bench.ask(s, "AUTH other x").starts_with("-WRONGPASS "));
}

TEST(SessionCommands, QuitClosesAfterTheAnswers) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.give(s, "GET k");
  bench.give(s, "QUIT");
  EXPECT_TRUE(s.closing);
  EXPECT_FALSE(bench.gateway.may_read(s));
  bench.run_all();
  EXPECT_EQ(bench.taken(s), "$-1\r\n+OK\r\n");
}

TEST(SessionCommands, ClientReplySilences) {
  GatewayBench bench;
  Session& s = bench.connect();
  EXPECT_EQ(bench.ask(s, "CLIENT REPLY SKIP"), "");
  EXPECT_EQ(bench.ask(s, "SET k 1"), "");
  EXPECT_EQ(bench.ask(s, "GET k"), "$1\r\n1\r\n");
  EXPECT_EQ(bench.ask(s, "CLIENT REPLY OFF"), "");
  EXPECT_EQ(bench.ask(s, "SET k 2"), "");
  EXPECT_EQ(bench.ask(s, "CLIENT REPLY SKIP"), "");
  EXPECT_EQ(bench.ask(s, "nosuch"), "");
  EXPECT_EQ(bench.ask(s, "CLIENT REPLY ON"), "+OK\r\n");
  EXPECT_EQ(bench.ask(s, "GET k"), "$1\r\n2\r\n");
}

TEST(SessionCommands, ClientListAndKill) {
  GatewayBench bench;
  Session& a = bench.connect();
  Session& b = bench.connect();
  bench.ask(b, "CLIENT SETNAME bee");
  EXPECT_TRUE(has(bench.ask(a, "CLIENT LIST"), "name=bee"));
  EXPECT_FALSE(has(bench.ask(a, "CLIENT INFO"), "name=bee"));
  bench.gateway.take_touched();
  EXPECT_EQ(bench.ask(a, "CLIENT KILL ID " + std::to_string(b.id)), ":1\r\n");
  EXPECT_TRUE(b.killed);
  EXPECT_EQ(bench.gateway.take_touched(), std::vector<SessionId>{b.id});
  EXPECT_FALSE(a.killed);
}

TEST(SessionCommands, InfoCountsKeysAndSurvivesADeadVShard) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.ask(s, "MSET a 1 b 2");
  const std::string info = bench.ask(s, "INFO");
  for (const char* part : {"# Server", "redis_mode:cluster", "# Clients", "connected_clients:1", "# Memory",
                           "# Stats", "# Replication", "# Cluster", "cluster_enabled:1", "db0:keys=2"}) {
    EXPECT_TRUE(has(info, part)) << part;
  }
  EXPECT_FALSE(has(bench.ask(s, "INFO server"), "# Clients"));
  bench.give(s, "INFO keyspace");
  bench.fail(0, Code::no_leader);
  bench.run_all();
  EXPECT_TRUE(has(bench.taken(s), "vshards_without_answer:1"));
}

TEST(SessionCommands, CommandTablesAreComplete) {
  GatewayBench bench;
  Session& s = bench.connect();
  const std::string count = bench.ask(s, "COMMAND COUNT");
  const std::string all = bench.ask(s, "COMMAND");
  EXPECT_EQ("*" + count.substr(1), all.substr(0, count.size()));
  for (const char* name : {"get", "watch", "cluster", "config|get"}) {
    EXPECT_TRUE(has(bench.ask(s, "COMMAND LIST"), name)) << name;
  }
  EXPECT_TRUE(has(bench.ask(s, "COMMAND DOCS get"), "summary"));
  EXPECT_EQ(bench.ask(s, "COMMAND LIST FILTERBY PATTERN g?t"), "*1\r\n$3\r\nget\r\n");
}

// --- the cluster ---

TEST(ClusterCommands, SlotsAndNodesAgreeWithTheRoutes) {
  GatewayBench bench;
  bench.gateway.set_routing(three_nodes(2));
  Session& s = bench.connect();
  const std::string slots = bench.ask(s, "CLUSTER SLOTS");
  EXPECT_TRUE(slots.starts_with("*3\r\n*5\r\n:0\r\n:6399\r\n*4\r\n$8\r\n10.0.0.1\r\n:6379\r\n")) << slots;
  const std::string nodes = bench.ask(s, "CLUSTER NODES");
  EXPECT_TRUE(has(nodes, "10.0.0.2:6379@7000 myself,master - 0 0 0 connected 6400-12799\n")) << nodes;
  EXPECT_TRUE(has(nodes, "connected 12800-16383\n"));
  const std::string info = bench.ask(s, "CLUSTER INFO");
  EXPECT_TRUE(has(info, "cluster_state:ok"));
  EXPECT_TRUE(has(info, "cluster_size:3"));
  EXPECT_TRUE(bench.ask(s, "CLUSTER SHARDS").starts_with("*3\r\n*4\r\n$5\r\nslots\r\n*2\r\n:0\r\n:6399\r\n"));
  EXPECT_TRUE(bench.ask(s, "CLUSTER MYID").starts_with("$40\r\n02"));
  EXPECT_EQ(bench.ask(s, "WAIT 5 0"), ":1\r\n");
}

TEST(ClusterCommands, KeysOfASlot) {
  GatewayBench bench;
  Session& s = bench.connect();
  bench.ask(s, "MSET {foo}a 1 {foo}b 2");
  const std::string slot = std::to_string(slot_of("foo"));
  EXPECT_EQ(bench.ask(s, "CLUSTER COUNTKEYSINSLOT " + slot), ":2\r\n");
  EXPECT_TRUE(bench.ask(s, "CLUSTER GETKEYSINSLOT " + slot + " 10").starts_with("*2\r\n"));
  EXPECT_TRUE(bench.ask(s, "CLUSTER GETKEYSINSLOT " + slot + " 1").starts_with("*1\r\n"));
}

/// "foo" is in slot 12182, vShard 761, led by node 2; "a" in slot 15495, vShard 968, by node 3.
TEST(Moved, OnlyForConnectionsThatKnowOfClusters) {
  GatewayBench bench;
  bench.gateway.set_routing(three_nodes(2));
  Session& s = bench.connect();
  EXPECT_EQ(bench.ask(s, "SET a 1"), "+OK\r\n");  // forwarded
  bench.ask(s, "CLUSTER SLOTS");
  EXPECT_EQ(bench.ask(s, "SET a 1"), "-MOVED 15495 10.0.0.3:6379\r\n");
  EXPECT_EQ(bench.ask(s, "GET a"), "-MOVED 15495 10.0.0.3:6379\r\n");
  EXPECT_EQ(bench.ask(s, "SET foo 1"), "+OK\r\n");
  EXPECT_EQ(bench.ask(s, "MGET a foo"), "*2\r\n$1\r\n1\r\n$1\r\n1\r\n");  // several slots: still served
  bench.ask(s, "READONLY");
  EXPECT_EQ(bench.ask(s, "GET a"), "$1\r\n1\r\n");  // this node has a replica
  EXPECT_EQ(bench.ask(s, "SET a 1"), "-MOVED 15495 10.0.0.3:6379\r\n");
  bench.ask(s, "MULTI");
  EXPECT_EQ(bench.ask(s, "SET a 1"), "-MOVED 15495 10.0.0.3:6379\r\n");
  EXPECT_TRUE(bench.ask(s, "EXEC").starts_with("-EXECABORT "));
}

TEST(Moved, ObeysTheOption) {
  Options options;
  options.redirect = Redirect::always;
  GatewayBench always(options);
  always.gateway.set_routing(three_nodes(2));
  EXPECT_TRUE(always.ask(always.connect(), "GET a").starts_with("-MOVED "));
  options.redirect = Redirect::never;
  GatewayBench never(options);
  never.gateway.set_routing(three_nodes(2));
  Session& s = never.connect();
  never.ask(s, "CLUSTER SLOTS");
  EXPECT_EQ(never.ask(s, "GET a"), "$-1\r\n");
}

TEST(Moved, NotWithoutAKnownLeader) {
  GatewayBench bench;
  auto routing = std::make_shared<node::Routing>(*three_nodes(2));
  routing->routes[968].leader = NodeId(0);
  bench.gateway.set_routing(routing);
  Session& s = bench.connect();
  bench.ask(s, "CLUSTER SLOTS");
  EXPECT_EQ(bench.ask(s, "GET a"), "$-1\r\n");
  EXPECT_TRUE(has(bench.ask(s, "CLUSTER INFO"), "cluster_state:fail"));
}

TEST(OptionsCheck, RefusesToBeOpenToTheWorld) {
  Options options;
  options.address = "0.0.0.0:6379";
  ASSERT_EQ(options.validate().size(), 1u);
  EXPECT_TRUE(has(options.validate()[0], "0.0.0.0:6379"));
  options.password = "p";
  EXPECT_TRUE(options.validate().empty());
  options.password.clear();
  options.certificate_file = "c";
  EXPECT_EQ(options.validate().size(), 1u);  // a key is missing
  options.key_file = "k";
  EXPECT_TRUE(options.validate().empty());
  options.address = "nonsense";
  EXPECT_EQ(options.validate().size(), 1u);
  for (const char* fine : {"127.0.0.1:1", "[::1]:1", "localhost:0", "127.9.9.9:65535"}) {
    Options loopback;
    loopback.address = fine;
    EXPECT_TRUE(loopback.validate().empty()) << fine;
  }
  for (const char* wrong : {"", ":1", "1", "a:70000", "a:x", "::1:5", "[]:5", "a:-1"}) {
    Options bad;
    bad.address = wrong;
    EXPECT_FALSE(bad.validate().empty()) << wrong;
  }
}

}  // namespace
}  // namespace nodedb::resp
