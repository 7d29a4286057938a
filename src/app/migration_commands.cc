// SPDX-License-Identifier: Apache-2.0
#include "app/migration_commands.h"

#include <algorithm>
#include <iostream>

#include "app/move_plan.h"
#include "app/move_rows.h"
#include "app/move_watch.h"
#include "app/output.h"
#include "app/random.h"
#include "base/units.h"

namespace nodedb::app {

namespace {

/// Group 0 takes an entry within 5 s, or says why not.
constexpr std::int64_t entry_patience_ns = 10 * ns_per_s;
constexpr std::int64_t random_max = 1024;

void note(const std::string& text) {
  std::cerr << "nodedb-cluster: " << text << "\n";
}

Exit show_rows(const Operator& from, Output output, const char* rows, std::string (*table)(const Json&)) {
  MoveSource source(from);
  const auto status = source.look({.history = true});
  if (!status) return complain(status.error());
  if (!(*status)["drives"].boolean())
    note(
        "no node drives migrations now, so this may be old: nodedb-cluster shard show, nodedb-cluster "
        "status");
  const Json& shown = (*status)[rows];
  for (const Json& reason : (*status)["quarantined"].items()) note("quarantined: " + reason.text());
  return show((shown.is_null() ? Json::array() : shown), output, table(shown));
}

Result<std::int64_t> wait_patience(const MigrationWait& wait) {
  auto timeout = parse_duration(wait.timeout);
  if (!timeout) timeout.error().detail = "--timeout: " + timeout.error().detail;
  return timeout;
}

/// Prints what has ended. `wanted`: the outcome that was asked for.
Exit await_and_tell(MoveSource& source, const std::vector<std::string>& ids, std::int64_t timeout_ns,
                    const std::string& wanted, Output output) {
  const auto ended = await_moves(source, ids, timeout_ns);
  if (!ended) return complain(ended.error());
  Json rows = Json::array();
  for (const Json& row : *ended) rows.push(row);
  Json body = Json::object();
  body.set("migrations", rows);
  show(body, output, history_table(rows));
  Exit exit = Exit::ok;
  for (const Json& row : *ended) {
    if (row["outcome"].text() == wanted) continue;
    const std::string id = row["id"].text();
    exit =
        wanted == "completed"
            ? complain({Code::invalid_state,
                        "migration " + id + " was aborted, vShard " + std::to_string(row["vshard"].number()) +
                            " is where it was: " + row["reason"].text("no reason is known") +
                            "; nodedb-cluster migration show " + id})
            : complain({Code::invalid_state, "migration " + id +
                                                 " completed before it could be cancelled: "
                                                 "nodedb-cluster migration undo " +
                                                 id});
  }
  return exit;
}

Result<MoveWish> wish_of(const MigrationStart& start) {
  MoveWish wish;
  if (start.vshards.empty() == (start.random == 0))
    return fail(Code::malformed, "say what to move: --vshard N, --vshards A-B or --random K");
  if (start.random < 0 || start.random > random_max)
    return fail(Code::malformed, "--random: must be from 1 to 1024");
  if (!start.vshards.empty()) {
    auto vshards = parse_vshards(start.vshards);
    if (!vshards) return std::unexpected(vshards.error());
    wish.vshards = std::move(*vshards);
  }
  wish.random = static_cast<std::size_t>(start.random);
  wish.seed = random_seed() % 1'000'000;
  if (!start.seed.empty()) {
    const auto seed = parse_number(start.seed);
    if (!seed) return fail(Code::malformed, "--seed: " + seed.error().detail);
    wish.seed = *seed;
  }
  for (const auto& [text, node] : {std::pair(&start.from, &wish.from), std::pair(&start.to, &wish.to)}) {
    if (text->empty()) continue;
    const auto named = parse_node(*text);
    if (!named) return std::unexpected(named.error());
    *node = *named;
  }
  return wish;
}

Result<std::uint64_t> budget_us(const MigrationStart& start) {
  const auto budget = parse_duration(start.pause_budget);
  if (!budget) return fail(budget.error().code, "--pause-budget: " + budget.error().detail);
  if (*budget < 1'000) return fail(Code::malformed, "--pause-budget: must be at least 1us");
  return static_cast<std::uint64_t>(*budget / 1'000);
}

/// Asks for what group 0 has to decide.
Result<Json> ask_patiently(Operator from, const OperatorRequest& request) {
  from.timeout_ns = std::max(from.timeout_ns, entry_patience_ns);
  return ask(from, request);
}

/// What a migration's id, or the beginning of one, stands for.
struct Found {
  Json migration;
  std::string id;
};
Result<Found> look_for(MoveSource& source, const std::string& id) {
  const auto status = source.look({.history = true});
  if (!status) return std::unexpected(status.error());
  auto migration = find_migration(*status, id);
  if (!migration) return std::unexpected(migration.error());
  std::string whole = (*migration)["id"].text();
  return Found{std::move(*migration), std::move(whole)};
}

Result<std::string> begin(const Operator& from, const Move& move, std::uint64_t budget) {
  const auto taken = ask_patiently(from, AskMigrate{VShardId(static_cast<std::uint16_t>(move.vshard)),
                                                    NodeId(static_cast<std::uint32_t>(move.from)),
                                                    NodeId(static_cast<std::uint32_t>(move.to)), budget});
  if (!taken) return std::unexpected(taken.error());
  return (*taken)["migration"].text();
}

Json started_json(const std::string& id, const Move& move) {
  Json one = Json::object();
  one.set("id", id).set("vshard", move.vshard).set("source", move.from).set("target", move.to);
  return one;
}

/// Starts all moves, then waits if asked to. Those that are refused do not keep the others from going.
Exit carry_out(const Operator& from, MoveSource& source, const MovePlan& plan, std::uint64_t budget,
               const MigrationWait& wait, Output output) {
  const auto timeout = wait_patience(wait);
  if (!timeout) return complain(timeout.error());
  for (const std::string& reason : plan.skipped) note("skipped: " + reason);
  std::vector<std::string> ids;
  Json started = Json::array();
  Exit refused = Exit::ok;
  for (const Move& move : plan.moves) {
    const auto id = begin(from, move, budget);
    if (!id) {
      Error error = id.error();
      error.detail = "vShard " + std::to_string(move.vshard) + ": " + error.detail;
      refused = complain(error);
      if (error.code == Code::conflict || error.code == Code::invalid_state) continue;
      break;  // whatever it is, it concerns the others too
    }
    ids.push_back(*id);
    started.push(started_json(*id, move));
    if (output == Output::table)
      (wait.wait ? std::cerr : std::cout)
          << "migration " << *id << ": vShard " << move.vshard << " from node " << move.from << " to node "
          << move.to << std::endl;
  }
  if (ids.empty()) return refused;
  if (wait.wait) {
    const Exit ended = await_and_tell(source, ids, *timeout, "completed", output);
    return refused == Exit::ok ? ended : refused;
  }
  Json body = Json::object();
  body.set("migrations", std::move(started));
  show(body, output, "watch: nodedb-cluster migration ls\n");
  return refused;
}

}  // namespace

Exit run_migration_start(const Operator& from, const MigrationStart& start, const MigrationWait& wait,
                         Output output) {
  const auto wish = wish_of(start);
  if (!wish) return complain(wish.error());
  const auto budget = budget_us(start);
  if (!budget) return complain(budget.error());
  MoveSource source(from);
  const auto status = source.look({.groups = true});
  if (!status) return complain(status.error());
  const auto plan = plan_moves(*wish, replica_map(*status));
  if (!plan) return complain(plan.error());
  if (wish->random > 0)
    note("chosen with --seed " + std::to_string(wish->seed) + ": " + std::to_string(plan->moves.size()) +
         " moves");
  return carry_out(from, source, *plan, *budget, wait, output);
}

Exit run_migration_list(const Operator& from, Output output) {
  return show_rows(from, output, "migrations", migrations_table);
}

Exit run_migration_history(const Operator& from, Output output) {
  return show_rows(from, output, "history", history_table);
}

Exit run_ghost_list(const Operator& from, Output output) {
  return show_rows(from, output, "ghosts", ghosts_table);
}

Exit run_migration_show(const Operator& from, const std::string& id, Output output) {
  MoveSource source(from);
  const auto found = look_for(source, id);
  if (!found) return complain(found.error());
  return show(found->migration, output, migration_text(found->migration));
}

Exit run_migration_cancel(const Operator& from, const std::string& id, const MigrationWait& wait,
                          Output output) {
  const auto timeout = wait_patience(wait);
  if (!timeout) return complain(timeout.error());
  MoveSource source(from);
  const auto found = look_for(source, id);
  if (!found) return complain(found.error());
  const auto& [migration, whole] = *found;
  if (has_ended(migration)) {
    const bool completed = migration["outcome"].text() == "completed";
    return complain({Code::invalid_state, "migration " + whole + " has ended (" +
                                              migration["outcome"].text() + ")" +
                                              (completed ? ": nodedb-cluster migration undo " + whole : "")});
  }
  const auto uuid = Uuid::parse(whole);
  if (!uuid) return complain(uuid.error());
  const auto taken = ask_patiently(from, AskCancel{*uuid});
  if (!taken) return complain(taken.error());
  if (wait.wait) return await_and_tell(source, {whole}, *timeout, "aborted", output);
  return show(*taken, output,
              "migration " + whole + " is being undone: nodedb-cluster migration show " + whole + "\n");
}

Exit run_migration_undo(const Operator& from, const std::string& id, const MigrationStart& start,
                        const MigrationWait& wait, Output output) {
  const auto budget = budget_us(start);
  if (!budget) return complain(budget.error());
  MoveSource source(from);
  const auto found = look_for(source, id);
  if (!found) return complain(found.error());
  const auto& [migration, whole] = *found;
  if (!has_ended(migration))
    return complain({Code::invalid_state,
                     "migration " + whole + " is still under way: nodedb-cluster migration cancel " + whole});
  if (migration["outcome"].text() != "completed")
    return complain({Code::invalid_state, "migration " + whole +
                                              " was aborted, so there is nothing to undo: "
                                              "nodedb-cluster shard show " +
                                              std::to_string(migration["vshard"].number())});
  MoveWish back;
  back.vshards = {migration["vshard"].number()};
  back.from = migration["target"].number();
  back.to = migration["source"].number();
  const auto placed = source.look({.groups = true});
  if (!placed) return complain(placed.error());
  const auto plan = plan_moves(back, replica_map(*placed));
  if (!plan) return complain(plan.error());
  return carry_out(from, source, *plan, *budget, wait, output);
}

}  // namespace nodedb::app
