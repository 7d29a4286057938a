// SPDX-License-Identifier: Apache-2.0
#include "app/cluster_picture.h"

#include <algorithm>
#include <iterator>

#include "app/certificate_lines.h"

namespace nodedb::app {

namespace {

const NodeAnswer* answer_of(std::span<const NodeAnswer> answers, const std::string& uuid) {
  for (const NodeAnswer& answer : answers)
    if (answer.status && (*answer.status)["uuid"].text() == uuid) return &answer;
  return nullptr;
}

MemberPicture member_of(const Json& member, std::span<const NodeAnswer> answers) {
  MemberPicture picture;
  picture.id = member["id"].number();
  picture.uuid = member["uuid"].text();
  picture.quic = member["quic"].text();
  picture.redis = member["redis"].text();
  picture.leads = member["leads"].number();
  picture.state = member["state"].text();
  picture.name = member["name"].text();
  picture.zone = member["zone"].text();
  picture.standing = member["standing"].text();
  picture.standing_ms = member["standing_ms"].number(-1);
  picture.wanted = member["wanted"].number();
  const NodeAnswer* const own = answer_of(answers, picture.uuid);
  if (own && (*own->status)["cluster"].is_null()) {
    picture.why_down =
        "node " + std::to_string(picture.id) + " runs without its data: its log says what to do";
    return picture;
  }
  picture.up = own != nullptr;
  if (own) {
    const Json& status = *own->status;
    picture.leads = status["groups_led"].number();
    picture.lag = status["lag_entries_max"].number();
    picture.replicas = status["replicas"].number();
    picture.log_bytes = status["log_bytes"].number();
    picture.memory_bytes = status["memory"]["resident"].number();
    picture.memory_budget = status["memory"]["budget"].number();
    picture.disk_full = status["disk_full"].boolean();
    picture.draining = status["draining"].boolean();
    return picture;
  }
  for (const NodeAnswer& answer : answers)
    if (!answer.status && answer.address == picture.quic) picture.why_down = answer.status.error().detail;
  return picture;
}

void note_halted(const Json& status, std::vector<std::string>& halted) {
  for (const Json& group : status["halted"].items()) {
    const std::int64_t number = group["group"].number();
    halted.push_back((number == 0 ? "metadata group" : "vShard " + std::to_string(number - 1)) + " on node " +
                     std::to_string(status["id"].number()) + ": " + group["why"].text());
  }
}

Json list_of(const Json& value) {
  return value.is_null() ? Json::array() : value;
}

}  // namespace

bool ClusterPicture::healthy() const {
  return !cluster.is_null() && groups_without_leader == 0 && halted.empty() &&
         std::ranges::all_of(members,
                             [](const MemberPicture& member) { return member.up && !member.disk_full; });
}

std::string node_name(std::int64_t id) {
  return "node " + std::to_string(id);
}

std::string state_text(const MemberPicture& member) {
  if (member.state == meta::name(meta::MemberState::retired)) return member.state;
  if (!member.up) return "down";
  if (member.disk_full) return "disk full";
  if (member.draining) return "stopping";
  return member.state == meta::name(meta::MemberState::active) ? "up" : member.state;
}

const Json& mover_of(std::span<const NodeAnswer> answers) {
  static const Json nobody;
  const Json* best = &nobody;
  for (const NodeAnswer& answer : answers) {
    if (!answer.status || (*answer.status)["cluster"].is_null()) continue;
    if ((*answer.status)["drives"].boolean()) return *answer.status;
    if (best->is_null()) best = &*answer.status;
  }
  return *best;
}

ClusterPicture picture_of(std::span<const NodeAnswer> answers) {
  ClusterPicture picture;
  if (answers.empty() || !answers.front().status) return picture;
  const Json& first = *answers.front().status;
  picture.cluster = first["cluster"];
  std::int64_t led = 0;
  std::int64_t missing_as_told = 0;
  for (const Json& member : first["members"].items()) {
    if (member["state"].text() == meta::name(meta::MemberState::retired)) {
      picture.retired.push_back(member_of(member, answers));
      continue;
    }
    picture.members.push_back(member_of(member, answers));
    led += picture.members.back().up ? picture.members.back().leads : 0;
  }
  for (const NodeAnswer& answer : answers) {
    if (!answer.status) continue;
    const Json& status = *answer.status;
    missing_as_told = std::max(missing_as_told, status["groups_without_leader"].number());
    picture.lag_entries_max = std::max(picture.lag_entries_max, status["lag_entries_max"].number());
    note_halted(status, picture.halted);
    for (const Json& reason : status["quarantined"].items())
      picture.quarantined.push_back("node " + std::to_string(status["id"].number()) + ": " + reason.text());
  }
  for (const NodeAnswer& answer : answers)
    if (answer.status) std::ranges::move(endings_of(*answer.status), std::back_inserter(picture.endings));
  picture.moves = mover_of(answers);
  picture.groups_total = vshard_count + 1;
  // A leader knows surely that it leads; but one that we cannot reach may lead all the same.
  picture.groups_without_leader =
      std::min(missing_as_told, std::max<std::int64_t>(0, picture.groups_total - led));
  return picture;
}

Json members_json(std::span<const MemberPicture> shown) {
  Json members = Json::array();
  for (const MemberPicture& member : shown) {
    Json one = Json::object();
    one.set("id", member.id)
        .set("uuid", member.uuid)
        .set("quic", member.quic)
        .set("redis", member.redis)
        .set("up", member.up)
        .set("why_down", member.why_down)
        .set("state", member.state)
        .set("name", member.name)
        .set("zone", member.zone)
        .set("standing", member.standing)
        .set("standing_ms", member.standing_ms)
        .set("leads", member.leads)
        .set("replicas", member.replicas)
        .set("wanted", member.wanted)
        .set("lag_entries", member.lag)
        .set("log_bytes", member.log_bytes)
        .set("memory_bytes", member.memory_bytes)
        .set("memory_budget", member.memory_budget)
        .set("disk_full", member.disk_full)
        .set("draining", member.draining);
    members.push(std::move(one));
  }
  return members;
}

Json picture_json(const ClusterPicture& picture) {
  Json halted = Json::array();
  for (const std::string& reason : picture.halted) halted.push(Json(reason));
  Json quarantined = Json::array();
  for (const std::string& reason : picture.quarantined) quarantined.push(Json(reason));
  Json endings = Json::array();
  for (const std::string& ending : picture.endings) endings.push(Json(ending));
  Json body = Json::object();
  body.set("cluster", picture.cluster)
      .set("healthy", picture.healthy())
      .set("groups", picture.groups_total)
      .set("groups_without_leader", picture.groups_without_leader)
      .set("lag_entries_max", picture.lag_entries_max)
      .set("members", members_json(picture.members))
      .set("halted", std::move(halted))
      .set("driver", picture.moves["drives"].boolean() ? picture.moves["id"].number() : std::int64_t{0})
      .set("migrations", list_of(picture.moves["migrations"]))
      .set("ghosts", list_of(picture.moves["ghosts"]))
      .set("history", list_of(picture.moves["history"]))
      .set("quarantined", std::move(quarantined))
      .set("endings", std::move(endings));
  return body;
}

}  // namespace nodedb::app
