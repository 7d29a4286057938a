// SPDX-License-Identifier: Apache-2.0
#include "base/trace_context.h"

#include <gtest/gtest.h>

#include <string>

namespace nodedb {
namespace {

const std::string example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContext, ReadsAndWritesATraceparent) {
  const auto read = TraceContext::parse(example);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->exists());
  EXPECT_TRUE(read->sampled);
  EXPECT_EQ(read->trace[0], 0x0a);
  EXPECT_EQ(read->trace[15], 0x9c);
  EXPECT_EQ(read->parent[0], 0xb7);
  EXPECT_EQ(read->parent[7], 0x31);
  EXPECT_EQ(read->text(), example);
  EXPECT_FALSE(TraceContext().exists());
}

TEST(TraceContext, KnowsNoFlagButSampled) {
  const std::string head = example.substr(0, 53);
  EXPECT_FALSE(TraceContext::parse(head + "00")->sampled);
  EXPECT_FALSE(TraceContext::parse(head + "fe")->sampled);
  EXPECT_EQ(TraceContext::parse(head + "ff")->text(), example) << "the others are not handed on";
}

TEST(TraceContext, ReadsOfALaterVersionWhatVersion00Has) {
  const std::string later = "cc" + example.substr(2);
  EXPECT_EQ(TraceContext::parse(later)->text(), example);
  EXPECT_EQ(TraceContext::parse(later + "-what-the-future-will-be-like")->text(), example);
  EXPECT_FALSE(TraceContext::parse(later + ".what-the-future-will-be-like").has_value());
}

TEST(TraceContext, DropsWhatIsNoTraceparent) {
  for (std::size_t size = 0; size < example.size(); ++size)
    EXPECT_FALSE(TraceContext::parse(example.substr(0, size)).has_value()) << size;
  for (std::size_t at = 0; at < example.size(); ++at) {
    for (const char bad : {'A', 'g', ' ', '\0', '\xff'}) {
      std::string text = example;
      text[at] = bad;
      EXPECT_FALSE(TraceContext::parse(text).has_value()) << text;
    }
  }
  EXPECT_FALSE(TraceContext::parse(example + "-").has_value()) << "version 00 ends with its flags";
  EXPECT_FALSE(TraceContext::parse("ff" + example.substr(2)).has_value()) << "no version";
  EXPECT_FALSE(TraceContext::parse("00-" + std::string(32, '0') + example.substr(35)).has_value());
  EXPECT_FALSE(TraceContext::parse(example.substr(0, 36) + std::string(16, '0') + "-01").has_value());
}

}  // namespace
}  // namespace nodedb
