// SPDX-License-Identifier: Apache-2.0
// Handlers of COMMAND: the tables of commands, as clients and redis-cli ask for them.

#include <algorithm>

#include "base/check.h"
#include "edge/resp/key_flags.h"
#include "edge/resp/local.h"
#include "edge/resp/words.h"
#include "kv/errors.h"
#include "kv/glob.h"
#include "kv/numbers.h"

namespace nodedb::resp {

namespace {

using kv::Reply;

Reply simple_list(const std::vector<std::string_view>& words) {
  Reply list = Reply::array();
  for (const std::string_view word : words) list.items.push_back(Reply::simple(word));
  return list;
}

Reply info_of(const kv::CommandSpec& spec, std::span<const LocalCommand> subcommands) {
  Reply children = Reply::array();
  for (const LocalCommand& sub : subcommands) children.items.push_back(info_of(sub.spec, {}));
  // Name, arity, flags, first key, last key, step, ACL categories, tips, key specifications, subcommands.
  return Reply::array(
      {Reply::bulk(Bytes(spec.name)), Reply::integer(spec.arity), simple_list(kv::flag_names(spec)),
       Reply::integer(spec.first_key), Reply::integer(spec.last_key), Reply::integer(spec.key_step),
       simple_list(kv::acl_categories(spec)), Reply::array(), Reply::array(), std::move(children)});
}

Reply docs_of(std::string_view summary, std::string_view group) {
  return Reply::map({Reply::bulk("summary"), Reply::bulk(Bytes(summary)), Reply::bulk("since"),
                     Reply::bulk("1.0.0"), Reply::bulk("group"), Reply::bulk(Bytes(group))});
}

struct Found {
  const kv::CommandSpec* spec = nullptr;
  const LocalCommand* local = nullptr;
};

Found find_any(BytesView name) {
  if (const kv::CommandSpec* spec = kv::find_command(name)) return {.spec = spec, .local = nullptr};
  const LocalCommand* local = find_local(name.substr(0, name.find('|')));
  if (local != nullptr && name.find('|') != BytesView::npos) {
    local = find_subcommand(*local, name.substr(name.find('|') + 1));
  }
  return {.spec = local == nullptr ? nullptr : &local->spec, .local = local};
}

Reply info_of(const Found& found) {
  return info_of(*found.spec,
                 found.local == nullptr ? std::span<const LocalCommand>{} : found.local->subcommands);
}

Reply docs_of(const Found& found) {
  if (found.local == nullptr) {
    return docs_of("As in Redis 7.0", data_command_group(*found.spec));
  }
  return docs_of(found.local->summary, "server");
}

std::vector<Found> everything() {
  std::vector<Found> all;
  for (const kv::CommandSpec& spec : kv::all_commands()) all.push_back({.spec = &spec, .local = nullptr});
  for (const LocalCommand& local : local_commands()) all.push_back({.spec = &local.spec, .local = &local});
  return all;
}

}  // namespace

/// HELP of any command with subcommands.
Outcome run_help(Context&, const kv::Argv& argv) {
  const LocalCommand* command = find_local(argv[0]);
  CHECK(command != nullptr);
  const Bytes name = upper(command->spec.name);
  Reply lines = Reply::array();
  const auto say = [&lines](BytesView line) { lines.items.push_back(Reply::simple(line)); };
  say(name + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const LocalCommand& sub : command->subcommands) {
    if (sub.run == run_help) continue;
    say(upper(sub.spec.name.substr(name.size() + 1)));
    say("    " + Bytes(sub.summary) + ".");
  }
  say("HELP");
  say("    Print this help.");
  return lines;
}

Outcome run_command(Context&, const kv::Argv&) {
  Reply all = Reply::array();
  for (const Found& found : everything()) all.items.push_back(info_of(found));
  return all;
}

Outcome run_command_count(Context&, const kv::Argv&) {
  return Reply::integer(static_cast<std::int64_t>(everything().size()));
}

Outcome run_command_info(Context& context, const kv::Argv& argv) {
  if (argv.size() == 2) return run_command(context, argv);
  Reply all = Reply::array();
  for (std::size_t i = 2; i < argv.size(); ++i) {
    const Found found = find_any(argv[i]);
    all.items.push_back(found.spec == nullptr ? Reply::null_array() : info_of(found));
  }
  return all;
}

Outcome run_command_docs(Context&, const kv::Argv& argv) {
  std::vector<Found> asked;
  if (argv.size() == 2) asked = everything();
  for (std::size_t i = 2; i < argv.size(); ++i) {
    if (const Found found = find_any(argv[i]); found.spec != nullptr) asked.push_back(found);
  }
  std::vector<Reply> items;
  for (const Found& found : asked) {
    items.push_back(Reply::bulk(Bytes(found.spec->name)));
    items.push_back(docs_of(found));
  }
  return Reply::map(std::move(items));
}

Outcome run_command_list(Context&, const kv::Argv& argv) {
  const bool filtered = argv.size() == 5 && kv::same_word(argv[2], "FILTERBY");
  if (argv.size() != 2 && !filtered) return Reply::error(kv::errors::syntax);
  const auto by = [&argv, filtered](std::string_view kind) {
    return filtered && kv::same_word(argv[3], kind);
  };
  if (filtered && !by("PATTERN") && !by("ACLCAT") && !by("MODULE")) return Reply::error(kv::errors::syntax);
  Reply names = Reply::array();
  const auto offer = [&](const kv::CommandSpec& spec) {
    if (by("MODULE")) return;
    if (by("PATTERN") && !kv::glob_matches(lower(argv[4]), spec.name)) return;
    if (by("ACLCAT")) {
      const auto categories = kv::acl_categories(spec);
      const Bytes wanted = "@" + lower(argv[4]);
      if (std::find(categories.begin(), categories.end(), wanted) == categories.end()) return;
    }
    names.items.push_back(Reply::bulk(Bytes(spec.name)));
  };
  for (const Found& found : everything()) {
    offer(*found.spec);
    if (found.local == nullptr) continue;
    for (const LocalCommand& sub : found.local->subcommands) offer(sub.spec);
  }
  return names;
}

namespace {

/// The keys of the command that `argv` names from its third word on, each made into a reply by `show`.
template <class Show>
Reply keys_shown(const kv::Argv& argv, Show show) {
  const kv::Argv inner(argv.begin() + 2, argv.end());
  const Found found = find_any(inner[0]);
  if (found.spec == nullptr) return Reply::error("ERR Invalid command specified");
  if (found.spec->first_key == 0) return Reply::error("ERR The command has no key arguments");
  if (!kv::arity_fits(*found.spec, inner.size())) {
    return Reply::error("ERR Invalid number of arguments specified for command");
  }
  Reply keys = Reply::array();
  for (const BytesView key : kv::keys_of(*found.spec, inner)) {
    keys.items.push_back(show(*found.spec, inner, keys.items.size(), key));
  }
  return keys;
}

}  // namespace

Outcome run_command_getkeys(Context&, const kv::Argv& argv) {
  return keys_shown(argv, [](const kv::CommandSpec&, const kv::Argv&, std::size_t, BytesView key) {
    return Reply::bulk(Bytes(key));
  });
}

Outcome run_command_getkeysandflags(Context&, const kv::Argv& argv) {
  return keys_shown(
      argv, [](const kv::CommandSpec& spec, const kv::Argv& inner, std::size_t place, BytesView key) {
        return Reply::array({Reply::bulk(Bytes(key)), simple_list(key_flags(spec, inner, place))});
      });
}

}  // namespace nodedb::resp
