// SPDX-License-Identifier: Apache-2.0
#include "app/rebalance_commands.h"

#include "app/balance_rows.h"
#include "app/move_rows.h"
#include "app/move_watch.h"
#include "app/output.h"

namespace nodedb::app {

namespace {

/// The word of the node that drives.
Result<Json> look(const Operator& from, const node::StatusWish& wish) {
  MoveSource source(from);
  auto status = source.look(wish);
  if (status && (*status)["balance"].is_null())
    return fail(Code::no_leader, "no node drives now, or not for long enough to have a plan: try again");
  return status;
}

std::string mode_text(const Json& status) {
  const Json& balance = status["balance"];
  return "mode " + balance["mode"].text() + (balance["paused"].boolean() ? ", paused" : "") + ", node " +
         std::to_string(status["driver"].number()) + " drives; " +
         std::to_string(status["migrations"].items().size()) + " moves under way (at most " +
         std::to_string(balance["moves_at_once"].number()) + "), " +
         std::to_string(balance["steps"].items().size()) + " steps left\n";
}

}  // namespace

Exit run_rebalance_status(const Operator& from, Output output) {
  const auto status = look(from, {.plan = true});
  if (!status) return complain(status.error());
  const Json& balance = (*status)["balance"];
  Json body = Json::object();
  body.set("driver", (*status)["driver"])
      .set("mode", balance["mode"])
      .set("paused", balance["paused"])
      .set("moves_at_once", balance["moves_at_once"])
      .set("moving", (*status)["migrations"])
      .set("steps_left", balance["steps"].items().size())
      .set("complaints", balance["complaints"])
      .set("nodes", balance["nodes"]);
  std::string text = mode_text(*status) + balance_table(balance) + complaints_text(balance);
  if (!(*status)["migrations"].items().empty()) text += migrations_table((*status)["migrations"]);
  return show(body, output, text);
}

Exit run_rebalance_plan(const Operator& from, Output output) {
  const auto status = look(from, {.plan = true});
  if (!status) return complain(status.error());
  const Json& balance = (*status)["balance"];
  return show(balance, output,
              mode_text(*status) + steps_table(balance) + balance_table(balance) + complaints_text(balance));
}

Exit run_rebalance_explain(const Operator& from, std::int64_t vshard, Output output) {
  const auto known = vshard_of(vshard);
  if (!known) return complain(known.error());
  const auto status = look(from, {.group = group_of(*known), .plan = true});
  if (!status) return complain(status.error());
  const Json body = explained(*status, vshard);
  return show(body, output, "vShard " + std::to_string(vshard) + ": " + body["text"].text() + "\n");
}

Exit run_rebalance_apply(const Operator& from, Output output) {
  MoveSource source(from);
  const auto driver = source.driver();
  if (!driver) return complain(driver.error());
  Operator there = from;
  there.node = *driver;
  const auto done = ask(there, AskRebalance{});
  if (!done) return complain(done.error());
  return show(*done, output, "the plan is being carried out: nodedb-cluster rebalance status\n");
}

Exit run_rebalance_pause(const Operator& from, bool pause, Output output) {
  const auto done = ask(from, AskAdminister{meta::SettingChange{"rebalance.paused", pause ? "on" : "off"}});
  if (!done) return complain(done.error());
  return show(*done, output,
              pause ? "paused: no move begins, repair and decommission included; moves under way end\n"
                    : "resumed\n");
}

}  // namespace nodedb::app
