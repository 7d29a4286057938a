// SPDX-License-Identifier: Apache-2.0
#include "app/recovery_plan.h"

#include <algorithm>
#include <set>

#include "app/json_words.h"
#include "base/crc32c.h"
#include "base/names.h"
#include "base/node_list.h"

namespace nodedb::app {

namespace {

constexpr BytesView plan_format = "nodedb-cluster recovery plan 1";

Result<void> check_lost(const Survey& survey, const std::vector<NodeId>& lost) {
  for (const NodeId node : lost) {
    if (!survey.members.contains(node)) return fail(Code::not_found, "there is no " + named(node));
    if (survey.members.at(node).answers)
      return fail(Code::invalid_state, named(node) + " answers: it is not lost");
  }
  return {};
}

/// The order in which Raft itself prefers logs (thesis, section 3.6.1); among equals a voter, then the first.
bool holds_more(const SurveyedReplica& a, const SurveyedReplica& b) {
  const auto rank = [](const SurveyedReplica& one) {
    return std::tuple(one.last.term, one.last.index, one.config.is_voter(one.node));
  };
  return rank(a) != rank(b) ? rank(a) > rank(b) : a.node < b.node;
}

GroupPlan plan_group(const Survey& survey, GroupId group, std::vector<SurveyedReplica> survivors) {
  std::ranges::sort(survivors, holds_more);
  const SurveyedReplica& chosen = survivors.front();
  GroupPlan plan;
  plan.group = group;
  plan.survivor = chosen.node;
  plan.last = chosen.last;
  plan.epoch = survey.epochs.at(group);
  plan.moving = survey.moving.contains(group);
  for (const SurveyedReplica& one : survivors) {
    plan.term = std::max({plan.term, one.term, one.last.term});
    plan.committed = std::max(plan.committed, one.commit);
    if (one.node != chosen.node && contains(chosen.config.members(), one.node))
      plan.learners.push_back(one.node);
  }
  plan.term = plan.term + 1;
  std::ranges::sort(plan.learners);
  for (const NodeId node : chosen.config.members())
    if (chosen.config.is_voter(node) && !survey.answers(node)) plan.lost.push_back(node);
  return plan;
}

/// Members of the group's configs that may hold more than the survivors do, and of which nobody has said that
/// they are lost.
std::set<NodeId> unaccounted(const Survey& survey, GroupId group, const std::vector<NodeId>& lost) {
  std::set<NodeId> nodes;
  for (const SurveyedReplica& one : survey.replicas.at(group)) {
    for (const NodeId node : one.config.members()) {
      const auto member = survey.members.find(node);
      const bool retired = member != survey.members.end() && member->second.state == "retired";
      if (!survey.answers(node) && !retired && !contains(lost, node)) nodes.insert(node);
    }
  }
  return nodes;
}

Json group_json(const GroupPlan& plan) {
  Json body = Json::object();
  body.set("group", plan.group.value)
      .set("name", named(plan.group))
      .set("survivor", plan.survivor.value)
      .set("learners", ids_json(plan.learners))
      .set("lost", ids_json(plan.lost))
      .set("term", plan.term.value)
      .set("last", position_json(plan.last))
      .set("committed", plan.committed.value)
      .set("epoch", plan.epoch.value)
      .set("moving", plan.moving)
      .set("loss", loss_of(plan));
  return body;
}

GroupPlan group_in(const Json& row) {
  return {GroupId(static_cast<std::uint32_t>(row["group"].number())),
          NodeId(static_cast<std::uint32_t>(row["survivor"].number())),
          ids_in(row["learners"]),
          ids_in(row["lost"]),
          Term(count_in(row["term"])),
          position_in(row["last"]),
          Index(count_in(row["committed"])),
          Epoch(count_in(row["epoch"])),
          row["moving"].boolean()};
}

Json body_json(const RecoveryPlan& plan) {
  Json groups = Json::array();
  for (const GroupPlan& one : plan.groups) groups.push(group_json(one));
  Json gone = Json::array();
  for (const GroupId group : plan.gone) gone.push(Json(group.value));
  Json body = Json::object();
  body.set("format", plan_format)
      .set("cluster", plan.cluster.text())
      .set("lost", ids_json(plan.lost))
      .set("groups", std::move(groups))
      .set("gone", std::move(gone));
  return body;
}

}  // namespace

Result<RecoveryPlan> plan_recovery(const Survey& survey, std::vector<NodeId> lost) {
  std::ranges::sort(lost);
  const auto rest = std::ranges::unique(lost);
  lost.erase(rest.begin(), rest.end());
  if (auto checked = check_lost(survey, lost); !checked) return std::unexpected(checked.error());
  RecoveryPlan plan{survey.cluster, lost, {}, {}};
  std::set<NodeId> silent;
  for (const auto& [group, replicas] : survey.replicas) {
    if (survey.leader(group) != nullptr || survey.majority_answers(group)) continue;
    std::vector<SurveyedReplica> survivors;
    std::ranges::copy_if(replicas, std::back_inserter(survivors),
                         [&](const SurveyedReplica& one) { return survey.answers(one.node); });
    if (survivors.empty()) {
      plan.gone.push_back(group);
      continue;
    }
    silent.merge(unaccounted(survey, group, lost));
    plan.groups.push_back(plan_group(survey, group, std::move(survivors)));
  }
  if (silent.empty()) return plan;
  std::string names;
  for (const NodeId node : silent) names += (names.empty() ? "" : ", ") + named(node);
  return fail(Code::invalid_state,
              names + (silent.size() == 1 ? " does" : " do") +
                  " not answer and may hold what nobody else does: bring it back, or name it with --lost if "
                  "it is gone for good");
}

std::string loss_of(const GroupPlan& plan) {
  return "kept up to index " + std::to_string(plan.last.index.value) +
         " (committed for certain: " + std::to_string(plan.committed.value) +
         "); what the lost acknowledged above it is lost, unknown how much";
}

Json plan_json(const RecoveryPlan& plan) {
  Json body = body_json(plan);
  body.set("crc32c", crc32c(body.dump()));
  return body;
}

Result<RecoveryPlan> read_plan(const Json& file) {
  if (file["format"].text() != plan_format)
    return fail(Code::malformed, "this is no plan: make one with nodedb-cluster recover plan");
  RecoveryPlan plan;
  const auto cluster = Uuid::parse(file["cluster"].text());
  if (!cluster) return std::unexpected(cluster.error());
  plan.cluster = *cluster;
  plan.lost = ids_in(file["lost"]);
  for (const Json& row : file["groups"].items()) plan.groups.push_back(group_in(row));
  for (const Json& group : file["gone"].items())
    plan.gone.push_back(GroupId(static_cast<std::uint32_t>(group.number())));
  if (static_cast<std::int64_t>(crc32c(body_json(plan).dump())) != file["crc32c"].number(-1))
    return fail(Code::damaged, "the plan was changed, or cut short: its checksum does not fit");
  return plan;
}

}  // namespace nodedb::app
