// SPDX-License-Identifier: Apache-2.0
#include "app/recovery_commands.h"

#include <limits>

#include "app/json_file.h"
#include "app/output.h"
#include "app/recovery_apply.h"
#include "app/recovery_plan.h"
#include "app/table.h"
#include "base/names.h"
#include "base/node_list.h"
#include "base/units.h"
#include "edge/base/clock.h"

namespace nodedb::app {

namespace {

std::string nodes_text(const std::vector<NodeId>& nodes) {
  std::string text;
  for (const NodeId node : nodes) text += (text.empty() ? "" : ",") + std::to_string(node.value);
  return text;
}

std::string survey_text(const Survey& survey) {
  Table table({"NODE", "STATE", "ANSWERS", "REPLICAS", "ADDRESS"});
  for (const auto& [id, member] : survey.members) {
    std::size_t held = 0;
    for (const auto& [group, replicas] : survey.replicas)
      for (const SurveyedReplica& one : replicas) held += one.node == id ? 1U : 0U;
    table.add({std::to_string(id.value), member.state, member.answers ? "yes" : "NO", std::to_string(held),
               member.address});
  }
  std::size_t lost = 0;
  for (const auto& [group, replicas] : survey.replicas)
    if (survey.leader(group) == nullptr && !survey.majority_answers(group)) ++lost;
  return table.text() + std::to_string(survey.replicas.size()) + " groups, " + std::to_string(lost) +
         " of them without a majority that answers\n";
}

std::string plan_text(const RecoveryPlan& plan) {
  Table table({"GROUP", "SURVIVOR", "LEARNERS", "LOST", "WHAT IS KEPT, WHAT MAY BE LOST"});
  for (const GroupPlan& one : plan.groups) {
    table.add({named(one.group), std::to_string(one.survivor.value), nodes_text(one.learners),
               nodes_text(one.lost), loss_of(one)});
  }
  for (const GroupId group : plan.gone)
    table.add({named(group), "nobody", "", "", "no replica is left: all of it is lost"});
  return table.text() + "given up for ever: node " + nodes_text(plan.lost) + "\n";
}

/// Why a vShard is not yet as it is wanted; empty if it is.
std::string missing_of(const Survey& survey, GroupId group) {
  if (const auto recovery = survey.recoveries.find(group); recovery != survey.recoveries.end()) {
    const std::string& why = recovery->second.waits_for;
    return "is to go on from node " + std::to_string(recovery->second.recovery.survivor.value) + " alone" +
           (why.empty() ? "" : ": " + why);
  }
  const SurveyedReplica* leader = survey.leader(group);
  if (leader == nullptr)
    return survey.majority_answers(group) ? "elects a leader" : "has no leader and no majority that answers";
  const std::size_t wanted = survey.replication_factor;
  const std::size_t voters = leader->config.voters.size();
  if (voters == wanted && !leader->config.joint()) return "";
  std::string why = "has " + std::to_string(voters) + " of " + std::to_string(wanted) + " voters";
  if (!leader->config.learners.empty()) why += ", node " + nodes_text(leader->config.learners) + " learns";
  const auto members = std::ranges::count_if(survey.members, [](const auto& member) {
    return member.second.state == "active" || member.second.state == "draining";
  });
  if (members < static_cast<std::ptrdiff_t>(wanted))
    why += ": only " + std::to_string(members) + " members can hold one, let another node join";
  return why;
}

}  // namespace

Exit run_recover_collect(const Operator& from, const std::string& file, Output output) {
  const auto answers = ask_everybody(from, {.groups = true});
  if (!answers) return complain(answers.error());
  const Json body = survey_json(*answers, static_cast<std::uint64_t>(edge::wall_time().ns / ns_per_ms));
  const auto survey = read_survey(body);
  if (!survey) return complain(survey.error());
  if (auto written = write_json(file, body); !written) return complain(written.error());
  Json silent = Json::array();
  for (const auto& [id, member] : survey->members)
    if (!member.answers) silent.push(Json(id.value));
  Json told = Json::object();
  told.set("file", file).set("silent", std::move(silent));
  return show(told, output, survey_text(*survey));
}

Exit run_recover_plan(const std::string& survey, const std::vector<std::int64_t>& lost,
                      const std::string& file, Output output) {
  const auto body = read_json(survey);
  if (!body) return complain(body.error());
  const auto read = read_survey(*body);
  if (!read) return complain(read.error());
  std::vector<NodeId> nodes;
  for (const std::int64_t one : lost) {
    if (one < 1 || one > std::numeric_limits<std::uint32_t>::max())
      return complain({Code::not_found, "there is no node " + std::to_string(one)});
    nodes.push_back(NodeId(static_cast<std::uint32_t>(one)));
  }
  const auto plan = plan_recovery(*read, nodes);
  if (!plan) return complain(plan.error());
  if (plan->groups.empty() && plan->gone.empty()) {
    return complain(
        {Code::invalid_state,
         "a majority of every group answers: nothing is to be recovered. A member that is gone for "
         "good leaves by nodedb-cluster node decommission"});
  }
  const Json written = plan_json(*plan);
  if (auto done = write_json(file, written); !done) return complain(done.error());
  return show(written, output, plan_text(*plan));
}

Exit run_recover_apply(const Operator& from, const std::string& file, const std::string& timeout,
                       Output output) {
  const auto patience = parse_duration(timeout);
  if (!patience) return complain(patience.error());
  const auto body = read_json(file);
  if (!body) return complain(body.error());
  const auto plan = read_plan(*body);
  if (!plan) return complain(plan.error());
  const auto done = apply_recovery(from, *plan, *patience);
  if (!done) return complain(done.error());
  Json told = Json::object();
  told.set("recovered", *done);
  return show(told, output,
              std::to_string(*done) +
                  " groups go on from their survivors; nodedb-cluster recover verify tells "
                  "when they have all their replicas again\n");
}

Exit run_recover_verify(const Operator& from, Output output) {
  const auto answers = ask_everybody(from, {.groups = true});
  if (!answers) return complain(answers.error());
  const auto survey = read_survey(survey_json(*answers, 0));
  if (!survey) return complain(survey.error());
  Json missing = Json::array();
  Table table({"GROUP", "WHAT IS MISSING"});
  for (const auto& [group, replicas] : survey->replicas) {
    const std::string why = missing_of(*survey, group);
    if (why.empty()) continue;
    Json row = Json::object();
    row.set("group", group.value).set("why", why);
    missing.push(std::move(row));
    table.add({named(group), why});
  }
  const bool complete = missing.items().empty();
  Json told = Json::object();
  told.set("complete", complete).set("groups", survey->replicas.size()).set("missing", missing);
  show(told, output, complete ? "every group has a leader and all its voters\n" : table.text());
  return complete ? Exit::ok : Exit::retry;
}

}  // namespace nodedb::app
