// SPDX-License-Identifier: Apache-2.0
#include "app/kv_words.h"

namespace nodedb::app {

namespace {

void add_read(CLI::App* command, ReadWords& read) {
  command->add_option("--level", read.level, "what it may see; lease and linearizable: every write before it")
      ->check(CLI::IsMember({"linearizable", "lease", "bounded", "local"}));
  command->add_option("--max-staleness", read.max_staleness, "with --level bounded: how old, at most");
}

}  // namespace

void add_kv(CLI::App& app, OperatorWords& words, KvWords& kv, Exit& exit) {
  CLI::App* const parent = app.add_subcommand("kv", "keys, without the Redis port");
  parent->require_subcommand(1);
  const auto about_key = [&](const char* name, const char* help) {
    CLI::App* const command = add_operator_command(*parent, name, help, words);
    command->add_option("key", kv.key, "the key")->required();
    return command;
  };
  CLI::App* const get = about_key("get", "a key's value, byte for byte");
  add_read(get, kv.read);
  get->callback([&] { exit = run_kv_get(words.from, kv.key, kv.read, words.kind()); });
  CLI::App* const put = about_key("put", "give a key a value; leaves a line in the audit log");
  put->add_option("value", kv.value, "the value; -: what stdin has")->required();
  put->callback([&] { exit = run_kv_put(words.from, kv.key, kv.value, words.kind()); });
  about_key("del", "take a key away; leaves a line in the audit log")->callback([&] {
    exit = run_kv_delete(words.from, kv.key, words.kind());
  });
  CLI::App* const scan = add_operator_command(*parent, "scan", "the keys, one a line", words);
  scan->add_option("--match", kv.scan.match, "those that this glob matches, as 'user:*'");
  scan->add_option("--prefix", kv.scan.prefix, "those that begin so");
  scan->add_option("--limit", kv.scan.limit, "so many; default: all");
  add_read(scan, kv.read);
  scan->callback([&] { exit = run_kv_scan(words.from, kv.scan, kv.read, words.kind()); });
}

}  // namespace nodedb::app
