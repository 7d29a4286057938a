// SPDX-License-Identifier: Apache-2.0
// When keys end: EXPIRE and its kin, TTL and its kin, PERSIST.

#include <limits>

#include "kv/errors.h"
#include "kv/executors.h"
#include "kv/numbers.h"
#include "kv/set_options.h"

namespace nodedb::kv {

namespace {

/// What tells the four EXPIRE commands apart.
struct ExpireFamily {
  TimeUnit unit;
  bool absolute;
  std::string_view command;
};
constexpr ExpireFamily expire{TimeUnit::seconds, false, "expire"};
constexpr ExpireFamily pexpire{TimeUnit::milliseconds, false, "pexpire"};
constexpr ExpireFamily expireat{TimeUnit::seconds, true, "expireat"};
constexpr ExpireFamily pexpireat{TimeUnit::milliseconds, true, "pexpireat"};

struct Conditions {
  bool only_without = false;  ///< NX
  bool only_with = false;     ///< XX
  bool only_later = false;    ///< GT
  bool only_earlier = false;  ///< LT
};

struct ExpireOptions {
  std::int64_t at_ms = 0;
  Conditions conditions;
};

Result<Conditions> parse_conditions(const Argv& argv) {
  Conditions given;
  for (std::size_t i = 3; i < argv.size(); ++i) {
    if (same_word(argv[i], "NX")) {
      given.only_without = true;
    } else if (same_word(argv[i], "XX")) {
      given.only_with = true;
    } else if (same_word(argv[i], "GT")) {
      given.only_later = true;
    } else if (same_word(argv[i], "LT")) {
      given.only_earlier = true;
    } else {
      return fail(Code::malformed, "ERR Unsupported option " + Bytes(argv[i]));
    }
  }
  if (given.only_without && (given.only_with || given.only_later || given.only_earlier)) {
    return fail(Code::malformed, Bytes(errors::expire_nx_with_others));
  }
  if (given.only_later && given.only_earlier) {
    return fail(Code::malformed, Bytes(errors::expire_gt_with_lt));
  }
  return given;
}

/// Unlike SET's, these times may lie in the past, and even be negative: then the key goes at once.
Result<ExpireOptions> parse(const Argv& argv, const ExpireFamily& family, std::int64_t now_ms) {
  using Limits = std::numeric_limits<std::int64_t>;
  const auto conditions = parse_conditions(argv);
  if (!conditions) return std::unexpected(conditions.error());
  const auto amount = integer_argument(argv[2]);
  if (!amount) return std::unexpected(amount.error());
  const auto invalid = [&] { return fail(Code::malformed, errors::invalid_expire(family.command)); };
  std::int64_t ms = *amount;
  if (family.unit == TimeUnit::seconds) {
    if (ms > Limits::max() / 1000 || ms < Limits::min() / 1000) return invalid();
    ms *= 1000;
  }
  if (!family.absolute && __builtin_add_overflow(ms, now_ms, &ms)) return invalid();
  return ExpireOptions{.at_ms = ms, .conditions = *conditions};
}

/// `old_ms` is 0 for a key without an end, which counts as later than any.
bool allowed(const Conditions& given, std::int64_t old_ms, std::int64_t new_ms) {
  const bool ends = old_ms != 0;
  if (given.only_without && ends) return false;
  if (given.only_with && !ends) return false;
  if (given.only_later && (!ends || new_ms <= old_ms)) return false;
  return !(given.only_earlier && ends && new_ms >= old_ms);
}

Reply set_end(Keyspace& keys, const Argv& argv, const ExpireFamily& family) {
  const auto options = parse(argv, family, keys.now_ms());
  if (!options) return Reply::error(options.error());
  const rows::Item* item = keys.find(argv[1]);
  if (item == nullptr || !allowed(options->conditions, item->expire_at_ms, options->at_ms)) {
    return Reply::integer(0);
  }
  if (options->at_ms <= keys.now_ms()) {
    keys.erase(argv[1]);
  } else {
    keys.put(argv[1], {.value = item->value, .expire_at_ms = options->at_ms, .form = item->form});
  }
  return Reply::integer(1);
}

constexpr std::int64_t to_seconds(std::int64_t ms) {
  return ms / 1000 + (ms % 1000 >= 500 ? 1 : 0);
}

/// The key's end in ms, less `from_ms`; -1 if it has none, -2 if there is no key.
std::int64_t end_ms(Keyspace& keys, BytesView key, std::int64_t from_ms) {
  const auto item = keys.look(key);
  if (!item) return -2;
  return item->expire_at_ms == 0 ? -1 : item->expire_at_ms - from_ms;
}

Reply in_seconds(std::int64_t ms) {
  return Reply::integer(ms < 0 ? ms : to_seconds(ms));
}

}  // namespace

Reply run_expire(Keyspace& keys, const Argv& argv) {
  return set_end(keys, argv, expire);
}

Reply run_pexpire(Keyspace& keys, const Argv& argv) {
  return set_end(keys, argv, pexpire);
}

Reply run_expireat(Keyspace& keys, const Argv& argv) {
  return set_end(keys, argv, expireat);
}

Reply run_pexpireat(Keyspace& keys, const Argv& argv) {
  return set_end(keys, argv, pexpireat);
}

Reply run_ttl(Keyspace& keys, const Argv& argv) {
  return in_seconds(end_ms(keys, argv[1], keys.now_ms()));
}

Reply run_pttl(Keyspace& keys, const Argv& argv) {
  return Reply::integer(end_ms(keys, argv[1], keys.now_ms()));
}

Reply run_expiretime(Keyspace& keys, const Argv& argv) {
  return in_seconds(end_ms(keys, argv[1], 0));
}

Reply run_pexpiretime(Keyspace& keys, const Argv& argv) {
  return Reply::integer(end_ms(keys, argv[1], 0));
}

Reply run_persist(Keyspace& keys, const Argv& argv) {
  const rows::Item* item = keys.find(argv[1]);
  if (item == nullptr || item->expire_at_ms == 0) return Reply::integer(0);
  keys.put(argv[1], {.value = item->value, .form = item->form});
  return Reply::integer(1);
}

Result<void> check_expire(const Argv& argv) {
  return verdict(parse(argv, expire, 0));
}

Result<void> check_pexpire(const Argv& argv) {
  return verdict(parse(argv, pexpire, 0));
}

Result<void> check_expireat(const Argv& argv) {
  return verdict(parse(argv, expireat, 0));
}

Result<void> check_pexpireat(const Argv& argv) {
  return verdict(parse(argv, pexpireat, 0));
}

}  // namespace nodedb::kv
