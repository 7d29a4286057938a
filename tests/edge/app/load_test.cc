// SPDX-License-Identifier: Apache-2.0
// What `bench` and `check` are made of, and what they tell.
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <thread>

#include "app/bench_command.h"
#include "app/check_command.h"
#include "base/limits.h"
#include "base/slot.h"
#include "edge/disk/files.h"
#include "load/check_client.h"
#include "load/keys.h"
#include "load/redis_protocol.h"
#include "load/reply.h"

namespace nodedb::app {
namespace {

using history::Op;
using history::Operation;
using history::Status;

TEST(Latencies, PercentilesAreTooHighByLessThanAHundredth) {
  load::Latencies latencies;
  EXPECT_EQ(latencies.percentile_ns(0.5), 0);
  for (std::int64_t us = 1; us <= 10'000; ++us) latencies.add(us * 1'000);
  EXPECT_EQ(latencies.count(), 10'000u);
  for (const double part : {0.001, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double exact = part * 1e7;
    EXPECT_GE(static_cast<double>(latencies.percentile_ns(part)), exact) << part;
    EXPECT_LT(static_cast<double>(latencies.percentile_ns(part)), exact * 1.01) << part;
  }
  EXPECT_EQ(latencies.percentile_ns(1), 10'000'000);
  EXPECT_EQ(latencies.max_ns(), 10'000'000);
}

TEST(Latencies, EveryValueHasItsPlace) {
  for (std::int64_t value : {0LL, 1LL, 127LL, 128LL, 255LL, 256LL, 257LL, 1'000'000'007LL, 1LL << 40}) {
    load::Latencies one;
    one.add(value);
    one.add(value);
    EXPECT_EQ(one.percentile_ns(0.5), value);
  }
}

TEST(Replies, ComeInAnyPieces) {
  const std::string text = "*4\r\n+OK\r\n:-7\r\n$4\r\na\r\nb\r\n*2\r\n$-1\r\n*-1\r\n-ERR no\r\n";
  const auto whole = load::parse_reply(text);
  ASSERT_TRUE(whole && *whole);
  const kv::Reply& reply = (*whole)->reply;
  ASSERT_EQ(reply.items.size(), 4u);
  EXPECT_EQ(reply.items[0], kv::Reply::ok());
  EXPECT_EQ(reply.items[1], kv::Reply::integer(-7));
  EXPECT_EQ(reply.items[2], kv::Reply::bulk("a\r\nb"));
  EXPECT_EQ(reply.items[3].items[0], kv::Reply::null());
  EXPECT_EQ(reply.items[3].items[1], kv::Reply::null_array());
  EXPECT_EQ(text.substr((*whole)->bytes), "-ERR no\r\n");
  for (std::size_t size = 0; size < (*whole)->bytes; ++size) {
    const auto part = load::parse_reply(text.substr(0, size));
    ASSERT_TRUE(part) << size;
    EXPECT_FALSE(*part) << size;
  }
}

TEST(Replies, WhatIsNoneIsRefused) {
  for (const std::string text : {"\r\n", "?1\r\n", "$x\r\n", "$3\r\nabcd\r\n", ":\r\n", "*1\r\n?\r\n"})
    EXPECT_EQ(load::parse_reply(text).error().code, Code::malformed) << text;
  for (const std::string& text :
       {std::string("$999999999999\r\n"), std::string("*99999999\r\n"), std::string(70'000, '+')})
    EXPECT_EQ(load::parse_reply(text).error().code, Code::too_large) << text.substr(0, 20);
  std::string nested;
  for (std::size_t i = 0; i < limits::reply_depth_max + 2; ++i) nested += "*1\r\n";
  EXPECT_EQ(load::parse_reply(nested).error().code, Code::too_large);
}

TEST(Keys, LieInAsManyVShardsAsWanted) {
  for (const std::uint16_t vshards : {std::uint16_t{1}, std::uint16_t{3}, std::uint16_t{1024}}) {
    const auto keys = load::keys_over(vshards, "p", 3'000);
    std::set<std::string> names(keys.begin(), keys.end());
    std::set<std::uint16_t> places;
    for (const std::string& key : keys) places.insert(vshard_of_slot(slot_of(key)).value);
    EXPECT_EQ(names.size(), 3'000u);
    EXPECT_EQ(places.size(), vshards);
  }
}

TEST(RedisProtocol, ErrorsAreToldApartByCode) {
  const auto made = load::redis_protocol({.keys = {"a", "b"}, .value_bytes = 1, .password = "secret"})();
  EXPECT_EQ(made->take_unsent(), "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n");
  EXPECT_FALSE(made->ready());
  EXPECT_TRUE(made->receive("+OK\r\n")->empty());
  EXPECT_TRUE(made->ready());
  made->begin(load::Operation::set, 0, 5);
  made->begin(load::Operation::get, 1, 6);
  EXPECT_EQ(made->take_unsent(), "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nv\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n");
  const auto answers = made->receive("-TRYAGAIN Too many requests wait\r\n$-1\r\n");
  ASSERT_TRUE(answers);
  ASSERT_EQ(answers->size(), 2u);
  EXPECT_EQ((*answers)[0].error, "TRYAGAIN");
  EXPECT_EQ((*answers)[0].began_ns, 5);
  EXPECT_EQ((*answers)[1].error, "");
  EXPECT_FALSE(made->receive("+nobody has asked\r\n"));
}

TEST(RedisProtocol, ARefusedPasswordEndsTheConnection) {
  const auto made = load::redis_protocol({.keys = {"a"}, .password = "wrong"})();
  EXPECT_FALSE(made->receive("-WRONGPASS no\r\n"));
}

/// Every key once, however long it takes: but not for ever where nobody answers any more.
TEST(Load, EndsWhenItsServersHaveGone) {
  edge::FileHandle listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::thread server([&listener] {
    const edge::FileHandle client(::accept(listener.get(), nullptr, nullptr));
    char asked = 0;
    EXPECT_EQ(::read(client.get(), &asked, 1), 1);
    EXPECT_EQ(::write(client.get(), "+OK\r\n", 5), 5);
    listener = edge::FileHandle();
  });
  const int port = ntohs(address.sin_port);
  load::LoadOptions options;
  options.servers = load::loopback({&port, 1});
  options.keys = 100;
  options.patience_seconds = 0.3;
  const auto enough = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::string complaint;
  const auto result =
      load::run_load(load::filling(options), load::redis_protocol({load::keys_over(1, "k", 100), 1}),
                     complaint, {.ended = [enough] { return std::chrono::steady_clock::now() > enough; }});
  server.join();
  EXPECT_FALSE(result);
  EXPECT_EQ(complaint, "no server has answered for 0.3 s");
}

TEST(Bench, RefusesWhatMakesNoSense) {
  const auto refused = [](auto change) {
    BenchWords words;
    change(words);
    const auto load = load_of(words);
    return load ? "" : load.error().detail.substr(0, load.error().detail.find(':'));
  };
  EXPECT_EQ(refused([](BenchWords&) {}), "");
  EXPECT_EQ(refused([](BenchWords& w) { w.clients = 0; }), "--clients");
  EXPECT_EQ(refused([](BenchWords& w) { w.reads = 101; }), "--reads");
  EXPECT_EQ(refused([](BenchWords& w) { w.vshards = 1025; }), "--vshards");
  EXPECT_EQ(refused([](BenchWords& w) { w.rate = -1; }), "--rate");
  EXPECT_EQ(refused([](BenchWords& w) { w.duration = "10"; }), "--duration");
  EXPECT_EQ(refused([](BenchWords& w) { w.clients = w.pipeline = 10'000; }), "--clients times --pipeline");
}

TEST(Bench, TellsWhatCameOfIt) {
  load::LoadResult result;
  result.operations = 500;
  result.errors = 3;
  result.seconds = 2;
  result.p99_us = 1'500;
  result.codes = {{"DISCONNECTED", 1}, {"TRYAGAIN", 2}};
  const Json body = bench_json({}, result);
  EXPECT_EQ(body["version"].number(), 1);
  EXPECT_EQ(body["errors_by_code"]["TRYAGAIN"].number(), 2);
  EXPECT_EQ(Json::parse(body.dump())->dump(), body.dump());
  const std::string text = bench_text({}, result);
  EXPECT_NE(text.find("250    500  0.00    0.00    1.50"), std::string::npos) << text;
  EXPECT_NE(text.find("error DISCONNECTED: 1 times\nerror TRYAGAIN: 2 times\n"), std::string::npos) << text;
}

Operation done(Op op, std::int64_t call_ms, std::int64_t return_ms, std::string value = {}) {
  Operation operation;
  operation.client = 1;
  operation.op = op;
  operation.key = "k";
  operation.value = std::move(value);
  operation.status = Status::ok;
  operation.call_ns = call_ms * 1'000'000;
  operation.return_ns = return_ms * 1'000'000;
  return operation;
}
Operation read(std::string value, std::int64_t call_ms, std::int64_t return_ms) {
  Operation operation = done(Op::get, call_ms, return_ms);
  operation.read = std::move(value);
  return operation;
}

TEST(Check, APlantedViolationIsFoundAndShownWithoutTheRest) {
  history::History bad{done(Op::put, 0, 1, "v1"), done(Op::put, 50, 51, "v2")};
  for (int i = 2; i < 20; ++i) bad.push_back(read("v1", i, i + 1));
  bad.push_back(read("v1", 60, 61));  // what was overwritten and acknowledged is seen again
  const CheckReport report = report_of(bad);
  EXPECT_EQ(check_exit(report), Exit::violated);
  EXPECT_EQ(check_text(report),
            "NOT LINEARIZABLE: 21 operations over 1 keys in 0.0 s, 0 with unknown outcome, 0 without effect\n"
            "no order of these operations on key k explains their answers:\n"
            "FROM-MS  TO-MS   CLIENT  ASKED   ANSWERED\n"
            "0.000    1.000   1       put v1  done\n"
            "50.000   51.000  1       put v2  done\n"
            "60.000   61.000  1       get     v1\n");
  const Json body = check_json(report);
  EXPECT_EQ(body["verdict"].text(), "violated");
  EXPECT_EQ(body["operations"].number(), 21);
  EXPECT_EQ(body["witness"].items().size(), 3u);
  EXPECT_EQ(body["witness"].items()[2]["out"].text(), "v1");
}

TEST(Check, ALostAnswerMayHaveHappenedOrNot) {
  Operation lost = done(Op::put, 2, 0, "v2");
  lost.status = Status::info;
  const CheckReport seen = report_of({done(Op::put, 0, 1, "v1"), lost, read("v2", 9, 10)});
  EXPECT_EQ(check_exit(seen), Exit::ok);
  EXPECT_EQ(check_exit(report_of({done(Op::put, 0, 1, "v1"), lost, read("v1", 9, 10)})), Exit::ok);
  EXPECT_NE(check_text(seen).find("linearizable: 3 operations over 1 keys"), std::string::npos);
  EXPECT_NE(check_text(seen).find("1 with unknown outcome"), std::string::npos);
}

TEST(Check, NothingAnsweredIsNoVerdict) {
  Operation refused = done(Op::put, 0, 1, "v1");
  refused.status = Status::fail;
  EXPECT_EQ(check_exit(report_of({refused})), Exit::unreachable);
}

TEST(Check, ItsKeysAreItsOwn) {
  load::CheckStage stage;
  stage.name = "check:abc";
  const auto keys = load::keys_until(stage, 3);
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 3 * stage.keys_per_round);
  for (const std::string& key : keys) EXPECT_TRUE(key.starts_with("check:abc:")) << key;
}

}  // namespace
}  // namespace nodedb::app
