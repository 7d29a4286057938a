// SPDX-License-Identifier: Apache-2.0
// Keys whatever they hold: DEL, EXISTS, TYPE, RENAME, COPY, OBJECT.

#include <limits>

#include "kv/errors.h"
#include "kv/executors.h"
#include "kv/numbers.h"

namespace nodedb::kv {

namespace {

/// Redis keeps strings of up to this size inside the object itself.
constexpr std::size_t embedded_bytes_max = 44;
/// As many databases as Redis has by default: numbers past them are refused with another text.
constexpr std::int64_t databases = 16;

Reply rename(Keyspace& keys, const Argv& argv, bool only_absent) {
  const rows::Item* item = keys.find(argv[1]);
  if (item == nullptr) return Reply::error(errors::no_such_key);
  const Reply done = only_absent ? Reply::integer(1) : Reply::ok();
  if (argv[1] == argv[2]) return only_absent ? Reply::integer(0) : done;
  if (keys.contains(argv[2]) && only_absent) return Reply::integer(0);
  keys.put(argv[2], {.value = item->value, .expire_at_ms = item->expire_at_ms, .form = item->form});
  keys.erase(argv[1]);
  return done;
}

struct CopyOptions {
  bool replace = false;
};

Result<CopyOptions> parse_copy(const Argv& argv) {
  CopyOptions options;
  for (std::size_t i = 3; i < argv.size(); ++i) {
    if (same_word(argv[i], "REPLACE")) {
      options.replace = true;
    } else if (same_word(argv[i], "DB") && i + 1 < argv.size()) {
      const auto db = integer_argument(argv[++i]);
      if (!db) return std::unexpected(db.error());
      using Int = std::numeric_limits<int>;
      if (*db < Int::min() || *db > Int::max()) {
        return fail(Code::malformed, "ERR value is out of range, value must between " +
                                         std::to_string(Int::min()) + " and " + std::to_string(Int::max()));
      }
      if (*db < 0 || *db >= databases) return fail(Code::malformed, Bytes(errors::db_range));
      if (*db != 0) return fail(Code::malformed, Bytes(errors::copy_db));
    } else {
      return fail(Code::malformed, Bytes(errors::syntax));
    }
  }
  if (argv[1] == argv[2]) return fail(Code::malformed, Bytes(errors::same_object));
  return options;
}

/// Redis keeps one object for each of these numbers, in use without end.
constexpr std::int64_t shared_integers = 10'000;
constexpr std::int64_t shared_refcount = std::numeric_limits<std::int32_t>::max();

bool shared(const rows::Item& item) {
  if (item.form != rows::Form::natural) return false;
  const auto number = parse_integer(item.value);
  return number && *number >= 0 && *number < shared_integers;
}

Reply object_help() {
  Reply lines = Reply::array();
  for (const std::string_view line : {
           "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
           "ENCODING <key>",
           "    How Redis would keep the value.",
           "FREQ <key>",
           "    Refused: nothing is counted.",
           "REFCOUNT <key>",
           "    How many references Redis would have to the value.",
           "HELP",
           "    Print this help.",
       }) {
    lines.items.push_back(Reply::simple(line));
  }
  return lines;
}

std::string_view encoding(const rows::Item& item) {
  if (item.form == rows::Form::edited) return "raw";
  if (item.form == rows::Form::natural && parse_integer(item.value)) return "int";
  return item.value.size() <= embedded_bytes_max ? "embstr" : "raw";
}

}  // namespace

Reply run_del(Keyspace& keys, const Argv& argv) {
  std::int64_t removed = 0;
  for (std::size_t i = 1; i < argv.size(); ++i) removed += keys.erase(argv[i]) ? 1 : 0;
  return Reply::integer(removed);
}

Reply run_exists(Keyspace& keys, const Argv& argv) {
  std::int64_t found = 0;
  for (std::size_t i = 1; i < argv.size(); ++i) found += keys.contains(argv[i]) ? 1 : 0;
  return Reply::integer(found);
}

Reply run_type(Keyspace& keys, const Argv& argv) {
  return Reply::simple(keys.contains(argv[1]) ? "string" : "none");
}

Reply run_rename(Keyspace& keys, const Argv& argv) {
  return rename(keys, argv, false);
}

Reply run_renamenx(Keyspace& keys, const Argv& argv) {
  return rename(keys, argv, true);
}

Reply run_copy(Keyspace& keys, const Argv& argv) {
  const auto options = parse_copy(argv);
  if (!options) return Reply::error(options.error());
  const rows::Item* item = keys.find(argv[1]);
  if (item == nullptr) return Reply::integer(0);
  if (keys.contains(argv[2]) && !options->replace) return Reply::integer(0);
  keys.put(argv[2], {.value = item->value, .expire_at_ms = item->expire_at_ms, .form = item->form});
  return Reply::integer(1);
}

Result<void> check_copy(const Argv& argv) {
  return verdict(parse_copy(argv));
}

Reply run_object(Keyspace& keys, const Argv& argv) {
  if (const auto checked = check_object(argv); !checked) return Reply::error(checked.error());
  if (argv.size() == 2) return object_help();
  const rows::Item* item = keys.find(argv[2]);
  if (item == nullptr) return Reply::null();
  if (same_word(argv[1], "ENCODING")) return Reply::bulk(Bytes(encoding(*item)));
  if (same_word(argv[1], "REFCOUNT")) return Reply::integer(shared(*item) ? shared_refcount : 1);
  return Reply::error(errors::no_lfu);
}

Result<void> check_object(const Argv& argv) {
  if (argv.size() == 2 && same_word(argv[1], "HELP")) return {};
  for (const std::string_view known : {"encoding", "freq", "refcount"}) {
    Bytes upper(known);
    for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
    if (!same_word(argv[1], upper)) continue;
    if (argv.size() == 3) return {};
    return fail(Code::malformed, wrong_arity_text("object|" + Bytes(known)));
  }
  return fail(Code::malformed,
              "ERR unknown subcommand '" + Bytes(argv[1].substr(0, 128)) + "'. Try OBJECT HELP.");
}

}  // namespace nodedb::kv
