// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/render.h"

#include <gtest/gtest.h>

namespace nodedb::resp {
namespace {

using kv::Reply;

Bytes in(Protocol protocol, const Reply& reply) {
  Bytes out;
  render(out, reply, protocol);
  return out;
}

TEST(Render, KnowsBothProtocols) {
  struct Case {
    Reply reply;
    Bytes two;
    Bytes three;
  };
  const std::vector<Case> cases = {
      {Reply::ok(), "+OK\r\n", "+OK\r\n"},
      {Reply::null(), "$-1\r\n", "_\r\n"},
      {Reply::null_array(), "*-1\r\n", "_\r\n"},
      {Reply::error("ERR no"), "-ERR no\r\n", "-ERR no\r\n"},
      {Reply::integer(-42), ":-42\r\n", ":-42\r\n"},
      {Reply::bulk(Bytes("a\0b", 3)), Bytes("$3\r\na\0b\r\n", 9), Bytes("$3\r\na\0b\r\n", 9)},
      {Reply::bulk(""), "$0\r\n\r\n", "$0\r\n\r\n"},
      {Reply::array({Reply::integer(1), Reply::array()}), "*2\r\n:1\r\n*0\r\n", "*2\r\n:1\r\n*0\r\n"},
      {Reply::map({Reply::bulk("k"), Reply::null()}), "*2\r\n$1\r\nk\r\n$-1\r\n", "%1\r\n$1\r\nk\r\n_\r\n"},
      {Reply::from_real(1.5), "$3\r\n1.5\r\n", ",1.5\r\n"},
      {Reply::boolean(true), ":1\r\n", "#t\r\n"},
      {Reply::boolean(false), ":0\r\n", "#f\r\n"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(in(Protocol::resp2, c.reply), c.two);
    EXPECT_EQ(in(Protocol::resp3, c.reply), c.three);
  }
}

TEST(Render, AnErrorCannotBreakTheLine) {
  EXPECT_EQ(in(Protocol::resp2, Reply::error("ERR a\r\n+OK")), "-ERR a  +OK\r\n");
}

TEST(ErrorReply, SaysWhetherAWriteMayHaveHappened) {
  const auto line = [](Code code, bool write) { return error_reply({code, "why"}, write).text; };
  EXPECT_TRUE(line(Code::timeout, true).starts_with("TIMEOUT outcome unknown"));
  EXPECT_TRUE(line(Code::unreachable, true).starts_with("TIMEOUT outcome unknown"));
  EXPECT_TRUE(line(Code::disk_failed, true).starts_with("TIMEOUT outcome unknown"));
  EXPECT_TRUE(line(Code::timeout, false).starts_with("TRYAGAIN "));
  EXPECT_TRUE(line(Code::no_leader, true).starts_with("CLUSTERDOWN "));
  EXPECT_TRUE(line(Code::not_initialised, false).starts_with("CLUSTERDOWN "));
  EXPECT_TRUE(line(Code::busy, true).starts_with("TRYAGAIN "));
  EXPECT_TRUE(line(Code::lost, true).starts_with("TRYAGAIN "));
  EXPECT_TRUE(line(Code::stopping, true).starts_with("TRYAGAIN "));
  EXPECT_TRUE(line(Code::disk_full, true).starts_with("MISCONF disk full"));
  EXPECT_EQ(error_reply({Code::malformed, "WRONGTYPE no"}, true).text, "WRONGTYPE no");
  EXPECT_EQ(error_reply({Code::damaged, "a row"}, false).text, "ERR damaged: a row");
}

}  // namespace
}  // namespace nodedb::resp
