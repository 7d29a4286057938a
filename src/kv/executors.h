// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the commands do. Each `run` reads and changes a Keyspace and answers; each `check` refuses what can be
// refused without data, with the same parser. All are pure and called with an arity that fits (kv/command.h).
// Files by deed: strings, counters, ranges, lcs, expiry, keys, scans.

#include "kv/command.h"
#include "kv/keyspace.h"
#include "kv/reply.h"

namespace nodedb::kv {

using Run = Reply (*)(Keyspace&, const Argv&);
using Check = Result<void> (*)(const Argv&);

struct Executor {
  CommandSpec spec;
  Run run = nullptr;
  Check check = nullptr;    ///< nullptr: nothing beyond the arity
  bool walks_rows = false;  ///< sees stored rows only: not for transactions
};

/// What a parser found wrong, without what it found.
template <class T>
Result<void> verdict(const Result<T>& parsed) {
  if (!parsed) return std::unexpected(parsed.error());
  return {};
}

/// Any command that runs in a vShard, the internal ones included; nullptr if unknown.
const Executor* find_executor(BytesView name);
/// Arity, key and value sizes, then the executor's own check.
Result<void> check(const Executor& executor, const Argv& argv);

// strings
Reply run_get(Keyspace&, const Argv&);
Reply run_set(Keyspace&, const Argv&);
Reply run_setnx(Keyspace&, const Argv&);
Reply run_setex(Keyspace&, const Argv&);
Reply run_psetex(Keyspace&, const Argv&);
Reply run_getset(Keyspace&, const Argv&);
Reply run_getdel(Keyspace&, const Argv&);
Reply run_getex(Keyspace&, const Argv&);
Reply run_mget(Keyspace&, const Argv&);
Reply run_mset(Keyspace&, const Argv&);
Reply run_msetnx(Keyspace&, const Argv&);
Result<void> check_set(const Argv&);
Result<void> check_setex(const Argv&);
Result<void> check_psetex(const Argv&);
Result<void> check_getex(const Argv&);
Result<void> check_mset(const Argv&);

// counters
Reply run_incr(Keyspace&, const Argv&);
Reply run_decr(Keyspace&, const Argv&);
Reply run_incrby(Keyspace&, const Argv&);
Reply run_decrby(Keyspace&, const Argv&);
Reply run_incrbyfloat(Keyspace&, const Argv&);
Result<void> check_incrby(const Argv&);
Result<void> check_decrby(const Argv&);
Result<void> check_incrbyfloat(const Argv&);

// ranges
Reply run_append(Keyspace&, const Argv&);
Reply run_strlen(Keyspace&, const Argv&);
Reply run_getrange(Keyspace&, const Argv&);
Reply run_setrange(Keyspace&, const Argv&);
Result<void> check_getrange(const Argv&);
Result<void> check_setrange(const Argv&);

// lcs
Reply run_lcs(Keyspace&, const Argv&);
Result<void> check_lcs(const Argv&);

// expiry
Reply run_expire(Keyspace&, const Argv&);
Reply run_pexpire(Keyspace&, const Argv&);
Reply run_expireat(Keyspace&, const Argv&);
Reply run_pexpireat(Keyspace&, const Argv&);
Reply run_ttl(Keyspace&, const Argv&);
Reply run_pttl(Keyspace&, const Argv&);
Reply run_expiretime(Keyspace&, const Argv&);
Reply run_pexpiretime(Keyspace&, const Argv&);
Reply run_persist(Keyspace&, const Argv&);
Result<void> check_expire(const Argv&);
Result<void> check_pexpire(const Argv&);
Result<void> check_expireat(const Argv&);
Result<void> check_pexpireat(const Argv&);

// keys
Reply run_del(Keyspace&, const Argv&);
Reply run_exists(Keyspace&, const Argv&);
Reply run_type(Keyspace&, const Argv&);
Reply run_rename(Keyspace&, const Argv&);
Reply run_renamenx(Keyspace&, const Argv&);
Reply run_copy(Keyspace&, const Argv&);
Reply run_object(Keyspace&, const Argv&);
Result<void> check_copy(const Argv&);
Result<void> check_object(const Argv&);

// scans and the rest of kv/internal.h
Reply run_scan(Keyspace&, const Argv&);
Reply run_keys(Keyspace&, const Argv&);
Reply run_dbsize(Keyspace&, const Argv&);
Reply run_random_key(Keyspace&, const Argv&);
Reply run_count_slot(Keyspace&, const Argv&);
Reply run_keys_in_slot(Keyspace&, const Argv&);
Reply run_watch_version(Keyspace&, const Argv&);
Reply run_flush(Keyspace&, const Argv&);

}  // namespace nodedb::kv
