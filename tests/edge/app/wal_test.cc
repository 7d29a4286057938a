// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "app/wal_commands.h"
#include "edge/disk/data_directory.h"
#include "edge/log/segment.h"
#include "tests/edge/disk/temporary_directory.h"
#include "tests/edge/log/store_test_support.h"

namespace nodedb::app {
namespace {

using namespace edge::test;

class Wal : public testing::Test {
 protected:
  /// A node's directory with a log of three records, still in use.
  void SetUp() override {
    auto opened = edge::DataDirectory::open(directory_.path(), {});
    ASSERT_TRUE(opened);
    running_.emplace(std::move(*opened));
    const auto store = open(small_options(directory_.path()));
    node::LogBatch birth = first_batch();
    birth.identity = Bytes("identity");
    ASSERT_TRUE(write(*store, birth));
    ASSERT_TRUE(write(*store, append(2, "secret")));
    ASSERT_TRUE(write(*store, append(3, "secret")));
  }

  WalArguments arguments() const { return {directory_.path(), -1}; }
  void stop() { running_.reset(); }
  void damage_second_record() const {
    std::fstream file(directory_.path() + "/log/0001.seg", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(edge::header_bytes + edge::sector_bytes + 20));
    file.put('?');
  }
  template <class Command>
  static std::pair<Exit, std::string> said(Command command) {
    testing::internal::CaptureStdout();
    const Exit exit = command();
    return {exit, testing::internal::GetCapturedStdout()};
  }

 private:
  edge::TemporaryDirectory directory_;
  std::optional<edge::DataDirectory> running_;
};

TEST_F(Wal, a_running_nodes_log_is_left_alone) {
  EXPECT_EQ(run_wal_check(arguments(), Output::table), Exit::locked);
  EXPECT_EQ(run_wal_dump(arguments(), Output::table), Exit::locked);
}

TEST_F(Wal, no_data_directory_is_not_found) {
  EXPECT_EQ(run_wal_check({"/nonexistent", -1}, Output::table), Exit::not_found);
}

TEST_F(Wal, check_tells_what_is_there) {
  stop();
  const auto [exit, text] = said([&] { return run_wal_check(arguments(), Output::table); });
  EXPECT_EQ(exit, Exit::ok);
  EXPECT_NE(text.find("1 groups with 2 entries; the next record is 4\nthe log is whole"), std::string::npos)
      << text;
  const auto [again, json] = said([&] { return run_wal_check(arguments(), Output::json); });
  EXPECT_EQ(again, Exit::ok);
  EXPECT_NE(json.find(R"("whole":true)"), std::string::npos);
  EXPECT_NE(json.find(R"("records":3)"), std::string::npos) << json;
}

TEST_F(Wal, dump_shows_records_but_no_payloads) {
  stop();
  for (const Output output : {Output::table, Output::json}) {
    const auto [exit, text] = said([&] { return run_wal_dump(arguments(), output); });
    EXPECT_EQ(exit, Exit::ok);
    EXPECT_NE(text.find("identity"), std::string::npos);
    EXPECT_EQ(text.find("secret"), std::string::npos);
  }
  WalArguments other = arguments();
  other.vshard = 99;
  EXPECT_EQ(said([&] { return run_wal_dump(other, Output::table); }).second, "");
  other.vshard = 6;
  const auto [exit, text] = said([&] { return run_wal_dump(other, Output::table); });
  EXPECT_EQ(text,
            "1 0001.seg:4096 vshard 6: term 1 vote 2 commit 1 base 1 of term 1\n"
            "2 0001.seg:4608 vshard 6: entries 2 to 2, 6 bytes\n"
            "3 0001.seg:5120 vshard 6: entries 3 to 3, 6 bytes\n");
  other.vshard = 1024;
  EXPECT_EQ(run_wal_dump(other, Output::table), Exit::usage);
}

TEST_F(Wal, damage_is_told_and_all_before_it_shown) {
  stop();
  damage_second_record();
  EXPECT_EQ(run_wal_check(arguments(), Output::table), Exit::storage);
  const auto [exit, text] = said([&] { return run_wal_dump(arguments(), Output::table); });
  EXPECT_EQ(exit, Exit::storage);
  EXPECT_NE(text.find("1 0001.seg:4096 vshard 6"), std::string::npos);
}

}  // namespace
}  // namespace nodedb::app
