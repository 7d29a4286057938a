// SPDX-License-Identifier: Apache-2.0
#include "app/operator_commands.h"

#include <limits>

#include "app/cluster_picture.h"
#include "app/json_words.h"
#include "app/output.h"
#include "app/table.h"

namespace nodedb::app {

namespace {

std::string members_table(std::span<const MemberPicture> members) {
  Table table({"NODE", "NAME", "STATE", "STANDING", "ZONE", "REPLICAS", "WANTED", "LEADS", "LAG", "LOG-KIB",
               "MEMORY-MIB", "QUIC", "REDIS", "UUID"});
  const auto or_none = [](const std::string& text) { return text.empty() ? "-" : text; };
  for (const MemberPicture& member : members) {
    table.add({std::to_string(member.id), or_none(member.name), state_text(member), or_none(member.standing),
               or_none(member.zone), member.replicas < 0 ? "?" : std::to_string(member.replicas),
               std::to_string(member.wanted), std::to_string(member.leads), std::to_string(member.lag),
               std::to_string(member.log_bytes / 1024),
               std::to_string(member.memory_bytes >> 20) + "/" + std::to_string(member.memory_budget >> 20),
               member.quic, or_none(member.redis), member.uuid});
  }
  return table.text();
}

std::string moves_text(const ClusterPicture& picture) {
  const std::size_t moving = picture.moves["migrations"].items().size();
  const std::size_t ghosts = picture.moves["ghosts"].items().size();
  if (moving == 0 && ghosts == 0) return "";
  return std::to_string(moving) + " migrations under way, " + std::to_string(ghosts) +
         " ghost stubs: nodedb-cluster migration ls\n";
}

Result<ClusterPicture> look_at_cluster(const Operator& from) {
  const auto answers = ask_everybody(from, {});
  if (!answers) return std::unexpected(answers.error());
  ClusterPicture picture = picture_of(*answers);
  if (picture.cluster.is_null()) return not_formed(from);
  return picture;
}

const Json* group_of_status(const Json& status, GroupId group) {
  for (const Json& one : status["groups"].items())
    if (one["group"].number() == group.value) return &one;
  return nullptr;
}

}  // namespace

Exit run_init(const Operator& from, Output output) {
  Operator patient = from;
  patient.timeout_ns = std::max(from.timeout_ns, 30 * ns_per_s);  // every founder must answer
  const auto formed = ask(patient, AskInit{});
  if (!formed) return complain(formed.error());
  return show(*formed, output, "cluster " + (*formed)["cluster"].text() + " is formed\n");
}

Exit run_status(const Operator& from, Output output) {
  const auto picture = look_at_cluster(from);
  if (!picture) return complain(picture.error());
  std::string text = "cluster " + picture->cluster["uuid"].text() + ", " +
                     (picture->healthy() ? "healthy" : "not healthy") + "\n" +
                     std::to_string(picture->groups_total) + " groups, " +
                     std::to_string(picture->groups_without_leader) + " without leader, replication factor " +
                     std::to_string(picture->cluster["replication_factor"].number()) + ", lag at most " +
                     std::to_string(picture->lag_entries_max) + " entries\n" + moves_text(*picture) + "\n" +
                     members_table(picture->members);
  for (const std::string& reason : picture->quarantined) text += "quarantined: " + reason + "\n";
  for (const std::string& ending : picture->endings) text += "ends soon: " + ending + "\n";
  for (const std::string& reason : picture->halted) text += "halted: " + reason + "\n";
  for (const MemberPicture& member : picture->members)
    if (!member.up && !member.why_down.empty()) text += "down: " + member.why_down + "\n";
  return show(picture_json(*picture), output, text);
}

Exit run_node_list(const Operator& from, bool all, Output output) {
  auto picture = look_at_cluster(from);
  if (!picture) return complain(picture.error());
  std::vector<MemberPicture>& members = picture->members;
  if (all) members.insert(members.end(), picture->retired.begin(), picture->retired.end());
  return show(members_json(members), output, members_table(members));
}

Exit run_shard_show(const Operator& from, std::int64_t vshard, Output output) {
  const auto known = vshard_of(vshard);
  if (!known) return complain(known.error());
  const GroupId group = group_of(*known);
  const auto answers = ask_everybody(from, {.group = group});
  if (!answers) return complain(answers.error());
  if ((*answers->front().status)["cluster"].is_null()) return complain(not_formed(from).error());
  Json replicas = Json::array();
  Json silent = Json::array();
  std::string gaps;  // whoever does not answer may hold one, too
  Table table({"NODE", "ROLE", "TERM", "LEADER", "COMMIT", "APPLIED", "LAST", "LOG-KIB", "VOTERS", "WANTED"});
  for (const NodeAnswer& answer : *answers) {
    if (!answer.status) {
      silent.push(answer.silence_json());
      gaps += "no answer: " + answer.status.error().detail + "\n";
      continue;
    }
    const Json* const row = group_of_status(*answer.status, group);
    if (!row || !(*row)["replica"].boolean()) continue;
    const auto number = [&](const char* key) { return std::to_string((*row)[key].number()); };
    const std::string node = std::to_string((*answer.status)["id"].number());
    table.add({node, (*row)["role"].text(), number("term"), number("leader"), number("commit"),
               number("applied"), std::to_string((*row)["last"]["index"].number()),
               std::to_string((*row)["log_bytes"].number() / 1024), ids_text((*row)["config"]["voters"]),
               ids_text((*row)["wanted"])});
    Json replica = Json::object();
    replica.set("node", (*answer.status)["id"].number()).set("state", *row);
    replicas.push(std::move(replica));
  }
  Json body = Json::object();
  body.set("vshard", vshard)
      .set("group", vshard + 1)
      .set("replicas", std::move(replicas))
      .set("silent", std::move(silent));
  return show(body, output, table.text() + gaps);
}

Exit run_shard_transfer(const Operator& from, std::int64_t vshard, std::int64_t to_node, Output output) {
  const auto known = vshard_of(vshard);
  if (!known) return complain(known.error());
  const GroupId group = group_of(*known);
  if (to_node < 1 || to_node > std::numeric_limits<std::uint32_t>::max())
    return complain({Code::not_found, "--to: there is no node " + std::to_string(to_node)});
  const auto answers = ask_everybody(from, {.group = group});
  if (!answers) return complain(answers.error());
  for (const NodeAnswer& answer : *answers) {
    if (!answer.status) continue;
    const Json* const row = group_of_status(*answer.status, group);
    if (!row || (*row)["role"].text() != "leader") continue;
    Operator leader = from;
    leader.node = answer.address;
    const AskTransfer request{group, NodeId(static_cast<std::uint32_t>(to_node))};
    const auto started = ask(leader, request);
    if (!started) return complain(started.error());
    return show(*started, output,
                "vShard " + std::to_string(vshard) + ": leadership is on its way to node " +
                    std::to_string(to_node) + "; nodedb-cluster shard show " + std::to_string(vshard) + "\n");
  }
  return complain(
      {Code::no_leader, "vShard " + std::to_string(vshard) + " has no leader that can be reached now"});
}

}  // namespace nodedb::app
