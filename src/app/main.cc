// SPDX-License-Identifier: Apache-2.0
// The command line of nodedb-cluster: words in, one function called, its exit status out.

#include "app/admin_words.h"
#include "app/cert_command.h"
#include "app/kv_words.h"
#include "app/load_words.h"
#include "app/manual.h"
#include "app/metrics.h"
#include "app/migration_commands.h"
#include "app/offline_words.h"
#include "app/operator_commands.h"
#include "app/operator_words.h"
#include "app/output.h"
#include "app/playground.h"
#include "app/recovery_words.h"
#include "app/rotate_words.h"
#include "app/start_command.h"
#include "app/watch_words.h"

namespace nodedb::app {

namespace {

/// "election_timeout" is --election-timeout; a list is given item by item and reads better in the singular.
std::string flag_of(const OptionSpec& spec) {
  std::string flag = "--";
  for (const char c : spec.name) flag += c == '_' ? '-' : c;
  if (std::holds_alternative<AsTextList>(spec.kind)) flag.pop_back();
  return flag;
}

struct StartWords {
  std::string file;
  std::vector<std::vector<std::string>> values;  ///< by option_specs()
};

void add_start(CLI::App& app, StartWords& words, Exit& exit) {
  CLI::App* const start = app.add_subcommand("start", "run a node");
  start->add_option("--config", words.file, "TOML file; flags and NODEDB_ variables override it")
      ->envname("NODEDB_CONFIG");
  words.values.resize(option_specs().size());
  for (std::size_t i = 0; i < option_specs().size(); ++i) {
    const OptionSpec& spec = option_specs()[i];
    const std::string help(spec.help);
    if (std::holds_alternative<AsFlag>(spec.kind)) {
      start->add_flag_function(
          flag_of(spec) + "{true}",
          [&words, i](std::int64_t count) { words.values[i] = {count > 0 ? "true" : "false"}; }, help);
    } else {
      start->add_option(flag_of(spec), words.values[i], help)
          ->expected(1)
          ->multi_option_policy(std::holds_alternative<AsTextList>(spec.kind)
                                    ? CLI::MultiOptionPolicy::TakeAll
                                    : CLI::MultiOptionPolicy::TakeLast);
    }
  }
  start->callback([&words, &exit] {
    std::vector<Setting> flags;
    for (std::size_t i = 0; i < words.values.size(); ++i) {
      if (words.values[i].empty()) continue;
      const OptionSpec& spec = option_specs()[i];
      flags.push_back({std::string(spec.name), words.values[i], flag_of(spec)});
    }
    exit = run_start(words.file, flags);
  });
}

void add_operators(CLI::App& app, OperatorWords& words, Exit& exit) {
  add_operator_command(app, "init", "form the cluster out of the node's seeds; may be repeated", words)
      ->callback([&] { exit = run_init(words.from, words.kind()); });
  add_operator_command(app, "status", "members, leaders, lag", words)->callback([&] {
    exit = run_status(words.from, words.kind());
  });
  CLI::App* const node = app.add_subcommand("node", "about nodes");
  node->require_subcommand(1);
  CLI::App* const nodes = add_operator_command(*node, "ls", "the members", words);
  nodes->add_flag("--all", words.all, "also those that have been retired");
  nodes->callback([&] { exit = run_node_list(words.from, words.all, words.kind()); });
  CLI::App* const shard = app.add_subcommand("shard", "about vShards");
  shard->require_subcommand(1);
  CLI::App* const show = add_operator_command(*shard, "show", "a vShard's replicas", words);
  show->add_option("vshard", words.vshard, "0 to 1023")->required();
  show->callback([&] { exit = run_shard_show(words.from, words.vshard, words.kind()); });
  CLI::App* const transfer =
      add_operator_command(*shard, "transfer", "hand a vShard's leadership over", words);
  transfer->add_option("vshard", words.vshard, "0 to 1023")->required();
  transfer->add_option("--to", words.to, "number of the node that is to lead")->required();
  transfer->callback([&] { exit = run_shard_transfer(words.from, words.vshard, words.to, words.kind()); });
}

struct MigrationWords {
  MigrationStart start;
  MigrationWait wait;
  std::string id;
};

void add_wait(CLI::App* command, MigrationWait& wait) {
  command->add_flag("--wait", wait.wait, "until it has ended; progress goes to stderr");
  command->add_option("--timeout", wait.timeout, "with --wait: give up waiting after so long; 0: never");
}

void add_migration_start(CLI::App& parent, OperatorWords& words, MigrationWords& migration, Exit& exit) {
  MigrationStart& wish = migration.start;
  CLI::App* const start = add_operator_command(parent, "start", "move replicas of vShards", words);
  CLI::Option* const one = start->add_option("--vshard,--vshards", wish.vshards, "N or A-B, 0 to 1023");
  CLI::Option* const random = start->add_option("--random", wish.random, "so many vShards, chosen at random");
  one->excludes(random);
  start->add_option("--seed", wish.seed, "of the random choice, to make the same one again")->needs(random);
  start->add_option("--from", wish.from, "node that gives its replica away, as 1 or node-1; default: chosen");
  start->add_option("--to", wish.to, "node that takes it; default: chosen so that replicas stay spread");
  start->add_option("--pause-budget", wish.pause_budget, "how long writes may have to wait");
  add_wait(start, migration.wait);
  start->callback(
      [&] { exit = run_migration_start(words.from, migration.start, migration.wait, words.kind()); });
}

void add_migrations(CLI::App& app, OperatorWords& words, MigrationWords& migration, Exit& exit) {
  CLI::App* const parent = app.add_subcommand("migration", "moves of vShards from node to node");
  parent->require_subcommand(1);
  add_migration_start(*parent, words, migration, exit);
  add_operator_command(*parent, "ls", "what is under way", words)->callback([&] {
    exit = run_migration_list(words.from, words.kind());
  });
  add_operator_command(*parent, "history", "what has ended", words)->callback([&] {
    exit = run_migration_history(words.from, words.kind());
  });
  const auto about_one = [&](const char* name, const char* help) {
    CLI::App* const command = add_operator_command(*parent, name, help, words);
    command->add_option("id", migration.id, "of the migration, or how it begins")->required();
    return command;
  };
  about_one("show", "one migration")->callback([&] {
    exit = run_migration_show(words.from, migration.id, words.kind());
  });
  CLI::App* const cancel = about_one("cancel", "undo a migration that has not cut over");
  add_wait(cancel, migration.wait);
  cancel->callback(
      [&] { exit = run_migration_cancel(words.from, migration.id, migration.wait, words.kind()); });
  CLI::App* const undo = about_one("undo", "move back what a migration has moved");
  undo->add_option("--pause-budget", migration.start.pause_budget, "how long writes may have to wait");
  add_wait(undo, migration.wait);
  undo->callback([&] {
    exit = run_migration_undo(words.from, migration.id, migration.start, migration.wait, words.kind());
  });
  CLI::App* const ghost = app.add_subcommand("ghost", "what moved vShards have left behind");
  ghost->require_subcommand(1);
  add_operator_command(*ghost, "ls", "the ghost stubs", words)->callback([&] {
    exit = run_ghost_list(words.from, words.kind());
  });
}

struct CertWords {
  CertCaArguments ca;
  CertNodeArguments node;
  CertClientArguments client;
  std::string file;
};

void add_certs(CLI::App& app, CertWords& words, Exit& exit) {
  CLI::App* const cert = app.add_subcommand("cert", "make and inspect keys and certificates");
  cert->require_subcommand(1);
  CLI::App* const ca = cert->add_subcommand("ca", "a certificate authority, and with it a cluster's UUID");
  ca->add_option("--dir", words.ca.directory, "where ca.crt and ca.key go")->required();
  ca->add_option("--cluster", words.ca.cluster, "UUID; default: a new one");
  ca->callback([&] { exit = run_cert_ca(words.ca); });

  CLI::App* const node = cert->add_subcommand("node", "a node's certificate");
  node->add_option("--ca", words.node.ca_directory, "directory of ca.crt and ca.key")->required();
  node->add_option("--out", words.node.out_directory, "where node.crt, node.key and ca.crt go")->required();
  node->add_option("--node", words.node.node, "UUID; default: a new one");
  node->add_option("--host", words.node.hosts, "DNS names and IP addresses of the node")
      ->expected(1)
      ->take_all();
  node->add_option("--days", words.node.days, "lifetime");
  node->callback([&] { exit = run_cert_node(words.node); });

  CLI::App* const client = cert->add_subcommand("client", "an operator's or a client's certificate");
  client->add_option("--ca", words.client.ca_directory, "directory of ca.crt and ca.key")->required();
  client->add_option("--out", words.client.out_directory, "where client.crt, client.key and ca.crt go")
      ->required();
  client->add_option("--name", words.client.name, "whose it is: letters, digits, . _ -")->required();
  client->add_option("--role", words.client.role, "operator or client")
      ->check(CLI::IsMember({"operator", "client"}));
  client->add_option("--days", words.client.days, "lifetime");
  client->callback([&] { exit = run_cert_client(words.client); });

  CLI::App* const show = cert->add_subcommand("show", "what stands in a certificate");
  show->add_option("file", words.file, "PEM file")->required();
  show->callback([&] { exit = run_cert_show(words.file); });
}

struct PlaygroundWords {
  PlaygroundArguments arguments;
  std::string output = "table";
};

void add_playground(CLI::App& app, PlaygroundWords& words, Exit& exit) {
  CLI::App* const playground = app.add_subcommand("playground", "a local cluster of child processes");
  playground->add_option("--nodes", words.arguments.nodes, "how many form the cluster");
  playground->add_option("--join", words.arguments.join, "how many more join it then");
  playground->add_option("--dir", words.arguments.directory, "where everything is kept")->required();
  playground->add_option("--base-port", words.arguments.base_port,
                         "first of three ports for each node; default: free ones");
  playground->add_option("--rebalance", words.arguments.rebalance, "rebalance.mode, before any node joins")
      ->check(CLI::IsMember({"off", "advise", "auto"}));
  playground->add_flag("--restart", words.arguments.restart, "bring back a node that was killed");
  playground->add_flag("--trace", words.arguments.trace, "each node writes its Raft trace");
  add_output(playground, words.output);
  playground->callback([&] {
    words.arguments.output = words.output == "json" ? Output::json : Output::table;
    exit = run_playground(words.arguments);
  });
}

/// What the command line tells about itself.
void add_manual(CLI::App& app) {
  CLI::App* const completion = app.add_subcommand("completion", "completes commands in a shell: source it");
  completion->require_subcommand(1);
  const auto add = [&](const char* shell, std::string (*text)(const CLI::App&)) {
    completion->add_subcommand(shell, std::string("for ") + shell)->callback([&app, text] {
      print(text(app));
    });
  };
  add("bash", bash_completion);
  add("zsh", zsh_completion);
  add("fish", fish_completion);
  app.add_subcommand("man", "the manual page, nodedb-cluster(1)")->callback([&app] { print(man_page(app)); });
}

int run(int count, char** words) {
  CLI::App app("nodedb-cluster: one sharded, replicated, strongly consistent store for Redis clients");
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 done, 1 refused, 2 usage, 3 unreachable, 4 not formed, 5 credentials, 6 not found,\n"
      "7 try again, 8 not linearizable, 70 storage failed, 73 data directory in use, 74 retired. See "
      "docs/operating.md.");
  Exit exit = Exit::ok;
  StartWords start;
  OperatorWords operators;
  MigrationWords migrations;
  AdminWords admin;
  RecoveryWords recovery;
  CertWords certs;
  RotateWords rotate;
  OfflineWords offline;
  PlaygroundWords playground;
  WatchWords watch;
  KvWords kv;
  LoadWords load;
  add_start(app, start, exit);
  add_operators(app, operators, exit);
  add_migrations(app, operators, migrations, exit);
  add_watch(app, operators, watch, exit);
  add_kv(app, operators, kv, exit);
  add_load(app, load, exit);
  add_admin(app, *app.get_subcommand("node"), operators, admin, exit);
  add_recovery(app, operators, recovery, exit);
  add_certs(app, certs, exit);
  add_rotate(*app.get_subcommand("cert"), operators, rotate, exit);
  add_offline(app, offline, exit);
  add_playground(app, playground, exit);
  add_manual(app);
  CLI::App* const metrics = app.add_subcommand("metrics", "what a node tells at /metrics");
  metrics->require_subcommand(1);
  metrics->add_subcommand("page", "docs/metrics.md")->callback([] { print(metrics_page()); });
  app.add_subcommand("version", "the version")->callback([] {
    print("nodedb-cluster " NODEDB_VERSION "\n");
  });
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : static_cast<int>(Exit::usage);
  }
  return static_cast<int>(exit);
}

}  // namespace

}  // namespace nodedb::app

int main(int count, char** words) {
  return nodedb::app::run(count, words);
}
