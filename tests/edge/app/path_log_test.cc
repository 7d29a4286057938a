// SPDX-License-Identifier: Apache-2.0
#include "app/path_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "edge/base/log.h"

namespace nodedb::app {
namespace {

Time ms(std::int64_t at) {
  return Time{at * ns_per_ms};
}

RequestPath slow_write(std::int64_t answered_ms) {
  RequestPath path;
  path.slow = true;
  path.write = true;
  path.vshard = VShardId(7);
  path.asked = path.served_by = NodeId(2);
  path.number = 41;
  path.attempts = 1;
  path.received = path.taken = path.sent = ms(answered_ms - 800);
  path.served.proposed = path.served.persisted = path.sent;
  path.served.committed = path.served.handed = path.served.applied = ms(answered_ms);
  path.answered = ms(answered_ms);
  return path;
}

class PathLogTest : public testing::Test {
 protected:
  PathLogTest() {
    log::observe([this](log::Level level, const std::string& line) {
      lines_.push_back(line);
      levels_.push_back(level);
    });
  }
  ~PathLogTest() override { log::observe({}); }
  void tell(std::int64_t at_ms) { log_.told(slow_write(at_ms), ms(at_ms)); }

  std::vector<std::string> lines_;
  std::vector<log::Level> levels_;
  asio::io_context loop_;
  PathLog log_{loop_};
};

TEST_F(PathLogTest, ALineSaysWhatTheRequestWaitedFor) {
  RequestPath path = slow_write(1'000);
  path.error = Code::timeout;
  path.trace = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00").value();
  log_.told(path, ms(1'000));
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(levels_[0], log::Level::warn);
  EXPECT_EQ(
      lines_[0],
      "msg=\"a request was slow\" vshard=7 kind=write result=timeout side=asked asked=2 served_by=2 "
      "number=41 "
      "attempts=1 took_us=800000 queue_us=0 route_us=0 pace_us=0 persist_us=0 commit_us=800000 turn_us=0 "
      "apply_us=0 answer_us=0 traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
  EXPECT_EQ(log_.deadline(), never);
}

TEST_F(PathLogTest, AFloodIsAFewLinesASecondAndANumber) {
  for (int i = 0; i < 10'000; ++i) tell(1'000);
  EXPECT_EQ(lines_.size(), PathLog::lines_per_second);
  EXPECT_EQ(log_.slow_requests(), 10'000u);
  EXPECT_EQ(log_.deadline(), ms(2'000));
  log_.wake(ms(1'999));
  EXPECT_EQ(lines_.size(), PathLog::lines_per_second);
  log_.wake(ms(2'000));
  ASSERT_EQ(lines_.size(), PathLog::lines_per_second + 1);
  EXPECT_EQ(lines_.back(), "msg=\"more requests were slow than are logged\" left_out=9995");
  EXPECT_EQ(log_.deadline(), never);
  tell(2'000);
  EXPECT_EQ(lines_.size(), PathLog::lines_per_second + 2) << "another second";
}

TEST_F(PathLogTest, WhatWasLeftOutIsToldBeforeTheNextLines) {
  for (int i = 0; i < 8; ++i) tell(1'000);
  tell(5'000);
  ASSERT_EQ(lines_.size(), PathLog::lines_per_second + 2);
  EXPECT_NE(lines_[PathLog::lines_per_second].find("left_out=3"), std::string::npos);
}

TEST_F(PathLogTest, ALeadersPartIsNoRequestOfThisNode) {
  RequestPath path = slow_write(1'000);
  path.side = RequestPath::Side::leader;
  log_.told(path, ms(1'000));
  EXPECT_EQ(lines_.size(), 1u);
  EXPECT_EQ(log_.slow_requests(), 0u);
}

TEST_F(PathLogTest, WhatIsOnlyTracedTakesNoSlowRequestsLine) {
  RequestPath path = slow_write(1'000);
  path.slow = false;
  for (int i = 0; i < 10; ++i) log_.told(path, ms(1'000));
  EXPECT_EQ(lines_.size(), PathLog::lines_per_second);
  EXPECT_EQ(levels_.back(), log::Level::info);
  EXPECT_EQ(log_.slow_requests(), 0u);
  tell(1'000);
  EXPECT_EQ(levels_.back(), log::Level::warn);
  log_.wake(ms(2'000));
  EXPECT_EQ(lines_.back(), "msg=\"more requests were traced than are logged\" left_out=5");
}

}  // namespace
}  // namespace nodedb::app
