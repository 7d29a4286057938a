// SPDX-License-Identifier: Apache-2.0
#include "app/admin_words.h"

#include "app/admin_commands.h"
#include "app/output.h"
#include "app/rebalance_commands.h"
#include "base/units.h"

namespace nodedb::app {

namespace {

void add_settings(CLI::App& app, OperatorWords& words, AdminWords& admin, Exit& exit) {
  CLI::App* const settings = app.add_subcommand("settings", "of the cluster, in force on every node at once");
  settings->require_subcommand(1);
  add_operator_command(*settings, "ls", "all of them, with defaults and ranges", words)->callback([&] {
    exit = run_settings_list(words.from, words.kind());
  });
  const auto about_one = [&](const char* name, const char* help) {
    CLI::App* const command = add_operator_command(*settings, name, help, words);
    command->add_option("name", admin.name, "as settings ls shows it")->required();
    return command;
  };
  about_one("get", "one setting")->callback([&] {
    exit = run_settings_get(words.from, admin.name, words.kind());
  });
  CLI::App* const set = about_one("set", "change a setting");
  set->add_option("value", admin.value, "as 5m, 32MiB, 10, on, auto")->required();
  set->callback([&] { exit = run_settings_set(words.from, admin.name, admin.value, words.kind()); });
  about_one("reset", "back to the default")->callback([&] {
    exit = run_settings_set(words.from, admin.name, "", words.kind());
  });
  settings->add_subcommand("page", "docs/settings.md")->callback([] { print(settings_page()); });
}

void add_audit(CLI::App& app, OperatorWords& words, AdminWords& admin, Exit& exit) {
  CLI::App* const audit = app.add_subcommand("audit", "who changed what, and what was refused");
  audit->require_subcommand(1);
  CLI::App* const list = add_operator_command(*audit, "ls", "the log, the latest last", words);
  list->add_option("--last", admin.last, "so many lines; default: all that are kept");
  list->callback([&] { exit = run_audit_list(words.from, admin.last, words.kind()); });
}

void add_tokens(CLI::App& app, OperatorWords& words, AdminWords& admin, Exit& exit) {
  CLI::App* const token =
      app.add_subcommand("token", "lets a new machine in, once: start --join TOKEN@HOST:PORT");
  token->require_subcommand(1);
  CLI::App* const create = add_operator_command(*token, "create", "make one; it is shown only now", words);
  create->add_option("--ttl", admin.ttl, "how long it may be used, as 1h; default: the setting token.ttl");
  create->add_option("--node-name", admin.token.node_name, "the only name that it admits; default: any");
  create->callback([&] {
    if (!admin.ttl.empty()) {
      const auto ttl = parse_duration(admin.ttl);
      if (!ttl) throw CLI::ValidationError("--ttl", ttl.error().detail);
      admin.token.ttl_ns = *ttl;
    }
    exit = run_token_create(words.from, admin.token, words.kind());
  });
  add_operator_command(*token, "ls", "all that are known, without their secrets", words)->callback([&] {
    exit = run_token_list(words.from, words.kind());
  });
  CLI::App* const revoke = add_operator_command(*token, "revoke", "let nobody in by it any more", words);
  revoke->add_option("id", admin.name, "as token ls shows it")->required();
  revoke->callback([&] { exit = run_token_revoke(words.from, admin.name, words.kind()); });
}

void add_wait(CLI::App* command, MemberWish& wish, const char* help) {
  command->add_flag("--wait", wish.wait, help);
  command->add_option("--timeout", wish.timeout, "with --wait: give up waiting after so long; 0: never");
}

void add_members(CLI::App& node, OperatorWords& words, AdminWords& admin, Exit& exit) {
  const auto add = [&](const char* name, const char* help, meta::MemberState wanted) {
    CLI::App* const command = add_operator_command(node, name, help, words);
    command->add_option("id", admin.wish.nodes, "of the nodes, all of them or none")->required();
    command->callback([&words, &admin, &exit, wanted] {
      admin.wish.wanted = wanted;
      exit = run_member_change(words.from, admin.wish, words.kind());
    });
    return command;
  };
  const char* const retired =
      "until it has been retired; progress goes to stderr, Ctrl-C ends the watching only";
  add_wait(
      add("drain", "lead nothing that another node can lead, until undrain", meta::MemberState::draining),
      admin.wish, "until it leads nothing");
  add("undrain", "lead again", meta::MemberState::active);
  add_wait(add("decommission", "move every replica away, then retire for ever", meta::MemberState::leaving),
           admin.wish, retired);
  add("recommission", "stay after all: only before it has been retired", meta::MemberState::active);
  CLI::App* const replace = add_operator_command(
      node, "replace", "move every replica to another node, then retire for ever", words);
  replace->add_option("old", admin.old, "the node that goes; it may be dead")->required();
  replace->add_option("new", admin.wish.successor, "the node that takes its replicas")->required();
  add_wait(replace, admin.wish, retired);
  replace->callback([&] {
    admin.wish.nodes = {admin.old};
    admin.wish.wanted = meta::MemberState::leaving;
    exit = run_member_change(words.from, admin.wish, words.kind());
  });
}

void add_rebalance(CLI::App& app, OperatorWords& words, Exit& exit) {
  CLI::App* const rebalance = app.add_subcommand("rebalance", "where replicas and leaders are to be");
  rebalance->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, Exit (*run)(const Operator&, Output)) {
    add_operator_command(*rebalance, name, help, words)->callback([&words, &exit, run] {
      exit = run(words.from, words.kind());
    });
  };
  add("status", "mode, moves under way, how even the nodes are", run_rebalance_status);
  add("plan", "every step that is to be taken now, and why", run_rebalance_plan);
  add("apply", "take those steps once, whatever rebalance.mode says", run_rebalance_apply);
  CLI::App* const explain =
      add_operator_command(*rebalance, "explain", "why a vShard is moved, or not", words);
  explain->add_option("vshard", words.vshard, "0 to 1023")->required();
  explain->callback([&] { exit = run_rebalance_explain(words.from, words.vshard, words.kind()); });
  add_operator_command(*rebalance, "pause", "begin no move of any kind", words)->callback([&] {
    exit = run_rebalance_pause(words.from, true, words.kind());
  });
  add_operator_command(*rebalance, "resume", "begin moves again", words)->callback([&] {
    exit = run_rebalance_pause(words.from, false, words.kind());
  });
}

}  // namespace

void add_admin(CLI::App& app, CLI::App& node, OperatorWords& words, AdminWords& admin, Exit& exit) {
  add_settings(app, words, admin, exit);
  add_audit(app, words, admin, exit);
  add_tokens(app, words, admin, exit);
  add_members(node, words, admin, exit);
  add_rebalance(app, words, exit);
}

}  // namespace nodedb::app
