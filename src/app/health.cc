// SPDX-License-Identifier: Apache-2.0
#include "app/health.h"

#include <algorithm>

#include "app/move_rows.h"
#include "edge/tls/expiry.h"

namespace nodedb::app {

namespace {

using meta::MemberState;
using Problems = std::vector<Problem>;

constexpr std::int64_t silence_ns = 3 * ns_per_s;
constexpr std::uint64_t lag_entries_large = 100'000;
/// A first try is given up sooner (meta/decide.h).
constexpr std::int64_t wait_long_ns = 12 * ns_per_s;
constexpr std::string_view start_command = "systemctl start nodedb-cluster";

std::string counted(std::uint64_t count, const std::string& one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

/// With the node that is asked; certificates come from NODEDB_CERTS.
std::string command(const NodeFigures& figures, const std::string& words) {
  return "nodedb-cluster " + words + " --node " + figures.status.address;
}

std::string who(const node::MemberStatus& one) {
  const std::string name = one.member.name.empty() ? "" : one.member.name + ", ";
  return "Node " + std::to_string(one.member.id.value) + " (" + name + one.member.address + ")";
}

std::string for_how_long(const node::MemberStatus& one) {
  return one.standing_ns < ns_per_s ? "" : " for " + age_text(one.standing_ns / ns_per_ms);
}

void add_down(const NodeFigures& figures, const node::MemberStatus& one, Problems& out) {
  const std::string id = std::to_string(one.member.id.value);
  Problem problem{Gravity::warning, "NodedbNodeDown", {}, {{"on its machine", std::string(start_command)}}};
  problem.text = who(one) + (one.standing == swim::Standing::left ? " has been stopped" : " has been down") +
                 (one.standing == swim::Standing::left ? "" : for_how_long(one)) + ".";
  if (one.wanted > 0)
    problem.text += " " + counted(one.wanted, "vShard") + (one.wanted == 1 ? " has" : " have") +
                    " one working replica less; others lead them.";
  problem.remedies.push_back(
      {"if it will never come back", command(figures, "node decommission " + id + " --wait")});
  out.push_back(std::move(problem));
}

void add_silent(const NodeFigures& figures, const node::MemberStatus& one, Problems& out) {
  Problem problem;
  problem.text =
      who(one) + (one.connected ? " answers slowly or not at all" : " is not connected to this node");
  if (one.last_heard_ns_ago >= 0)
    problem.text += "; it was heard " + age_text(one.last_heard_ns_ago / ns_per_ms) + " ago";
  problem.text += ".";
  problem.remedies.push_back({"what the others say of it", command(figures, "node ls")});
  out.push_back(std::move(problem));
}

void add_wanted_so(const NodeFigures& figures, const node::MemberStatus& one, Problems& out) {
  const std::string id = std::to_string(one.member.id.value);
  Problem problem{Gravity::note, {}, {}, {}};
  if (one.member.state == MemberState::draining) {
    problem.text = who(one) + " is drained by an operator: it leads nothing that others can lead.";
    problem.remedies.push_back({"when the work is done", command(figures, "node undrain " + id)});
  } else if (one.member.state == MemberState::leaving) {
    problem.text = who(one) + " is leaving: " + counted(one.wanted, "replica") + " left on it.";
    problem.remedies.push_back({"to keep it", command(figures, "node recommission " + id)});
  } else {
    problem.text = who(one) + " is joining; it has not reported itself yet.";
    problem.remedies.push_back({"on its machine", std::string(start_command)});
  }
  out.push_back(std::move(problem));
}

void add_members(const NodeFigures& figures, Problems& out) {
  for (const node::MemberStatus& one : figures.status.members) {
    if (one.member.state == MemberState::retired || one.member.id == figures.status.id) continue;
    const bool gone =
        one.standing == swim::Standing::dead || (one.standing == swim::Standing::left && !one.connected);
    if (gone)
      add_down(figures, one, out);
    else if (one.standing == swim::Standing::suspect ||
             (!one.connected && one.last_heard_ns_ago > silence_ns))
      add_silent(figures, one, out);
    else if (one.lag_entries > lag_entries_large)
      out.push_back(
          {Gravity::warning,
           "NodedbReplicaLags",
           who(one) + " does not keep up: a replica there is " + std::to_string(one.lag_entries) +
               " entries behind its leader.",
           {{"to take load off it", command(figures, "node drain " + std::to_string(one.member.id.value))}}});
  }
  for (const node::MemberStatus& one : figures.status.members)
    if (one.member.state != MemberState::active && one.member.state != MemberState::retired)
      add_wanted_so(figures, one, out);
}

void add_groups(const NodeFigures& figures, Problems& out) {
  const node::Status& status = figures.status;
  if (status.groups_without_leader > 0)
    out.push_back({Gravity::broken,
                   "NodedbNoLeader",
                   counted(status.groups_without_leader, "group") +
                       (status.groups_without_leader == 1 ? " has" : " have") +
                       " no leader: what is asked of these vShards waits or fails.",
                   {{"is a majority of each up?", command(figures, "node ls")}}});
  if (!status.in_touch)
    out.push_back(
        {Gravity::broken,
         "NodedbOutOfTouch",
         "This node hears no leader of the metadata group: it learns nothing new, and what is shown "
         "here may be old.",
         {{"who is up, and who hears whom", command(figures, "node ls")}}});
  if (!status.halted.empty())
    out.push_back({Gravity::broken,
                   "NodedbGroupHalted",
                   counted(status.halted.size(), "group") +
                       " on this node applied nothing any more: " + status.halted.front().why + ".",
                   {{"which, and why", command(figures, "status")}}});
  if (!status.quarantined.empty())
    out.push_back({Gravity::warning,
                   "NodedbRowsDamaged",
                   counted(status.quarantined.size(), "row") +
                       " of the metadata group cannot be trusted here: " + status.quarantined.front() + ".",
                   {{"is the disk well?", "journalctl -k --grep 'I/O error'"}}});
}

void add_machine(const NodeFigures& figures, Problems& out) {
  if (figures.status.disk_full)
    out.push_back(
        {Gravity::broken,
         "NodedbDiskFull",
         "This node's disk is full: writes to the vShards that it leads are refused, reads go on. Free "
         "some room and they resume by themselves.",
         {{"until then, to let others lead",
           command(figures, "node drain " + std::to_string(figures.status.id.value))}}});
  const MemoryTable& memory = figures.around.memory;
  if (memory.budget_bytes > 0 && memory.resident_bytes > memory.budget_bytes / 5 * 6)
    out.push_back({Gravity::warning,
                   "NodedbMemoryHigh",
                   "This node holds " + bytes_text(static_cast<std::int64_t>(memory.resident_bytes)) +
                       " of memory; its budget is " +
                       bytes_text(static_cast<std::int64_t>(memory.budget_bytes)) + ".",
                   {{"for a report", command(figures, "status -o json")}}});
  for (const Json& one : figures.around.certificates.items()) {
    const std::int64_t left_s = one["until_s"].number() - figures.wall_ms / 1000;
    const std::string freshness = one["freshness"].text();
    if (freshness != tls::name(tls::Freshness::late) && freshness != tls::name(tls::Freshness::expired))
      continue;
    const bool own = one["whose"].text() == "node";
    out.push_back({left_s < 0 ? Gravity::broken : Gravity::warning,
                   "NodedbCertificateEnds",
                   std::string(own ? "This node's certificate" : "An authority's certificate") +
                       (left_s < 0 ? " has ended." : " ends in " + age_text(left_s * 1000) + "."),
                   {{own ? "why has it not been renewed?" : "how far its exchange is",
                     own ? "journalctl -u nodedb-cluster --grep certificate"
                         : command(figures, "cert rotate-ca --status")}}});
  }
}

void add_moves(const NodeFigures& figures, Problems& out) {
  for (const node::MigrationStatus& one : figures.status.migrations) {
    if (one.waits_for.empty() || one.waits_ns < wait_long_ns) continue;
    out.push_back(
        {Gravity::warning,
         "NodedbMigrationStuck",
         "The move of vShard " + std::to_string(one.record.intent.first.vshard.value) + " has waited for " +
             age_text(one.waits_ns / ns_per_ms) + ": " + one.waits_for + ".",
         {{"what stands in its way", command(figures, "migration show " + one.record.intent.id.text())}}});
  }
  if (!figures.status.recoveries.empty())
    out.push_back({Gravity::warning,
                   "NodedbRecoveryUnfinished",
                   counted(figures.status.recoveries.size(), "vShard") +
                       " being recovered from a lost majority; one more loss costs data.",
                   {{"what is missing", command(figures, "recover verify")}}});
}

std::string all_is_well(const node::Status& status) {
  std::uint64_t nodes = 0;
  for (const node::MemberStatus& one : status.members) nodes += one.member.state != MemberState::retired;
  std::string text = "All is well: " + counted(nodes, "node") + ", and each of 1,024 vShards has its leader";
  if (!status.migrations.empty()) text += "; " + counted(status.migrations.size(), "move") + " under way";
  return text + ".";
}

std::string_view name(Gravity gravity) {
  switch (gravity) {
    case Gravity::note:
      return "note";
    case Gravity::warning:
      return "warning";
    case Gravity::broken:
      return "broken";
  }
  return "note";
}

}  // namespace

Health health_of(const NodeFigures& figures) {
  Health health;
  if (!figures.status.cluster) {
    health.problems.push_back({Gravity::broken,
                               {},
                               "This node belongs to no cluster yet.",
                               {{"once, when all founders run", command(figures, "init")}}});
  } else {
    add_groups(figures, health.problems);
    add_machine(figures, health.problems);
    add_members(figures, health.problems);
    add_moves(figures, health.problems);
  }
  std::ranges::stable_sort(health.problems, std::greater(), &Problem::gravity);
  const bool well = health.problems.empty() || health.problems.front().gravity == Gravity::note;
  health.sentence = well ? all_is_well(figures.status) : health.problems.front().text;
  return health;
}

Json health_json(const Health& health) {
  Json problems = Json::array();
  for (const Problem& problem : health.problems) {
    Json remedies = Json::array();
    for (const Remedy& remedy : problem.remedies) {
      Json one = Json::object();
      one.set("when", remedy.when).set("command", remedy.command);
      remedies.push(std::move(one));
    }
    Json one = Json::object();
    one.set("gravity", name(problem.gravity))
        .set("alert", problem.alert)
        .set("text", problem.text)
        .set("remedies", std::move(remedies));
    problems.push(std::move(one));
  }
  Json body = Json::object();
  body.set("state",
           health.problems.empty() ? std::string_view("well") : name(health.problems.front().gravity))
      .set("sentence", health.sentence)
      .set("problems", std::move(problems));
  return body;
}

}  // namespace nodedb::app
