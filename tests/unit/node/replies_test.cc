// SPDX-License-Identifier: Apache-2.0
// A leader's answers to requests that came by way of another node.
#include <gtest/gtest.h>

#include "tests/unit/node/trio.h"

namespace nodedb::node {
namespace {

using test::Trio;

TEST(Replies, OnlyALargeOneGoesByItself) {
  Trio trio;
  std::uint64_t tag = 0;
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{1'000}, 2 * limits::large_reply_bytes}) {
    trio.ask(trio.follower(), Trio::write(++tag, std::string(bytes, 'v')));
    trio.ask(trio.follower(), Trio::read(++tag, ReadLevel::linearizable));
    ASSERT_TRUE(trio.replies.contains(tag));
    const auto& answer = trio.replies.at(tag);
    ASSERT_TRUE(answer.has_value());
    EXPECT_NE(answer->view().find(std::string(bytes, 'v')), BytesView::npos);
    EXPECT_EQ(trio.large_replies, bytes < limits::large_reply_bytes ? 0u : 1u);
  }
}

}  // namespace
}  // namespace nodedb::node
