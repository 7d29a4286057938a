// SPDX-License-Identifier: Apache-2.0
#include "app/offline_words.h"

#include "app/catalog_command.h"
#include "app/operator_words.h"

namespace nodedb::app {

void add_offline(CLI::App& app, OfflineWords& words, Exit& exit) {
  const auto add = [&](CLI::App& parent, const char* name, const char* help) {
    CLI::App* const command = parent.add_subcommand(name, help);
    command->add_option("--data", words.arguments.data, "the node's data directory")->required();
    add_output(command, words.output);
    return command;
  };
  CLI::App* const wal = app.add_subcommand("wal", "a look at a stopped node's Raft log");
  wal->require_subcommand(1);
  add(*wal, "check", "read it all, as a start would")->callback([&] {
    exit = run_wal_check(words.arguments, words.kind());
  });
  CLI::App* const dump = add(*wal, "dump", "what stands in it, record by record");
  dump->add_option("--vshard", words.arguments.vshard, "of this one only");
  dump->callback([&] { exit = run_wal_dump(words.arguments, words.kind()); });

  CLI::App* const catalog = app.add_subcommand("catalog", "what a stopped node knows of the cluster");
  catalog->require_subcommand(1);
  add(*catalog, "dump", "members, placement, moves, settings, tokens, audit log; no secrets")->callback([&] {
    exit = run_catalog_dump(words.arguments.data, words.kind());
  });
}

}  // namespace nodedb::app
