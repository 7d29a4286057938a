// SPDX-License-Identifier: Apache-2.0
#include "app/balance_rows.h"

#include "app/move_rows.h"
#include "app/table.h"

namespace nodedb::app {

namespace {

std::string node_text(const Json& node) {
  return node.number() == 0 ? "-" : std::to_string(node.number());
}

/// `12 -> 10`, or only `12` if it stays so.
std::string change_text(const std::string& now, const std::string& then) {
  return now == then ? now : now + " -> " + then;
}

std::string number_change(const Json& node, const char* what) {
  return change_text(std::to_string(node["now"][what].number()), std::to_string(node["then"][what].number()));
}

const Json* row_of(const Json& rows, const char* key, std::int64_t wanted) {
  for (const Json& row : rows.items())
    if (row[key].number() == wanted) return &row;
  return nullptr;
}

/// Of the nodes that hold it: how each stands to its share.
std::string shares_text(const Json& balance, const Json& wanted) {
  std::string text;
  for (const Json& id : wanted.items()) {
    const Json* const node = row_of(balance["nodes"], "id", id.number());
    if (node == nullptr) continue;
    text += (text.empty() ? "" : "; ") + ("node " + std::to_string(id.number())) + " (" +
            (*node)["state"].text() + ") has " + std::to_string((*node)["now"]["replicas"].number()) +
            " replicas of its share of " + (*node)["replicas_share"].dump() + ", leads " +
            std::to_string((*node)["now"]["leaders"].number()) + " of " + (*node)["leaders_share"].dump();
  }
  return text;
}

/// Why a step that is wanted is not under way.
std::string obstacle(const Json& balance, const Json& step) {
  if (balance["paused"].boolean()) return "; not before nodedb-cluster rebalance resume";
  const std::string why = step["why"].text();
  const bool mends =
      why == "dead" || why == "missing" || why == "surplus" || why == "leaving" || why == "leader_leaves";
  if (!mends && balance["mode"].text() != "auto")
    return "; rebalance.mode is " + balance["mode"].text() + ": only with nodedb-cluster rebalance apply";
  return "";
}

}  // namespace

std::string steps_table(const Json& balance) {
  if (balance["steps"].items().empty()) return "nothing is to be done\n";
  Table table({"VSHARD", "STEP", "FROM", "TO", "WHY", "IN WORDS"});
  for (const Json& step : balance["steps"].items()) {
    const std::string text = step["text"].text();
    const std::size_t because = text.find("because ");
    table.add({std::to_string(step["vshard"].number()), step["kind"].text(), node_text(step["from"]),
               node_text(step["to"]), step["why"].text(),
               because == std::string::npos ? text : text.substr(because + 8)});
  }
  return table.text();
}

std::string balance_table(const Json& balance) {
  Table table({"NODE", "STATE", "REPLICAS", "SHARE", "LEADERS", "SHARE", "BYTES", "WRITES/S", "READS/S"});
  for (const Json& node : balance["nodes"].items()) {
    table.add(
        {std::to_string(node["id"].number()), node["state"].text(), number_change(node, "replicas"),
         node["replicas_share"].dump(), number_change(node, "leaders"), node["leaders_share"].dump(),
         change_text(bytes_text(node["now"]["bytes"].number()), bytes_text(node["then"]["bytes"].number())),
         number_change(node, "writes"), number_change(node, "reads")});
  }
  return table.text();
}

std::string complaints_text(const Json& balance) {
  std::string text;
  for (const Json& one : balance["complaints"].items()) {
    text += "not met: " + one["constraint"].text() + ": " + one["text"].text() + " (" +
            std::to_string(one["vshards"].number()) + " vShards, the first is " +
            std::to_string(one["first"].number()) + ")\n";
  }
  return text;
}

Json explained(const Json& status, std::int64_t vshard) {
  const Json& balance = status["balance"];
  const Json* const group = row_of(status["groups"], "group", vshard + 1);
  const Json wanted = group == nullptr ? Json::array() : (*group)["wanted"];
  Json steps = Json::array();
  std::string text;
  if (const Json* const moving = row_of(status["migrations"], "vshard", vshard)) {
    text = "it is being moved from node " + std::to_string((*moving)["source"].number()) + " to node " +
           std::to_string((*moving)["target"].number()) + ": " + phase_text(*moving);
  }
  for (const Json& step : balance["steps"].items()) {
    if (step["vshard"].number() != vshard) continue;
    text += (text.empty() ? "" : "; ") + step["text"].text() + obstacle(balance, step);
    steps.push(step);
  }
  if (text.empty()) text = "nothing is to be done: within the bounds there is no step";
  text += "\n" + shares_text(balance, wanted);
  Json body = Json::object();
  body.set("vshard", vshard).set("wanted", wanted).set("steps", std::move(steps)).set("text", text);
  return body;
}

}  // namespace nodedb::app
