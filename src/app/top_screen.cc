// SPDX-License-Identifier: Apache-2.0
#include "app/top_screen.h"

#include <algorithm>

#include "app/move_rows.h"
#include "app/output.h"
#include "app/table.h"

namespace nodedb::app {

namespace {

constexpr std::size_t hot_max = 5;

const Json* status_of(const TopLook& look, const std::string& uuid) {
  for (const NodeAnswer& answer : look.answers)
    if (answer.status && (*answer.status)["uuid"].text() == uuid) return &*answer.status;
  return nullptr;
}

/// By which a count has risen, a second; "-" without two looks at the same life of the node.
class Rates {
 public:
  Rates(const TopLook& before, const TopLook& now) : before_(before), seconds_(0) {
    if (before.at > long_ago && now.at > before.at)
      seconds_ = static_cast<double>(now.at - before.at) / static_cast<double>(ns_per_s);
  }

  std::string of(const std::string& uuid, const Json& now, std::int64_t (*count)(const Json&),
                 std::string (*text)(std::int64_t)) const {
    const Json* const was = status_of(before_, uuid);
    if (seconds_ <= 0 || was == nullptr || (*was)["incarnation"].number() != now["incarnation"].number())
      return "-";
    return text(static_cast<std::int64_t>(static_cast<double>(count(now) - count(*was)) / seconds_));
  }

 private:
  const TopLook& before_;
  double seconds_;
};

std::string number_text(std::int64_t number) {
  return std::to_string(number);
}

std::string nodes_table(const TopLook& before, const TopLook& now) {
  const Rates rates(before, now);
  Table table({"NODE", "NAME", "STATE", "STANDING", "LEADS", "REPLICAS", "LAG", "WAITING", "REFUSED/S",
               "OUT/S", "IN/S", "LOG", "MEMORY", "ILL"});
  for (const MemberPicture& member : now.cluster.members) {
    const Json* const status = status_of(now, member.uuid);
    const std::string id = std::to_string(member.id), name = member.name.empty() ? "-" : member.name;
    if (!member.up || status == nullptr) {
      table.add({id, name, state_text(member), member.standing, std::to_string(member.leads), "?"});
      continue;
    }
    table.add(
        {id, name, state_text(member), member.standing, std::to_string(member.leads),
         std::to_string(member.replicas), std::to_string(member.lag),
         std::to_string((*status)["requests_waiting"].number()),
         rates.of(
             member.uuid, *status, [](const Json& s) { return s["requests_refused"].number(); }, number_text),
         rates.of(
             member.uuid, *status, [](const Json& s) { return s["io"]["bytes_sent"].number(); }, bytes_text),
         rates.of(
             member.uuid, *status, [](const Json& s) { return s["io"]["bytes_received"].number(); },
             bytes_text),
         bytes_text(member.log_bytes), bytes_text(member.memory_bytes),
         std::to_string((*status)["ill"].number())});
  }
  return table.text();
}

struct Hot {
  std::int64_t node = 0;
  const Json* load = nullptr;
  std::int64_t sum() const { return (*load)["writes"].number() + (*load)["reads"].number(); }
};

std::string hot_table(const TopLook& now) {
  std::vector<Hot> hot;
  for (const NodeAnswer& answer : now.answers) {
    if (!answer.status) continue;
    for (const Json& load : (*answer.status)["hot"].items())
      hot.push_back({(*answer.status)["id"].number(), &load});
  }
  std::erase_if(hot, [](const Hot& one) { return one.sum() == 0; });
  std::ranges::sort(hot, std::ranges::greater(), &Hot::sum);
  if (hot.empty()) return "";
  hot.resize(std::min(hot.size(), hot_max));
  Table table({"BUSY-VSHARD", "LED-BY", "WRITES/S", "READS/S", "BYTES"});
  for (const Hot& one : hot)
    table.add({std::to_string((*one.load)["vshard"].number()), std::to_string(one.node),
               std::to_string((*one.load)["writes"].number()), std::to_string((*one.load)["reads"].number()),
               bytes_text((*one.load)["bytes"].number())});
  return "\n" + table.text();
}

std::string moves_lines(const TopLook& now, MoveProgress& progress) {
  const Json::Array& moves = now.cluster.moves["migrations"].items();
  if (moves.empty()) return "";
  std::string text = "\n" + std::to_string(moves.size()) + " vShards move\n";
  for (const Json& move : moves) text += progress.line(now.at, move) + "\n";
  return text;
}

std::string troubles_lines(const ClusterPicture& cluster) {
  std::string text;
  for (const std::string& one : cluster.halted) text += "halted: " + one + "\n";
  for (const std::string& one : cluster.quarantined) text += "quarantined: " + one + "\n";
  for (const std::string& one : cluster.endings) text += "ends soon: " + one + "\n";
  for (const MemberPicture& member : cluster.members)
    if (!member.up) text += "node " + std::to_string(member.id) + " does not answer\n";
  return text.empty() ? text : "\n" + text;
}

}  // namespace

std::vector<std::string> top_screen(const TopLook& before, const TopLook& now, MoveProgress& moves,
                                    std::size_t width, std::size_t height) {
  const ClusterPicture& cluster = now.cluster;
  const std::string text =
      "cluster " + cluster.cluster["uuid"].text() + ", " + (cluster.healthy() ? "healthy" : "NOT HEALTHY") +
      "\n" + std::to_string(cluster.groups_total) + " groups, " +
      std::to_string(cluster.groups_without_leader) + " without leader, lag at most " +
      std::to_string(cluster.lag_entries_max) + " entries\n\n" + nodes_table(before, now) +
      troubles_lines(cluster) + moves_lines(now, moves) + hot_table(now);
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size() && lines.size() < height;) {
    const std::size_t end = text.find('\n', from);
    lines.push_back(text.substr(from, std::min(end - from, width)));
    from = end + 1;
  }
  return lines;
}

}  // namespace nodedb::app
