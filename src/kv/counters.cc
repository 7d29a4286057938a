// SPDX-License-Identifier: Apache-2.0
// Values as numbers: INCR and its kin. They keep the key's expiry.

#include <cmath>
#include <limits>

#include "kv/errors.h"
#include "kv/executors.h"
#include "kv/numbers.h"

namespace nodedb::kv {

namespace {

Reply add(Keyspace& keys, BytesView key, std::int64_t delta) {
  const rows::Item* item = keys.find(key);
  const auto old = item == nullptr ? Result<std::int64_t>(0) : integer_argument(item->value);
  if (!old) return Reply::error(old.error());
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*old, delta, &sum)) return Reply::error(errors::increment_overflow);
  keys.put(key, {.value = std::to_string(sum), .expire_at_ms = item == nullptr ? 0 : item->expire_at_ms});
  return Reply::integer(sum);
}

/// DECRBY's amount turned round. Errors: malformed.
Result<std::int64_t> negated(BytesView text) {
  const auto amount = integer_argument(text);
  if (!amount) return amount;
  if (*amount == std::numeric_limits<std::int64_t>::min()) {
    return fail(Code::malformed, Bytes(errors::decrement_overflow));
  }
  return -*amount;
}

}  // namespace

Reply run_incr(Keyspace& keys, const Argv& argv) {
  return add(keys, argv[1], 1);
}

Reply run_decr(Keyspace& keys, const Argv& argv) {
  return add(keys, argv[1], -1);
}

Reply run_incrby(Keyspace& keys, const Argv& argv) {
  const auto amount = integer_argument(argv[2]);
  return amount ? add(keys, argv[1], *amount) : Reply::error(amount.error());
}

Reply run_decrby(Keyspace& keys, const Argv& argv) {
  const auto amount = negated(argv[2]);
  return amount ? add(keys, argv[1], *amount) : Reply::error(amount.error());
}

Reply run_incrbyfloat(Keyspace& keys, const Argv& argv) {
  const rows::Item* item = keys.find(argv[1]);
  const auto old = item == nullptr ? Result<long double>(0.0L) : real_argument(item->value);
  if (!old) return Reply::error(old.error());
  const auto amount = real_argument(argv[2]);
  if (!amount) return Reply::error(amount.error());
  const long double sum = *old + *amount;
  if (!std::isfinite(sum)) return Reply::error(errors::not_finite);
  Bytes text = format_real(sum);
  const std::int64_t expire = item == nullptr ? 0 : item->expire_at_ms;
  keys.put(argv[1], {.value = text, .expire_at_ms = expire, .form = rows::Form::text});
  return Reply::bulk(std::move(text));
}

Result<void> check_incrby(const Argv& argv) {
  return verdict(integer_argument(argv[2]));
}

Result<void> check_decrby(const Argv& argv) {
  return verdict(negated(argv[2]));
}

Result<void> check_incrbyfloat(const Argv& argv) {
  return verdict(real_argument(argv[2]));
}

}  // namespace nodedb::kv
