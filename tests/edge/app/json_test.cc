// SPDX-License-Identifier: Apache-2.0
#include "app/json.h"

#include <gtest/gtest.h>

namespace nodedb::app {
namespace {

TEST(Json, WritesInOrderAndEscapes) {
  Json object = Json::object();
  object.set("b", 1).set("a", "x\"\\\n\x01").set("t", true).set("n", Json()).set("big", std::uint64_t{7});
  Json list = Json::array();
  list.push(Json(-3)).push(Json(0.5)).push(Json::object()).push(Json::array());
  object.set("list", std::move(list));
  EXPECT_EQ(object.dump(), R"({"b":1,"a":"x\"\\\n\u0001","t":true,"n":null,"big":7,"list":[-3,0.5,{},[]]})");
}

TEST(Json, ReplacesBytesThatAreNoText) {
  EXPECT_EQ(json_string("\xc3\xa4"), "\"\xc3\xa4\"");
  EXPECT_EQ(json_string("\xff"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(json_string("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");  // overlong
  EXPECT_EQ(json_string("\xed\xa0\x80").size(), 2 + 3 * 3u);           // a surrogate
  EXPECT_EQ(json_string("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"");  // four bytes
  EXPECT_EQ(json_string("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");  // cut short
}

TEST(Json, ReadsWhatItWrites) {
  const std::string text =
      R"({"a":[1,2.5,"x\u00e4\ud83d\ude00",null,true,false,{}],"b":{"c":-9223372036854775808}})";
  const auto parsed = Json::parse(text);
  ASSERT_TRUE(parsed) << parsed.error().detail;
  const auto again = Json::parse(parsed->dump());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->dump(), parsed->dump());
  EXPECT_EQ((*parsed)["b"]["c"].number(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ((*parsed)["a"].items().size(), 7u);
  EXPECT_EQ((*parsed)["a"].items()[2].text(), "x\xc3\xa4\xf0\x9f\x98\x80");
  EXPECT_EQ(Json::parse(parsed->pretty())->dump(), parsed->dump());
}

TEST(Json, RealNumbersStayReal) {
  for (const char* text : {"-0e2", "2e0", "12345678901234567890.5", "-1e-300", "1e308"}) {
    const auto parsed = Json::parse(text);
    ASSERT_TRUE(parsed) << text;
    const auto again = Json::parse(parsed->dump());
    ASSERT_TRUE(again) << parsed->dump();
    EXPECT_EQ(again->dump(), parsed->dump());
  }
  EXPECT_EQ(Json(2.0).dump(), "2.0");
}

TEST(Json, AbsentMembersAreNull) {
  const auto parsed = Json::parse(R"({"a":1})");
  EXPECT_TRUE((*parsed)["b"]["c"].is_null());
  EXPECT_TRUE((*parsed)["a"].items().empty());
  EXPECT_EQ((*parsed)["b"].number(5), 5);
  EXPECT_EQ((*parsed)["a"].text("none"), "none");
}

TEST(Json, RefusesWhatIsNoJson) {
  for (const char* text : {"",       "{",   "[1,",     "[1 2]",     "{\"a\"}",     "{\"a\":}",
                           "{a:1}",  "\"",  "\"\\q\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"",
                           "\"\n\"", "tru", "1 2",     "--1",       "1e",          "99999999999999999999",
                           "[1]]",   "nan"})
    EXPECT_FALSE(Json::parse(text)) << text;
  EXPECT_FALSE(Json::parse(std::string(10'000, '[')));
}

}  // namespace
}  // namespace nodedb::app
