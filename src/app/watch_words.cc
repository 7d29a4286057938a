// SPDX-License-Identifier: Apache-2.0
#include "app/watch_words.h"

#include "app/debug_commands.h"
#include "app/watch_commands.h"

namespace nodedb::app {

void add_watch(CLI::App& app, OperatorWords& words, WatchWords& watch, Exit& exit) {
  add_operator_command(app, "top", "the cluster on a screen that is drawn anew each second", words)
      ->callback([&] { exit = run_top(words.from, words.kind()); });
  CLI::App* const events = add_operator_command(app, "events", "what has happened, the latest last", words);
  events->add_flag("-f,--follow", watch.follow, "and what happens from now on, until it is interrupted");
  events->callback([&] { exit = run_events(words.from, watch.follow, words.kind()); });

  CLI::App* const debug = app.add_subcommand("debug", "when something is wrong");
  debug->require_subcommand(1);
  CLI::App* const why = add_operator_command(*debug, "why", "what a vShard waits for, and since when", words);
  why->add_option("vshard", words.vshard, "0 to 1023")->required();
  why->callback([&] { exit = run_debug_why(words.from, words.vshard, words.kind()); });
  CLI::App* const dump = add_operator_command(
      *debug, "dump", "all that the nodes say, in a file for a bug report; no secrets", words);
  dump->add_option("--file", watch.file, "to write; default: nodedb-debug-TIME.json");
  dump->callback([&] { exit = run_debug_dump(words.from, watch.file, words.kind()); });
}

}  // namespace nodedb::app
