// SPDX-License-Identifier: Apache-2.0
// The operator protocol's two ends, and what several nodes' answers make together.
#include <gtest/gtest.h>

#include <fstream>

#include "app/admin_commands.h"

#include "app/cluster_picture.h"
#include "app/operator_protocol.h"
#include "app/status_json.h"

namespace nodedb::app {
namespace {

TEST(OperatorProtocol, RequestsAreReadBack) {
  const OperatorRequest requests[] = {AskInit{},
                                      AskStatus{},
                                      AskStatus{{.groups = true}},
                                      AskStatus{{.group = GroupId(7), .history = true}},
                                      AskStatus{{.admin = true, .plan = true}},
                                      AskRebalance{},
                                      AskTransfer{GroupId(6), NodeId(3)},
                                      AskMigrate{VShardId(1023), NodeId(1), NodeId(4), 250'000},
                                      AskCancel{*Uuid::parse("3f2a1b4c-0000-4000-8000-000000000001")},
                                      AskAdminister{meta::MemberLost{NodeId(4), {}}},
                                      AskRecoverMetadata{{Term(9), {Index(40), Term(8)}, {}}},
                                      AskRecoverMetadata{{Term(9), {Index(40), Term(8)}, {NodeId(2)}}}};
  for (const OperatorRequest& request : requests) {
    const auto parsed = parse_request(encode_request(request));
    ASSERT_TRUE(parsed) << encode_request(request);
    EXPECT_EQ(*parsed, request);
  }
  EXPECT_EQ(*parse_request("  status   groups \r\n"), OperatorRequest(AskStatus{{.groups = true}}));
}

TEST(OperatorProtocol, RefusesWhatItDoesNotKnow) {
  for (const char* line : {"",
                           " ",
                           "\n",
                           "reboot",
                           "init now",
                           "status all",
                           "status group",
                           "status group x",
                           "status groups 7",
                           "transfer",
                           "transfer 1",
                           "transfer x 1",
                           "transfer 1 99999999999",
                           "transfer 1 2 3",
                           "transfer -1 2",
                           "migrate",
                           "migrate 1 2 3",
                           "migrate 1024 1 2 5",
                           "migrate 1 2 3 x",
                           "cancel",
                           "cancel 3f2a",
                           "recover-metadata",
                           "recover-metadata 9 40",
                           "recover-metadata 9 x 8",
                           "recover-metadata 9 40 8 x",
                           "rebalance now",
                           "administer",
                           "administer zz",
                           "administer 00",
                           "administer 93 01"})
    EXPECT_FALSE(parse_request(line)) << line;
  EXPECT_EQ(parse_request(std::string(2'000'000, 'x')).error().code, Code::too_large);
}

TEST(SettingsPage, IsTheOneThatIsCommitted) {
  std::ifstream in(std::string(NODEDB_SOURCE_DIR) + "/docs/settings.md");
  const std::string committed{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(committed, settings_page()) << "nodedb-cluster settings page > docs/settings.md";
}

TEST(OperatorProtocol, AnswersAndRefusalsAreReadBack) {
  Json body = Json::object();
  body.set("a", 1);
  EXPECT_EQ(parse_answer(encode_answer(Result<Json>(body)))->dump(), body.dump());
  for (int i = 0; i <= static_cast<int>(Code::unsupported); ++i) {
    const Error error{static_cast<Code>(i), "why\nnot"};
    const auto read = parse_answer(encode_answer(Result<Json>(std::unexpected(error))));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error(), error);
  }
}

TEST(OperatorProtocol, RefusesWhatIsNoAnswer) {
  for (const char* answer : {"", "0", "0\n", "0\n{", "x\n{}", "1\n{}"})
    EXPECT_FALSE(parse_answer(answer)) << answer;
}

node::Status status_of(std::uint32_t id, std::uint32_t leads, std::uint32_t without) {
  node::Status status;
  status.cluster = meta::Cluster{};
  status.id = NodeId(id);
  status.uuid.bytes[0] = static_cast<std::uint8_t>(id);
  status.groups_led = leads;
  status.groups_without_leader = without;
  status.lag_entries_max = id * 10;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    node::MemberStatus member;
    member.member.id = NodeId(i);
    member.member.uuid.bytes[0] = static_cast<std::uint8_t>(i);
    member.member.address = "n" + std::to_string(i) + ":1";
    member.leads = 300;
    status.members.push_back(member);
  }
  return status;
}

TEST(ClusterPicture, BelievesEachNodeAboutItself) {
  const NodeAnswer answers[] = {{"n1:1", status_json(status_of(1, 500, 0))},
                                {"n2:1", status_json(status_of(2, 525, 0))},
                                {"n3:1", fail(Code::unreachable, "no answer")}};
  const ClusterPicture picture = picture_of(answers);
  ASSERT_EQ(picture.members.size(), 3u);
  EXPECT_EQ(picture.members[0].leads, 500);
  EXPECT_EQ(picture.members[1].lag, 20);
  EXPECT_FALSE(picture.members[2].up);
  EXPECT_EQ(picture.members[2].leads, 300);
  EXPECT_EQ(picture.members[2].why_down, "no answer");
  EXPECT_EQ(picture.groups_without_leader, 0);
  EXPECT_EQ(picture.lag_entries_max, 20);
  EXPECT_FALSE(picture.healthy());
}

TEST(ClusterPicture, CountsGroupsWithoutLeader) {
  const NodeAnswer answers[] = {{"n1:1", status_json(status_of(1, 300, 25))},
                                {"n2:1", status_json(status_of(2, 300, 20))},
                                {"n3:1", status_json(status_of(3, 415, 700))}};
  EXPECT_EQ(picture_of(answers).groups_without_leader, 10);
  EXPECT_FALSE(picture_of(answers).healthy());
}

TEST(ClusterPicture, AMemberWithoutItsDataIsNotUp) {
  node::Status wiped = status_of(2, 0, 1025);
  wiped.cluster.reset();
  const NodeAnswer answers[] = {{"n1:1", status_json(status_of(1, 500, 0))}, {"n2:1", status_json(wiped)}};
  const ClusterPicture picture = picture_of(answers);
  EXPECT_FALSE(picture.members[1].up);
  EXPECT_NE(picture.members[1].why_down.find("without its data"), std::string::npos);
}

TEST(ClusterPicture, AMemberJoinsUntilItHasReportedItself) {
  node::Status status = status_of(1, 500, 0);
  status.members[1].member.state = meta::MemberState::active;
  const NodeAnswer answers[] = {{"n1:1", status_json(status)}};
  const ClusterPicture picture = picture_of(answers);
  EXPECT_EQ(picture.members[1].state, "active");
  EXPECT_EQ(picture.members[2].state, "joining");
}

TEST(ClusterPicture, AClusterThatIsNotFormedIsNotHealthy) {
  node::Status status;
  const NodeAnswer answers[] = {{"n1:1", status_json(status)}};
  EXPECT_TRUE(picture_of(answers).cluster.is_null());
  EXPECT_FALSE(picture_of(answers).healthy());
}

}  // namespace
}  // namespace nodedb::app
