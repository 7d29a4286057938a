// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/chaos/workload.h"

#include "edge/base/clock.h"
#include "tests/e2e/support/cluster.h"

namespace nodedb::e2e {

namespace {

constexpr int patience_ms = 12'000;

std::int64_t now_ns() {
  return edge::monotonic_time().ns;
}

/// Counters hold numbers and text keys hold text, so that every operation makes sense on its key.
bool is_counter(std::uint64_t number) {
  return number % 6 == 5;
}

}  // namespace

std::string key_name(std::uint64_t round, std::uint64_t number) {
  const std::string tag = number < 10 ? std::to_string(number) : "shared" + std::to_string(number % 3);
  return "r" + std::to_string(round) + "{" + tag + "}" + std::to_string(number);
}

void Workload::run() {
  while (!stage_.over) {
    if (!connect()) {
      sleep_ms(20);
      continue;
    }
    operate();
    // Now and then through another node.
    if (rng_.chance(0.02)) redis_.reset();
  }
}

bool Workload::connect() {
  if (redis_ && redis_->connected()) return true;
  redis_ = std::make_unique<Redis>(stage_.ports[rng_.below(stage_.ports.size())], patience_ms);
  return redis_->connected();
}

void Workload::operate() {
  const std::uint64_t number = rng_.below(keys_per_round);
  const std::string key = key_name(stage_.round, number);
  const std::uint64_t draw = rng_.below(100);
  bool ignored = false;
  if (draw < 35) {
    get(key, ignored);
  } else if (is_counter(number)) {
    increment(key);
  } else if (draw < 70) {
    put(key);
  } else if (draw < 80) {
    append(key);
  } else if (draw < 87) {
    remove(key);
  } else {
    compare_and_set(key);
  }
}

history::Operation Workload::begin(history::Op op, const std::string& key) const {
  history::Operation operation;
  operation.client = client_;
  operation.op = op;
  operation.key = key;
  operation.call_ns = now_ns();
  return operation;
}

void Workload::succeed(history::Operation operation) {
  operation.status = history::Status::ok;
  operation.return_ns = now_ns();
  if (operation.op != history::Op::get) ++stage_.acknowledged;
  history_.push_back(std::move(operation));
}

void Workload::conclude(history::Operation operation, const Answer& answer) {
  // docs/redis.md: TIMEOUT is the one error that leaves the outcome open.
  const bool unknown = answer.kind == Answer::Kind::lost || answer.text.starts_with("TIMEOUT");
  operation.status =
      unknown && operation.op != history::Op::get ? history::Status::info : history::Status::fail;
  operation.return_ns = now_ns();
  const bool renamed = operation.status == history::Status::info;
  history_.push_back(std::move(operation));
  if (renamed) rename();
  redis_.reset();
  sleep_ms(static_cast<int>(rng_.below(20)));
}

std::optional<std::string> Workload::get(const std::string& key, bool& failed) {
  history::Operation operation = begin(history::Op::get, key);
  const Answer answer = redis_->command({"GET", key});
  failed = answer.kind != Answer::Kind::text && answer.kind != Answer::Kind::nil;
  if (failed) {
    conclude(std::move(operation), answer);
    return std::nullopt;
  }
  if (answer.kind == Answer::Kind::text) operation.read = answer.text;
  const auto seen = operation.read;
  succeed(std::move(operation));
  return seen;
}

void Workload::put(const std::string& key) {
  history::Operation operation = begin(history::Op::put, key);
  operation.value = unique_value();
  const Answer answer = redis_->command({"SET", key, operation.value});
  answer.is("OK") ? succeed(std::move(operation)) : conclude(std::move(operation), answer);
}

void Workload::increment(const std::string& key) {
  history::Operation operation = begin(history::Op::incr, key);
  const Answer answer = redis_->command({"INCR", key});
  operation.number = answer.number;
  answer.kind == Answer::Kind::number ? succeed(std::move(operation))
                                      : conclude(std::move(operation), answer);
}

void Workload::append(const std::string& key) {
  history::Operation operation = begin(history::Op::append, key);
  operation.value = unique_value();
  const Answer answer = redis_->command({"APPEND", key, operation.value});
  operation.number = answer.number;
  answer.kind == Answer::Kind::number ? succeed(std::move(operation))
                                      : conclude(std::move(operation), answer);
}

void Workload::remove(const std::string& key) {
  history::Operation operation = begin(history::Op::del, key);
  const Answer answer = redis_->command({"DEL", key});
  operation.number = answer.number;
  answer.kind == Answer::Kind::number ? succeed(std::move(operation))
                                      : conclude(std::move(operation), answer);
}

/// By WATCH, GET, MULTI, SET, EXEC. An aborted EXEC did nothing, and says nothing of the value: the key may
/// have changed between WATCH and GET.
void Workload::compare_and_set(const std::string& key) {
  if (!redis_->command({"WATCH", key}).is("OK")) return redis_.reset();
  bool failed = false;
  const auto seen = get(key, failed);
  if (failed) return;
  if (!seen || !redis_->command({"MULTI"}).is("OK")) return redis_.reset();
  history::Operation operation = begin(history::Op::cas, key);
  operation.expect = *seen;
  operation.value = unique_value();
  if (!redis_->command({"SET", key, operation.value}).is("QUEUED")) return redis_.reset();
  const Answer answer = redis_->command({"EXEC"});
  const bool swapped =
      answer.kind == Answer::Kind::list && answer.list.size() == 1 && answer.list[0].is("OK");
  operation.swapped = swapped;
  if (swapped) return succeed(std::move(operation));
  if (answer.kind != Answer::Kind::nil) return conclude(std::move(operation), answer);
  operation.status = history::Status::fail;
  operation.return_ns = now_ns();
  history_.push_back(std::move(operation));
}

bool Workload::read_finally(const std::string& key) {
  for (int attempt = 0; attempt < 3'000; ++attempt) {
    bool failed = true;
    if (connect()) get(key, failed);
    if (!failed) return true;
    sleep_ms(20);
  }
  return false;
}

}  // namespace nodedb::e2e
