// SPDX-License-Identifier: Apache-2.0
// Keys as operators ask for them: the words of the protocol, the node's side over a store in memory, and
// what the command line makes of bytes.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>

#include "app/key_desk.h"
#include "app/kv_commands.h"
#include "app/operator_protocol.h"
#include "base/base64.h"
#include "base/limits.h"
#include "base/slot.h"
#include "kv/glob.h"
#include "kv/internal.h"
#include "tests/edge/resp/fake_store.h"

namespace nodedb::app {
namespace {

const Bytes binary("a\0b\xff\n ", 6);
constexpr std::uint64_t end_of_all = std::uint64_t{1} << 62;

TEST(KeyRequests, AreReadBack) {
  const KeyRequest requests[] = {AskGet{binary, {ReadLevel::bounded, 5}},
                                 AskGet{"", {ReadLevel::linearizable, 0}},
                                 AskPut{"k", binary},
                                 AskPut{"k", ""},
                                 AskDelete{binary},
                                 AskScan{0, end_of_all, "user:*", {ReadLevel::local, 0}},
                                 AskScan{std::uint64_t{7} << 50, end_of_all, "", {}}};
  for (const KeyRequest& request : requests) {
    const Bytes line = encode_request(request);
    const auto parsed = parse_request(line);
    ASSERT_TRUE(parsed) << line;
    EXPECT_EQ(std::get<KeyRequest>(*parsed), request) << line;
  }
}

TEST(KeyRequests, RefusesWhatItDoesNotKnow) {
  for (const char* line :
       {"get", "get b:a2V5", "get a2V5 lease 0", "get b:a2V lease 0", "get b:a2V5 session 0",
        "get b:a2V5 lease -1", "get b:a2V5 bounded 99999999999999999999", "put b:a2V5", "put b:a2V5 value",
        "del", "del key", "scan 0 1 b: lease", "scan x 1 b: lease 0",
        "scan 4611686018427387904 1 b: lease 0"})
    EXPECT_FALSE(parse_request(line)) << line;
  const auto code = [](const KeyRequest& request) {
    return parse_request(encode_request(request)).error().code;
  };
  EXPECT_EQ(code(AskGet{Bytes(limits::key_bytes_max + 1, 'k'), {}}), Code::too_large);
  EXPECT_EQ(code(AskPut{"k", Bytes(operator_value_bytes_max + 1, 'v')}), Code::too_large);
  EXPECT_EQ(code(AskScan{0, end_of_all, Bytes(limits::glob_bytes_max + 1, '*'), {}}), Code::too_large);
}

TEST(KeyRequests, TheLargestFitIntoOneRequest) {
  const Bytes line =
      encode_request(AskPut{Bytes(limits::key_bytes_max, 'k'), Bytes(operator_value_bytes_max, 'v')});
  EXPECT_LE(line.size(), limits::operator_request_bytes_max);
  EXPECT_TRUE(parse_request(line));
}

TEST(KeyRequests, WritesAreAuditedAndReadsAreNot) {
  EXPECT_EQ(audit_text(AskPut{"k\n", "value"}), R"(kv put "k\n", 5 bytes)");
  EXPECT_EQ(audit_text(AskDelete{"k"}), R"(kv del "k")");
  EXPECT_LT(audit_text(AskDelete{Bytes(limits::key_bytes_max, '\n')})->size(), limits::audit_text_bytes_max);
  EXPECT_FALSE(audit_text(AskGet{"k", {}}));
  EXPECT_FALSE(audit_text(AskScan{}));
}

/// The node behind a desk.
class Desk : public testing::Test, public ClientDesk {
 protected:
  void submit(node::ClientRequest request) override { waiting_.push_back(std::move(request)); }
  MemoryTable memory() const override { return {}; }

  Result<Json> ask(KeyRequest request) {
    desk_.ask(++last_, std::move(request));
    while (!waiting_.empty()) {
      const node::ClientRequest next = std::move(waiting_.front());
      waiting_.pop_front();
      ++calls_;
      EXPECT_NE(next.tag & KeyDesk::tag_bit, 0u);
      level_ = next.level;
      desk_.completed(
          {next.tag,
           trouble_ ? std::unexpected(*trouble_) : store_.run({next.vshard, next.write, next.command, 1}, 1),
           {}});
    }
    EXPECT_EQ(answers_.size(), last_) << "one answer each";
    return answers_.at(last_);
  }
  std::vector<Bytes> scan(const Bytes& pattern, std::uint64_t from = 0, std::uint64_t end = end_of_all) {
    std::vector<Bytes> keys;
    do {
      const auto page = ask(AskScan{from, end, pattern, {}});
      EXPECT_TRUE(page);
      if (!page) break;
      for (const Json& one : (*page)["keys"].items()) keys.push_back(*parse_base64(one.text()));
      from = static_cast<std::uint64_t>((*page)["next"].number());
      ++pages_;
    } while (from != 0);
    return keys;
  }

  std::optional<Error> trouble_;
  ReadLevel level_{};
  std::size_t calls_ = 0;
  std::size_t pages_ = 0;

 private:
  resp::test::FakeStore store_;
  std::deque<node::ClientRequest> waiting_;
  std::map<std::uint64_t, Result<Json>> answers_;
  std::uint64_t last_ = 0;
  KeyDesk desk_{*this, 1, [this](std::uint64_t id, const Result<Json>& answer) {
                  EXPECT_TRUE(answers_.emplace(id, answer).second);
                }};
};

TEST_F(Desk, PutGetAndDelete) {
  EXPECT_TRUE((*ask(AskGet{binary, {}}))["value"].is_null());
  EXPECT_TRUE(ask(AskPut{binary, binary}));
  EXPECT_EQ((*ask(AskGet{binary, {ReadLevel::local, 0}}))["value"].text(), base64_text(binary));
  EXPECT_EQ(level_, ReadLevel::local);
  EXPECT_EQ((*ask(AskDelete{binary}))["deleted"].number(), 1);
  EXPECT_EQ((*ask(AskDelete{binary}))["deleted"].number(), 0);
}

TEST_F(Desk, WhatTheNodeRefusesIsTold) {
  trouble_ = Error{Code::no_leader, "an election"};
  EXPECT_EQ(ask(AskPut{"k", "v"}).error(), *trouble_);
  EXPECT_EQ(ask(AskScan{0, end_of_all, "", {}}).error(), *trouble_);
}

TEST_F(Desk, AScanHasEveryKeyOnceInManyPages) {
  std::set<Bytes> all;
  for (int i = 0; i < 2'500; ++i) {
    const Bytes key = "k" + std::to_string(i);
    all.insert(key);
    ASSERT_TRUE(ask(AskPut{key, "v"}));
  }
  const std::vector<Bytes> found = scan("");
  EXPECT_EQ(found.size(), all.size());
  EXPECT_EQ(std::set<Bytes>(found.begin(), found.end()), all);
  EXPECT_GE(pages_, 3u);
  EXPECT_EQ(scan("k77?").size(), 10u);
}

TEST_F(Desk, AScanOfOneVShardAsksNoOther) {
  ASSERT_TRUE(ask(AskPut{"{t}k", "v"}));
  const std::uint32_t vshard = vshard_of_slot(slot_of("{t}")).value;
  calls_ = 0;
  EXPECT_EQ(scan("", kv::first_position(vshard), kv::first_position(vshard + 1)), std::vector<Bytes>{"{t}k"});
  EXPECT_EQ(calls_, 1u);
}

TEST(Kv, APrefixIsTakenByTheLetter) {
  EXPECT_EQ(pattern_of({.match = "a*", .prefix = ""}), "a*");
  const std::string odd = "a*b?[c]\\d^-{e}";
  const std::string pattern = pattern_of({.match = "", .prefix = odd});
  EXPECT_TRUE(kv::glob_matches(pattern, odd));
  EXPECT_TRUE(kv::glob_matches(pattern, odd + "more"));
  EXPECT_FALSE(kv::glob_matches(pattern, "aXbY[c]\\d^-{e}"));
  EXPECT_FALSE(kv::glob_matches(pattern, "a*b?c\\d^-{e}"));
}

TEST(Kv, JsonLosesNoByte) {
  Json body = Json::object();
  set_bytes(body, "plain", "grün");
  set_bytes(body, "raw", binary);
  EXPECT_EQ(body["plain"].text(), "grün");
  EXPECT_TRUE(body["raw"].is_null());
  const auto again = Json::parse(body.dump());
  EXPECT_EQ(*parse_base64((*again)["raw_base64"].text()), binary);
  EXPECT_EQ(*parse_base64((*again)["plain_base64"].text()), "grün");
}

}  // namespace
}  // namespace nodedb::app
