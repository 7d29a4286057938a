// SPDX-License-Identifier: Apache-2.0
// From what the survivors say to what each group goes on from: who is chosen, what is refused, what is
// written.
#include <gtest/gtest.h>

#include "app/recovery_plan.h"

namespace nodedb::app {
namespace {

constexpr GroupId seven = group_of(VShardId(7));
using Nodes = std::vector<NodeId>;

Nodes ids(std::initializer_list<std::uint32_t> numbers) {
  Nodes nodes;
  for (const std::uint32_t number : numbers) nodes.push_back(NodeId(number));
  return nodes;
}

SurveyedReplica replica(std::uint32_t node, std::uint64_t index, std::uint64_t term, Nodes voters) {
  return {NodeId(node),     Term(term + 1), {Index(index), Term(term)},
          Index(index - 1), false,          {std::move(voters), {}, {}, {}, false}};
}

/// Five members, of which those answer; group 0 is led.
Survey five(const std::set<std::uint32_t>& answer) {
  Survey survey;
  survey.cluster.bytes[0] = 1;
  survey.replication_factor = 3;
  for (std::uint32_t n = 1; n <= 5; ++n)
    survey.members[NodeId(n)] = {NodeId(n), "h:" + std::to_string(n), "active", answer.contains(n)};
  survey.replicas[metadata_group] = {replica(1, 90, 3, ids({1, 2, 3}))};
  survey.replicas[metadata_group].front().leads = true;
  survey.epochs[metadata_group] = Epoch(0);
  survey.epochs[seven] = Epoch(2);
  return survey;
}

TEST(RecoveryPlan, ALoneSurvivorIsAllThereIs) {
  Survey survey = five({1, 2, 3});
  survey.replicas[seven] = {replica(3, 40, 8, ids({3, 4, 5}))};
  const auto plan = plan_recovery(survey, ids({5, 4, 4}));
  ASSERT_TRUE(plan) << plan.error().detail;
  EXPECT_EQ(plan->lost, ids({4, 5}));
  ASSERT_EQ(plan->groups.size(), 1u);
  const GroupPlan& one = plan->groups.front();
  EXPECT_EQ(
      one,
      (GroupPlan{
          seven, NodeId(3), {}, ids({4, 5}), Term(10), {Index(40), Term(8)}, Index(39), Epoch(2), false}));
  EXPECT_NE(loss_of(one).find("index 40"), std::string::npos);
}

TEST(RecoveryPlan, TheLongestLogByTermThenIndex) {
  Survey survey = five({1, 2, 3});
  const Nodes all = ids({1, 2, 4, 5, 6});
  survey.members[NodeId(6)] = {NodeId(6), "h:6", "active", false};
  survey.replicas[seven] = {replica(1, 99, 7, all), replica(2, 50, 8, all)};
  const auto plan = plan_recovery(survey, ids({4, 5, 6}));
  ASSERT_TRUE(plan) << plan.error().detail;
  EXPECT_EQ(plan->groups.front().survivor, NodeId(2));
  EXPECT_EQ(plan->groups.front().learners, ids({1}));
  survey.replicas[seven].front().last.term = Term(8);
  EXPECT_EQ(plan_recovery(survey, ids({4, 5, 6}))->groups.front().survivor, NodeId(1));
}

TEST(RecoveryPlan, WhatALeaderOrAMajorityHasIsLeftAlone) {
  Survey survey = five({1, 2, 3});
  survey.replicas[seven] = {replica(2, 40, 8, ids({2, 3, 5})), replica(3, 41, 8, ids({2, 3, 5}))};
  EXPECT_TRUE(plan_recovery(survey, ids({5}))->groups.empty()) << "it only has to elect";
  survey.replicas[seven] = {replica(3, 40, 8, ids({3, 4, 5}))};
  survey.replicas[seven].front().leads = true;
  EXPECT_TRUE(plan_recovery(survey, ids({4, 5}))->groups.empty());
}

TEST(RecoveryPlan, AJointConfigNeedsBothHalves) {
  Survey survey = five({1, 2, 3});
  raft::Config joint{ids({1, 4, 5}), ids({1, 2, 4}), {}, {}, false};
  survey.replicas[seven] = {replica(1, 40, 8, {}), replica(2, 40, 8, {})};
  for (SurveyedReplica& one : survey.replicas[seven]) one.config = joint;
  const auto plan = plan_recovery(survey, ids({4, 5}));
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->groups.size(), 1u) << "1 and 2 are a majority of the outgoing half alone";
  EXPECT_EQ(plan->groups.front().learners, ids({2}));
}

TEST(RecoveryPlan, WhoAnswersIsNotLost) {
  Survey survey = five({1, 2, 3, 4});
  survey.replicas[seven] = {replica(3, 40, 8, ids({3, 4, 5}))};
  EXPECT_EQ(plan_recovery(survey, ids({4, 5})).error().code, Code::invalid_state);
  EXPECT_EQ(plan_recovery(survey, ids({9})).error().code, Code::not_found);
}

TEST(RecoveryPlan, WhoeverMayHoldMoreIsToBeNamed) {
  Survey survey = five({1, 2, 3});
  survey.replicas[seven] = {replica(3, 40, 8, ids({3, 4, 5}))};
  const auto plan = plan_recovery(survey, ids({4}));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::invalid_state);
  EXPECT_EQ(plan.error().detail.find("node 5 does not answer"), 0u) << plan.error().detail;
}

TEST(RecoveryPlan, OfAGroupWithoutAnyReplicaItIsSaid) {
  Survey survey = five({1, 2});
  survey.replicas[seven] = {};
  const auto plan = plan_recovery(survey, ids({3, 4, 5}));
  ASSERT_TRUE(plan) << plan.error().detail;
  EXPECT_EQ(plan->gone, std::vector{seven});
}

TEST(RecoveryPlan, ItsFileIsReadBackAndNoOther) {
  Survey survey = five({1, 2, 3});
  survey.replicas[seven] = {replica(3, 40, 8, ids({3, 4, 5}))};
  survey.moving.insert(seven);
  const RecoveryPlan plan = *plan_recovery(survey, ids({4, 5}));
  const std::string text = plan_json(plan).dump();
  const auto again = read_plan(*Json::parse(text));
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(*again, plan);
  std::string changed = text;
  changed.replace(changed.find("\"survivor\":3"), 12, "\"survivor\":2");
  EXPECT_EQ(read_plan(*Json::parse(changed)).error().code, Code::damaged);
  EXPECT_EQ(read_plan(Json::object()).error().code, Code::malformed);
}

TEST(RecoverySurvey, EachNodeIsBelievedAboutItself) {
  const auto status = Json::parse(
      R"({"cluster":{"uuid":"11111111-1111-4111-8111-111111111111","replication_factor":3},"id":2,)"
      R"("members":[{"id":1,"quic":"h:1","state":"active"},{"id":2,"quic":"h:2","state":"active"}],)"
      R"("groups":[{"group":0,"replica":true,"role":"follower","term":4,"commit":7,"applied":7,)"
      R"("last":{"index":8,"term":3},"config":{"voters":[1,2]},"epoch":0},)"
      R"({"group":8,"replica":false,"role":"follower","config":{"voters":[]},"epoch":5}],)"
      R"("migrations":[{"vshard":7}],"recoveries":[]})");
  ASSERT_TRUE(status);
  const std::vector<NodeAnswer> answers{{"h:2", *status}, {"h:1", fail(Code::unreachable, "no answer")}};
  const auto survey = read_survey(*Json::parse(survey_json(answers, 1).dump()));
  ASSERT_TRUE(survey) << survey.error().detail;
  EXPECT_TRUE(survey->answers(NodeId(2)));
  EXPECT_FALSE(survey->answers(NodeId(1)));
  ASSERT_EQ(survey->replicas.at(metadata_group).size(), 1u);
  EXPECT_EQ(survey->replicas.at(metadata_group).front().last, (raft::Position{Index(8), Term(3)}));
  EXPECT_FALSE(survey->majority_answers(metadata_group));
  EXPECT_TRUE(survey->replicas.at(seven).empty());
  EXPECT_EQ(survey->epochs.at(seven), Epoch(5));
  EXPECT_TRUE(survey->moving.contains(seven));
  EXPECT_EQ(read_survey(Json::object()).error().code, Code::malformed);
}

}  // namespace
}  // namespace nodedb::app
