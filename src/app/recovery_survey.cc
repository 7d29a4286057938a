// SPDX-License-Identifier: Apache-2.0
#include "app/recovery_survey.h"

#include <algorithm>

#include "app/json_words.h"
#include "raft/quorum.h"

namespace nodedb::app {

namespace {

constexpr BytesView survey_format = "nodedb-cluster survey 1";

SurveyedReplica replica_in(NodeId node, const Json& row) {
  const Json& config = row["config"];
  return {node,
          Term(count_in(row["term"])),
          position_in(row["last"]),
          Index(count_in(row["commit"])),
          row["role"].text() == "leader",
          {ids_in(config["voters"]), ids_in(config["outgoing"]), ids_in(config["learners"]),
           ids_in(config["learners_next"]), false}};
}

SurveyedRecovery recovery_in(const Json& row) {
  meta::Recovery recovery;
  recovery.vshard = VShardId(static_cast<std::uint16_t>(row["vshard"].number()));
  recovery.epoch = Epoch(count_in(row["epoch"]));
  recovery.survivor = NodeId(static_cast<std::uint32_t>(row["survivor"].number()));
  recovery.learners = ids_in(row["learners"]);
  recovery.term = Term(count_in(row["term"]));
  const raft::Position last = position_in(row["last"]);
  recovery.last = last.index;
  recovery.last_term = last.term;
  return {recovery, row["waits_for"].text()};
}

/// The cluster's facts, as the node tells them whose group 0 has come farthest.
void take_cluster(Survey& survey, const Json& status) {
  survey.replication_factor = static_cast<std::uint32_t>(status["cluster"]["replication_factor"].number());
  for (const Json& row : status["members"].items()) {
    const NodeId id(static_cast<std::uint32_t>(row["id"].number()));
    SurveyedMember& member = survey.members[id];
    member.id = id;
    member.address = row["quic"].text();
    member.state = row["state"].text();
  }
  for (const Json& row : status["groups"].items()) {
    const GroupId group(static_cast<std::uint32_t>(row["group"].number()));
    survey.replicas.try_emplace(group);
    survey.epochs[group] = Epoch(count_in(row["epoch"]));
  }
  for (const Json& row : status["migrations"].items())
    survey.moving.insert(group_of(VShardId(static_cast<std::uint16_t>(row["vshard"].number()))));
  for (const Json& row : status["recoveries"].items()) {
    const SurveyedRecovery one = recovery_in(row);
    survey.recoveries.emplace(group_of(one.recovery.vshard), one);
  }
}

/// What a node knows about itself alone.
void take_node(Survey& survey, const Json& status) {
  const NodeId node(static_cast<std::uint32_t>(status["id"].number()));
  survey.members[node].answers = true;
  for (const Json& row : status["groups"].items()) {
    if (!row["replica"].boolean()) continue;
    SurveyedReplica replica = replica_in(node, row);
    const GroupId group(static_cast<std::uint32_t>(row["group"].number()));
    if (!replica.config.voters.empty()) survey.replicas[group].push_back(std::move(replica));
  }
  for (const Json& row : status["recoveries"].items()) {
    const auto known = survey.recoveries.find(group_of(recovery_in(row).recovery.vshard));
    if (known != survey.recoveries.end() && !row["waits_for"].text().empty())
      known->second.waits_for = row["waits_for"].text();
  }
}

std::int64_t metadata_applied(const Json& status) {
  for (const Json& row : status["groups"].items())
    if (row["group"].number() == 0) return row["applied"].number();
  return -1;
}

}  // namespace

bool Survey::answers(NodeId node) const {
  const auto member = members.find(node);
  return member != members.end() && member->second.answers && member->second.state != "retired";
}

const SurveyedReplica* Survey::leader(GroupId group) const {
  const SurveyedReplica* found = nullptr;
  const auto held = replicas.find(group);
  if (held == replicas.end()) return found;
  for (const SurveyedReplica& one : held->second)
    if (one.leads && (found == nullptr || one.term > found->term)) found = &one;
  return found;
}

bool Survey::majority_answers(GroupId group) const {
  const auto vote = [this](NodeId node) {
    return answers(node) ? raft::Ballot::granted : raft::Ballot::rejected;
  };
  return std::ranges::any_of(replicas.at(group), [&](const SurveyedReplica& one) {
    return raft::joint_vote(one.config, vote) == raft::VoteResult::won;
  });
}

Json survey_json(std::span<const NodeAnswer> answers, std::uint64_t wall_ms) {
  Json list = Json::array();
  for (const NodeAnswer& answer : answers) {
    Json one = Json::object();
    one.set("address", answer.address);
    if (answer.status) {
      one.set("status", *answer.status);
    } else {
      one.set("error", answer.status.error().detail);
    }
    list.push(std::move(one));
  }
  Json file = Json::object();
  file.set("format", survey_format).set("taken_ms", wall_ms).set("answers", std::move(list));
  return file;
}

Result<Survey> read_survey(const Json& file) {
  if (file["format"].text() != survey_format)
    return fail(Code::malformed, "this is no survey: make one with nodedb-cluster recover collect");
  const Json* best = nullptr;
  for (const Json& answer : file["answers"].items()) {
    const Json& status = answer["status"];
    if (status["cluster"].is_null()) continue;
    if (best == nullptr || metadata_applied(status) > metadata_applied(*best)) best = &status;
  }
  if (best == nullptr)
    return fail(Code::not_initialised, "no node that answers belongs to a cluster that has been formed");
  Survey survey;
  const auto cluster = Uuid::parse((*best)["cluster"]["uuid"].text());
  if (!cluster) return std::unexpected(cluster.error());
  survey.cluster = *cluster;
  take_cluster(survey, *best);
  for (const Json& answer : file["answers"].items()) {
    const Json& status = answer["status"];
    if (!status["cluster"].is_null() && status["cluster"]["uuid"].text() == survey.cluster.text())
      take_node(survey, status);
  }
  return survey;
}

}  // namespace nodedb::app
