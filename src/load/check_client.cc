// SPDX-License-Identifier: Apache-2.0
#include "load/check_client.h"

#include <chrono>
#include <thread>

#include "edge/base/clock.h"
#include "load/reply.h"

namespace nodedb::load {

namespace {

using history::Op;
using history::Status;

/// Longer than a node takes to say that it does not know.
constexpr std::int64_t patience_ns = 12 * ns_per_s;
constexpr std::int64_t final_patience_ns = 60 * ns_per_s;

void pause_ms(std::uint64_t ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

/// Counters hold numbers and text keys hold text, so that every operation makes sense on its key.
bool is_counter(std::uint64_t number) {
  return number % 6 == 5;
}

bool is_ok(const Result<kv::Reply>& answer) {
  return answer && answer->kind == kv::Reply::Kind::simple && answer->text == "OK";
}

bool is(const Result<kv::Reply>& answer, kv::Reply::Kind kind) {
  return answer && answer->kind == kind;
}

}  // namespace

std::string key_name(const CheckStage& stage, std::uint64_t round, std::uint64_t number) {
  const std::string tag = number < 10 ? std::to_string(number) : "shared" + std::to_string(number % 3);
  return stage.name + ":r" + std::to_string(round) + "{" + stage.name + tag + "}" + std::to_string(number);
}

std::vector<std::string> keys_until(const CheckStage& stage, std::uint64_t rounds) {
  std::vector<std::string> keys;
  for (std::uint64_t round = 0; round < rounds; ++round)
    for (std::uint64_t number = 0; number < stage.keys_per_round; ++number)
      keys.push_back(key_name(stage, round, number));
  return keys;
}

void CheckClient::run() {
  while (!stage_.over) {
    if (!connect()) {
      pause_ms(20);
      continue;
    }
    operate();
    // Now and then through another node.
    if (rng_.chance(0.02)) redis_.reset();
  }
}

bool CheckClient::connect() {
  if (redis_ && redis_->connected()) return true;
  const std::vector<Server>& servers = stage_.access.servers;
  redis_ = std::make_unique<RedisClient>(servers[rng_.below(servers.size())], stage_.access, patience_ns);
  return redis_->connected();
}

void CheckClient::operate() {
  const std::uint64_t number = rng_.below(stage_.keys_per_round);
  const std::string key = key_name(stage_, stage_.round, number);
  const std::uint64_t draw = rng_.below(100);
  bool ignored = false;
  if (draw < 35) {
    get(key, ignored);
  } else if (is_counter(number)) {
    count(begin(Op::incr, key), {"INCR", key});
  } else if (draw < 70) {
    put(key);
  } else if (draw < 80) {
    history::Operation operation = begin(Op::append, key);
    operation.value = unique_value();
    const std::string value = operation.value;
    count(std::move(operation), {"APPEND", key, value});
  } else if (draw < 87) {
    count(begin(Op::del, key), {"DEL", key});
  } else {
    compare_and_set(key);
  }
}

history::Operation CheckClient::begin(Op op, const std::string& key) const {
  history::Operation operation;
  operation.client = client_;
  operation.op = op;
  operation.key = key;
  operation.call_ns = edge::monotonic_time().ns;
  return operation;
}

void CheckClient::record(history::Operation operation) {
  history_.push_back(std::move(operation));
  ++stage_.operations;
}

void CheckClient::succeed(history::Operation operation) {
  operation.status = Status::ok;
  operation.return_ns = edge::monotonic_time().ns;
  if (operation.op != Op::get) ++stage_.acknowledged;
  record(std::move(operation));
}

void CheckClient::conclude(history::Operation operation, const Result<kv::Reply>& answer) {
  // docs/redis.md: TIMEOUT is the one error that leaves the outcome open.
  const std::string code = !answer ? "DISCONNECTED" : answer->is_error() ? error_code(*answer) : "UNEXPECTED";
  ++codes_[code];
  const bool unknown = code == "DISCONNECTED" || code == "TIMEOUT";
  operation.status = unknown && operation.op != Op::get ? Status::info : Status::fail;
  operation.return_ns = edge::monotonic_time().ns;
  const bool renamed = operation.status == Status::info;
  record(std::move(operation));
  if (renamed) rename();
  redis_.reset();
  pause_ms(rng_.below(20));
}

std::optional<std::string> CheckClient::get(const std::string& key, bool& failed) {
  history::Operation operation = begin(Op::get, key);
  const auto answer = redis_->command({"GET", key});
  failed = !is(answer, kv::Reply::Kind::bulk) && !is(answer, kv::Reply::Kind::null);
  if (failed) {
    conclude(std::move(operation), answer);
    return std::nullopt;
  }
  if (answer->kind == kv::Reply::Kind::bulk) operation.read = answer->text;
  const auto seen = operation.read;
  succeed(std::move(operation));
  return seen;
}

void CheckClient::put(const std::string& key) {
  history::Operation operation = begin(Op::put, key);
  operation.value = unique_value();
  const auto answer = redis_->command({"SET", key, operation.value});
  is_ok(answer) ? succeed(std::move(operation)) : conclude(std::move(operation), answer);
}

void CheckClient::count(history::Operation operation, std::initializer_list<BytesView> words) {
  const auto answer = redis_->command(words);
  if (!is(answer, kv::Reply::Kind::integer)) return conclude(std::move(operation), answer);
  operation.number = answer->number;
  succeed(std::move(operation));
}

/// By WATCH, GET, MULTI, SET, EXEC. An aborted EXEC did nothing, and says nothing of the value: the key may
/// have changed between WATCH and GET.
void CheckClient::compare_and_set(const std::string& key) {
  if (!is_ok(redis_->command({"WATCH", key}))) return redis_.reset();
  bool failed = false;
  const auto seen = get(key, failed);
  if (failed) return;
  if (!seen || !is_ok(redis_->command({"MULTI"}))) return redis_.reset();
  history::Operation operation = begin(Op::cas, key);
  operation.expect = *seen;
  operation.value = unique_value();
  const auto queued = redis_->command({"SET", key, operation.value});
  if (!is(queued, kv::Reply::Kind::simple) || queued->text != "QUEUED") return redis_.reset();
  const auto answer = redis_->command({"EXEC"});
  operation.swapped =
      is(answer, kv::Reply::Kind::array) && answer->items.size() == 1 && answer->items[0] == kv::Reply::ok();
  if (operation.swapped) return succeed(std::move(operation));
  if (!is(answer, kv::Reply::Kind::null_array)) return conclude(std::move(operation), answer);
  operation.status = Status::fail;
  operation.return_ns = edge::monotonic_time().ns;
  record(std::move(operation));
}

bool CheckClient::read_finally(const std::string& key) {
  for (const std::int64_t until = edge::monotonic_time().ns + final_patience_ns;
       edge::monotonic_time().ns < until; pause_ms(20)) {
    bool failed = true;
    if (connect()) get(key, failed);
    if (!failed) return true;
  }
  return false;
}

bool CheckClient::remove_finally(const std::string& key) {
  for (const std::int64_t until = edge::monotonic_time().ns + final_patience_ns;
       edge::monotonic_time().ns < until; pause_ms(20)) {
    if (connect() && is(redis_->command({"DEL", key}), kv::Reply::Kind::integer)) return true;
    redis_.reset();
  }
  return false;
}

}  // namespace nodedb::load
