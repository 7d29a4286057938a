// SPDX-License-Identifier: Apache-2.0
// Whole values: GET, SET and their kin.

#include "base/limits.h"
#include "kv/errors.h"
#include "kv/executors.h"
#include "kv/set_options.h"

namespace nodedb::kv {

namespace {

Reply value_or_null(const rows::Item* item) {
  return item == nullptr ? Reply::null() : Reply::bulk(Bytes(item->value));
}

Reply set_for(Keyspace& keys, const Argv& argv, TimeUnit unit, std::string_view command) {
  const auto expire = expire_at_ms(TimeArgument{.amount = argv[2], .unit = unit}, keys.now_ms(), command);
  if (!expire) return Reply::error(expire.error());
  keys.put(argv[1], {.value = argv[3], .expire_at_ms = *expire});
  return Reply::ok();
}

Result<void> check_time(const TimeArgument& time, std::string_view command) {
  // Without a clock only what no time could make valid is refused; the entry's stamp decides the rest.
  return verdict(expire_at_ms(time, 0, command));
}

void put_pairs(Keyspace& keys, const Argv& argv) {
  for (std::size_t i = 1; i + 1 < argv.size(); i += 2) keys.put(argv[i], {.value = argv[i + 1]});
}

}  // namespace

Reply run_get(Keyspace& keys, const Argv& argv) {
  return value_or_null(keys.find(argv[1]));
}

Reply run_set(Keyspace& keys, const Argv& argv) {
  const auto options = parse_set_options(argv);
  if (!options) return Reply::error(options.error());
  std::int64_t expire = 0;
  if (options->expiry) {
    const auto at = expire_at_ms(*options->expiry, keys.now_ms(), "set");
    if (!at) return Reply::error(at.error());
    expire = *at;
  }
  Reply reply = options->get ? value_or_null(keys.find(argv[1])) : Reply::ok();
  const auto old = keys.look(argv[1]);
  const bool refused = old ? options->only_absent : options->only_present;
  if (refused) return options->get ? reply : Reply::null();
  if (options->keep_ttl && old) expire = old->expire_at_ms;
  keys.put(argv[1], {.value = argv[2], .expire_at_ms = expire});
  return reply;
}

Result<void> check_set(const Argv& argv) {
  const auto options = parse_set_options(argv);
  if (!options) return std::unexpected(options.error());
  return options->expiry ? check_time(*options->expiry, "set") : Result<void>{};
}

Reply run_setnx(Keyspace& keys, const Argv& argv) {
  if (keys.contains(argv[1])) return Reply::integer(0);
  keys.put(argv[1], {.value = argv[2]});
  return Reply::integer(1);
}

Reply run_setex(Keyspace& keys, const Argv& argv) {
  return set_for(keys, argv, TimeUnit::seconds, "setex");
}

Reply run_psetex(Keyspace& keys, const Argv& argv) {
  return set_for(keys, argv, TimeUnit::milliseconds, "psetex");
}

Result<void> check_setex(const Argv& argv) {
  return check_time({.amount = argv[2], .unit = TimeUnit::seconds}, "setex");
}

Result<void> check_psetex(const Argv& argv) {
  return check_time({.amount = argv[2], .unit = TimeUnit::milliseconds}, "psetex");
}

Reply run_getset(Keyspace& keys, const Argv& argv) {
  Reply old = value_or_null(keys.find(argv[1]));
  keys.put(argv[1], {.value = argv[2]});
  return old;
}

Reply run_getdel(Keyspace& keys, const Argv& argv) {
  Reply old = value_or_null(keys.find(argv[1]));
  keys.erase(argv[1]);
  return old;
}

Reply run_getex(Keyspace& keys, const Argv& argv) {
  const auto options = parse_getex_options(argv);
  if (!options) return Reply::error(options.error());
  const rows::Item* item = keys.find(argv[1]);
  if (item == nullptr) return Reply::null();
  std::int64_t expire = item->expire_at_ms;
  if (options->persist) expire = 0;
  if (options->expiry) {
    // Redis looks at the time only once the key is there.
    const auto at = expire_at_ms(*options->expiry, keys.now_ms(), "getex");
    if (!at) return Reply::error(at.error());
    expire = *at;
  }
  Reply reply = value_or_null(item);
  if (expire != item->expire_at_ms) {
    keys.put(argv[1], {.value = item->value, .expire_at_ms = expire, .form = item->form});
  }
  return reply;
}

Result<void> check_getex(const Argv& argv) {
  return verdict(parse_getex_options(argv));
}

Reply run_mget(Keyspace& keys, const Argv& argv) {
  Reply reply = Reply::array();
  reply.items.reserve(argv.size() - 1);
  std::size_t bytes = 0;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    reply.items.push_back(value_or_null(keys.find(argv[i])));
    bytes += reply.items.back().text.size();
    if (bytes > limits::reply_bytes_max) return Reply::error(errors::reply_too_large);
  }
  return reply;
}

Reply run_mset(Keyspace& keys, const Argv& argv) {
  if (const auto checked = check_mset(argv); !checked) return Reply::error(checked.error());
  put_pairs(keys, argv);
  return Reply::ok();
}

Reply run_msetnx(Keyspace& keys, const Argv& argv) {
  if (const auto checked = check_mset(argv); !checked) return Reply::error(checked.error());
  for (std::size_t i = 1; i < argv.size(); i += 2) {
    if (keys.contains(argv[i])) return Reply::integer(0);
  }
  put_pairs(keys, argv);
  return Reply::integer(1);
}

Result<void> check_mset(const Argv& argv) {
  if (argv.size() % 2 == 1) return {};
  return fail(Code::malformed, wrong_arity_text(find_command(argv[0])->name));
}

}  // namespace nodedb::kv
