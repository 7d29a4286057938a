// SPDX-License-Identifier: Apache-2.0
#include "app/balance_json.h"

#include <cmath>
#include <map>

#include "meta/plan/explain.h"

namespace nodedb::app {

namespace {

Json load_json(const meta::NodeLoad& load) {
  Json body = Json::object();
  body.set("replicas", load.replicas)
      .set("leaders", load.leaders)
      .set("bytes", load.load.bytes)
      .set("writes", load.load.writes)
      .set("reads", load.load.reads);
  return body;
}

Json step_json(const meta::PlanStep& step) {
  Json body = Json::object();
  body.set("vshard", std::uint32_t{step.vshard.value})
      .set("from", step.from.value)
      .set("to", step.to.value)
      .set("kind", meta::name(step.kind))
      .set("why", meta::name(step.why))
      .set("text", meta::explain(step));
  return body;
}

/// To a tenth: a share need not be whole.
double rounded(double value) {
  return std::round(value * 10) / 10;
}

}  // namespace

Json balance_json(const node::Status::Balance& balance) {
  std::map<NodeId, meta::Standing> standings(balance.standings.begin(), balance.standings.end());
  Json steps = Json::array();
  for (const meta::PlanStep& step : balance.plan.steps) steps.push(step_json(step));
  Json complaints = Json::array();
  for (const meta::Complaint& complaint : balance.plan.complaints) {
    Json one = Json::object();
    one.set("constraint", meta::name(complaint.constraint))
        .set("vshards", complaint.vshards)
        .set("first", std::uint32_t{complaint.first.value})
        .set("text", complaint.text);
    complaints.push(std::move(one));
  }
  Json nodes = Json::array();
  for (const meta::NodeOutlook& node : balance.plan.nodes) {
    Json one = Json::object();
    one.set("id", node.id.value)
        .set("state", meta::name(standings[node.id]))
        .set("now", load_json(node.now))
        .set("then", load_json(node.then))
        .set("replicas_share", rounded(node.replicas_share))
        .set("leaders_share", rounded(node.leaders_share));
    nodes.push(std::move(one));
  }
  const auto setting = [&](const char* name) {
    const meta::SettingInfo& info = *meta::find_setting(name);
    return meta::setting_text(info, balance.settings.*info.value);
  };
  Json body = Json::object();
  body.set("mode", setting("rebalance.mode"))
      .set("paused", balance.settings.rebalance_paused != 0)
      .set("moves_at_once", balance.settings.rebalance_moves_at_once)
      .set("steps", std::move(steps))
      .set("complaints", std::move(complaints))
      .set("nodes", std::move(nodes));
  return body;
}

}  // namespace nodedb::app
