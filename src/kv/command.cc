// SPDX-License-Identifier: Apache-2.0
#include "kv/command.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "kv/errors.h"
#include "kv/executors.h"

namespace nodedb::kv {

namespace {

constexpr std::uint32_t read_slow = flag_readonly;
constexpr std::uint32_t read_fast = flag_readonly | flag_fast;
constexpr std::uint32_t write_slow = flag_write;
constexpr std::uint32_t write_fast = flag_write | flag_fast;
constexpr std::uint32_t grow_slow = flag_write | flag_denyoom;
constexpr std::uint32_t grow_fast = flag_write | flag_denyoom | flag_fast;
constexpr std::string_view string = "@string";
constexpr std::string_view keyspace = "@keyspace";

// Sorted by name. Columns: name, arity, flags, first key, last key, step, category; run; check.
constexpr std::array table{
    Executor{{"append", 3, grow_fast, 1, 1, 1, string}, run_append},
    Executor{{"copy", -3, grow_slow, 1, 2, 1, keyspace}, run_copy, check_copy},
    Executor{{"decr", 2, grow_fast, 1, 1, 1, string}, run_decr},
    Executor{{"decrby", 3, grow_fast, 1, 1, 1, string}, run_decrby, check_decrby},
    Executor{{"del", -2, write_slow, 1, -1, 1, keyspace}, run_del},
    Executor{{"exists", -2, read_fast, 1, -1, 1, keyspace}, run_exists},
    Executor{{"expire", -3, write_fast, 1, 1, 1, keyspace}, run_expire, check_expire},
    Executor{{"expireat", -3, write_fast, 1, 1, 1, keyspace}, run_expireat, check_expireat},
    Executor{{"expiretime", 2, read_fast, 1, 1, 1, keyspace}, run_expiretime},
    Executor{{"get", 2, read_fast, 1, 1, 1, string}, run_get},
    Executor{{"getdel", 2, write_fast, 1, 1, 1, string}, run_getdel},
    Executor{{"getex", -2, write_fast, 1, 1, 1, string}, run_getex, check_getex},
    Executor{{"getrange", 4, read_slow, 1, 1, 1, string}, run_getrange, check_getrange},
    Executor{{"getset", 3, grow_fast, 1, 1, 1, string}, run_getset},
    Executor{{"incr", 2, grow_fast, 1, 1, 1, string}, run_incr},
    Executor{{"incrby", 3, grow_fast, 1, 1, 1, string}, run_incrby, check_incrby},
    Executor{{"incrbyfloat", 3, grow_fast, 1, 1, 1, string}, run_incrbyfloat, check_incrbyfloat},
    Executor{{"lcs", -3, read_slow, 1, 2, 1, string}, run_lcs, check_lcs},
    Executor{{"mget", -2, read_fast, 1, -1, 1, string}, run_mget},
    Executor{{"mset", -3, grow_slow, 1, -1, 2, string}, run_mset, check_mset},
    Executor{{"msetnx", -3, grow_slow, 1, -1, 2, string}, run_msetnx, check_mset},
    Executor{{"object", -2, read_slow, 2, 2, 1, keyspace}, run_object, check_object},
    Executor{{"persist", 2, write_fast, 1, 1, 1, keyspace}, run_persist},
    Executor{{"pexpire", -3, write_fast, 1, 1, 1, keyspace}, run_pexpire, check_pexpire},
    Executor{{"pexpireat", -3, write_fast, 1, 1, 1, keyspace}, run_pexpireat, check_pexpireat},
    Executor{{"pexpiretime", 2, read_fast, 1, 1, 1, keyspace}, run_pexpiretime},
    Executor{{"psetex", 4, grow_slow, 1, 1, 1, string}, run_psetex, check_psetex},
    Executor{{"pttl", 2, read_fast, 1, 1, 1, keyspace}, run_pttl},
    Executor{{"rename", 3, write_slow, 1, 2, 1, keyspace}, run_rename},
    Executor{{"renamenx", 3, write_fast, 1, 2, 1, keyspace}, run_renamenx},
    Executor{{"set", -3, grow_slow, 1, 1, 1, string}, run_set, check_set},
    Executor{{"setex", 4, grow_slow, 1, 1, 1, string}, run_setex, check_setex},
    Executor{{"setnx", 3, grow_fast, 1, 1, 1, string}, run_setnx},
    Executor{{"setrange", 4, grow_slow, 1, 1, 1, string}, run_setrange, check_setrange},
    Executor{{"strlen", 2, read_fast, 1, 1, 1, string}, run_strlen},
    Executor{{"substr", 4, read_slow, 1, 1, 1, string}, run_getrange, check_getrange},
    Executor{{"touch", -2, read_fast, 1, -1, 1, keyspace}, run_exists},
    Executor{{"ttl", 2, read_fast, 1, 1, 1, keyspace}, run_ttl},
    Executor{{"type", 2, read_fast, 1, 1, 1, keyspace}, run_type},
    Executor{{"unlink", -2, write_fast, 1, -1, 1, keyspace}, run_del},
};

constexpr std::array internal_table{
    Executor{{"_countslot", 2, read_slow, 0, 0, 0, keyspace}, run_count_slot, nullptr, true},
    Executor{{"_dbsize", 1, read_fast, 0, 0, 0, keyspace}, run_dbsize},
    Executor{{"_flush", 1, write_slow, 0, 0, 0, keyspace}, run_flush},
    Executor{{"_keys", 2, read_slow, 0, 0, 0, keyspace}, run_keys, nullptr, true},
    Executor{{"_keysinslot", 3, read_slow, 0, 0, 0, keyspace}, run_keys_in_slot, nullptr, true},
    Executor{{"_randomkey", 2, read_slow, 0, 0, 0, keyspace}, run_random_key, nullptr, true},
    Executor{{"_scan", -2, read_slow, 0, 0, 0, keyspace}, run_scan, nullptr, true},
    Executor{{"_watchversion", 2, read_fast, 1, 1, 1, keyspace}, run_watch_version},
};

constexpr std::string_view name_of(const Executor& executor) {
  return executor.spec.name;
}
static_assert(std::ranges::is_sorted(table, {}, name_of));

constexpr auto specs = [] {
  std::array<CommandSpec, table.size()> out;
  std::ranges::transform(table, out.begin(), &Executor::spec);
  return out;
}();

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Where in the table the names of each first letter begin; and, at the end, where the last ones end.
constexpr auto places_by_letter = [] {
  std::array<std::uint8_t, 'z' - 'a' + 2> places{};
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto comes_before = [i](const Executor& one) {
      return one.spec.name.front() < static_cast<char>('a' + i);
    };
    places[i] = static_cast<std::uint8_t>(std::ranges::count_if(table, comes_before));
  }
  return places;
}();

/// The one whose name is `name` in any case.
const Executor* find_among(std::span<const Executor> executors, BytesView name) {
  for (const Executor& one : executors) {
    if (one.spec.name.size() == name.size() && std::ranges::equal(name, one.spec.name, {}, lower))
      return &one;
  }
  return nullptr;
}

const Executor* find_in_table(BytesView name) {
  const char letter = name.empty() ? '\0' : lower(name.front());
  if (letter < 'a' || letter > 'z') return nullptr;
  const auto place = static_cast<std::size_t>(letter - 'a');
  const std::size_t first = places_by_letter[place];
  const std::size_t end = places_by_letter[place + 1];
  return find_among(std::span(table).subspan(first, end - first), name);
}

struct FlagName {
  Flag flag;
  std::string_view name;
};
constexpr std::array names_of_flags{
    FlagName{flag_write, "write"},
    FlagName{flag_readonly, "readonly"},
    FlagName{flag_denyoom, "denyoom"},
    FlagName{flag_admin, "admin"},
    FlagName{flag_pubsub, "pubsub"},
    FlagName{flag_noscript, "noscript"},
    FlagName{flag_blocking, "blocking"},
    FlagName{flag_loading, "loading"},
    FlagName{flag_stale, "stale"},
    FlagName{flag_skip_monitor, "skip_monitor"},
    FlagName{flag_asking, "asking"},
    FlagName{flag_fast, "fast"},
    FlagName{flag_no_auth, "no_auth"},
    FlagName{flag_no_multi, "no_multi"},
    FlagName{flag_movablekeys, "movablekeys"},
    FlagName{flag_allow_busy, "allow_busy"},
};

}  // namespace

const Executor* find_executor(BytesView name) {
  const Executor* found = find_in_table(name);
  return found != nullptr ? found : find_among(internal_table, name);
}

const CommandSpec* find_command(BytesView name) {
  const Executor* found = find_in_table(name);
  return found == nullptr ? nullptr : &found->spec;
}

std::span<const CommandSpec> all_commands() {
  return specs;
}

std::vector<std::string_view> flag_names(const CommandSpec& spec) {
  std::vector<std::string_view> names;
  for (const FlagName& known : names_of_flags) {
    if (spec.is(known.flag)) names.push_back(known.name);
  }
  return names;
}

std::vector<std::string_view> acl_categories(const CommandSpec& spec) {
  std::vector<std::string_view> categories;
  if (spec.category == keyspace) categories.push_back(keyspace);
  if (spec.is(flag_readonly)) categories.push_back("@read");
  if (spec.is(flag_write)) categories.push_back("@write");
  if (spec.category != keyspace && !spec.category.empty()) categories.push_back(spec.category);
  if (spec.is(flag_admin)) categories.push_back("@admin");
  categories.push_back(spec.is(flag_fast) ? "@fast" : "@slow");
  return categories;
}

bool arity_fits(const CommandSpec& spec, std::size_t words) {
  const auto wanted = static_cast<std::size_t>(spec.arity < 0 ? -spec.arity : spec.arity);
  return spec.arity < 0 ? words >= wanted : words == wanted;
}

KeyPlaces key_places(const CommandSpec& spec, std::size_t words) {
  const auto size = static_cast<std::int64_t>(words);
  const std::int64_t last = spec.last_key < 0 ? size + spec.last_key : spec.last_key;
  if (spec.first_key <= 0 || spec.key_step <= 0 || last >= size || spec.first_key > last) return {};
  return {static_cast<std::size_t>(spec.first_key), static_cast<std::size_t>(last) + 1,
          static_cast<std::size_t>(spec.key_step)};
}

std::vector<BytesView> keys_of(const CommandSpec& spec, const Argv& argv) {
  std::vector<BytesView> keys;
  const KeyPlaces places = key_places(spec, argv.size());
  for (std::size_t i = places.first; i < places.end; i += places.step) keys.push_back(argv[i]);
  return keys;
}

Result<std::vector<BytesView>> keys_of(const Argv& argv) {
  const CommandSpec* spec = argv.empty() ? nullptr : find_command(argv[0]);
  if (spec == nullptr) return fail(Code::malformed, unknown_command_text(argv));
  if (!arity_fits(*spec, argv.size())) return fail(Code::malformed, wrong_arity_text(spec->name));
  return keys_of(*spec, argv);
}

Result<void> check(const Executor& executor, const Argv& argv) {
  if (!arity_fits(executor.spec, argv.size())) {
    return fail(Code::malformed, wrong_arity_text(executor.spec.name));
  }
  for (const BytesView word : argv) {
    if (word.size() > limits::value_bytes_max) return fail(Code::too_large, Bytes(errors::string_too_long));
  }
  const KeyPlaces places = key_places(executor.spec, argv.size());
  for (std::size_t i = places.first; i < places.end; i += places.step) {
    if (argv[i].size() > limits::key_bytes_max) return fail(Code::too_large, Bytes(errors::key_too_long));
  }
  return executor.check == nullptr ? Result<void>{} : executor.check(argv);
}

Result<void> check(const Argv& argv) {
  const Executor* executor = argv.empty() ? nullptr : find_in_table(argv[0]);
  if (executor == nullptr) return fail(Code::malformed, unknown_command_text(argv));
  return check(*executor, argv);
}

Bytes unknown_command_text(const Argv& argv) {
  constexpr std::size_t shown_max = 128;
  const BytesView name = argv.empty() ? BytesView() : argv[0];
  Bytes text = "ERR unknown command '" + Bytes(name.substr(0, shown_max)) + "', with args beginning with: ";
  Bytes shown;
  for (std::size_t i = 1; i < argv.size() && shown.size() < shown_max; ++i) {
    shown += "'" + Bytes(argv[i].substr(0, shown_max - shown.size())) + "' ";
  }
  return text + shown;
}

Bytes wrong_arity_text(std::string_view name) {
  return "ERR wrong number of arguments for '" + Bytes(name) + "' command";
}

}  // namespace nodedb::kv
