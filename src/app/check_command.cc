// SPDX-License-Identifier: Apache-2.0
#include "app/check_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <set>
#include <thread>

#include "app/interrupt.h"
#include "app/random.h"
#include "app/table.h"
#include "base/units.h"
#include "edge/base/clock.h"
#include "history/smallest_part.h"
#include "load/check_crowd.h"

namespace nodedb::app {

namespace {

using history::Judgement;
using history::Op;
using history::Operation;
using history::Status;

constexpr std::uint64_t check_clients_max = 256;
constexpr std::uint64_t check_keys_max = 1'000;
/// What is kept in memory until it is judged.
constexpr std::uint64_t operations_max = 1'000'000;
/// Keys are judged one by one, and the search takes longer the more happens on one.
constexpr std::int64_t round_ns = ns_per_s;
constexpr std::int64_t nap_ns = 50 * ns_per_ms;

std::size_t count(const history::History& history, Status status) {
  return static_cast<std::size_t>(std::ranges::count(history, status, &Operation::status));
}

std::size_t keys_in(const history::History& history) {
  std::set<std::string> keys;
  for (const Operation& operation : history) keys.insert(operation.key);
  return keys.size();
}

std::string asked_text(const Operation& o) {
  switch (o.op) {
    case Op::get:
      return "get";
    case Op::put:
      return "put " + o.value;
    case Op::cas:
      return "if it is " + o.expect + ": put " + o.value;
    case Op::incr:
      return "increment";
    case Op::del:
      return "delete";
    case Op::append:
      return "append " + o.value;
  }
  return "";
}

std::string answer_text(const Operation& o) {
  if (o.status != Status::ok) return "not known";
  switch (o.op) {
    case Op::get:
      return o.read ? *o.read : "no such key";
    case Op::put:
      return "done";
    case Op::cas:
      return o.swapped ? "done" : "it is not";
    case Op::incr:
    case Op::append:
    case Op::del:
      return std::to_string(o.number);
  }
  return "";
}

/// Times from the first of them on.
std::string witness_text(const history::History& witness) {
  const auto first = std::ranges::min_element(witness, {}, &Operation::call_ns);
  if (first == witness.end()) return "";
  Table table({"FROM-MS", "TO-MS", "CLIENT", "ASKED", "ANSWERED"});
  const auto ms = [&](std::int64_t at) { return fixed(static_cast<double>(at - first->call_ns) / 1e6, 3); };
  for (const Operation& o : witness) {
    table.add({ms(o.call_ns), o.status == Status::ok ? ms(o.return_ns) : "-", std::to_string(o.client),
               asked_text(o), answer_text(o)});
  }
  return table.text();
}

BytesView name_of(Judgement::Kind kind) {
  switch (kind) {
    case Judgement::Kind::linearizable:
      return "linearizable";
    case Judgement::Kind::violated:
      return "violated";
    case Judgement::Kind::undecided:
      return "undecided";
  }
  return "";
}

Result<std::int64_t> judge_words(const CheckWords& words) {
  if (words.clients < 1 || words.clients > check_clients_max)
    return fail(Code::malformed, "--clients: must be from 1 to " + std::to_string(check_clients_max));
  if (words.keys < 1 || words.keys > check_keys_max)
    return fail(Code::malformed, "--keys: must be from 1 to " + std::to_string(check_keys_max));
  const auto duration = parse_duration(words.duration);
  if (!duration) return fail(duration.error().code, "--duration: " + duration.error().detail);
  return duration;
}

/// A round after the other until the time is over. The number of rounds that were begun.
std::uint64_t play(load::CheckStage& stage, std::int64_t duration_ns) {
  const std::int64_t begin = edge::monotonic_time().ns;
  std::uint64_t before = 0;
  while (!Interrupt::came() && stage.operations < operations_max) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(nap_ns, duration_ns)));
    const std::int64_t elapsed = edge::monotonic_time().ns - begin;
    if (elapsed >= duration_ns) break;
    const auto round = static_cast<std::uint64_t>(elapsed / round_ns);
    if (round == stage.round) continue;
    stage.round = round;
    const std::uint64_t now = stage.operations;
    std::cerr << round << " s: " << now - std::exchange(before, now) << " operations, " << stage.acknowledged
              << " writes acknowledged so far\n";
  }
  return stage.round + 1;
}

/// One read of every key, which must fit behind all else, and then the key goes.
void finish(load::CheckStage& stage, Rng rng, std::uint64_t rounds, history::History& history) {
  load::CheckClient last(stage, rng);
  bool reachable = true;
  bool clean = true;
  for (const std::string& key : load::keys_until(stage, rounds)) {
    reachable = reachable && last.read_finally(key);
    clean = reachable && last.remove_finally(key) && clean;
  }
  for (Operation& operation : last.take_history()) history.push_back(std::move(operation));
  if (!clean)
    std::cerr << "nodedb-cluster: some keys are left; they begin with " << stage.name
              << " and can be found by nodedb-cluster kv scan --prefix " << stage.name << "\n";
}

bool write_history(const history::History& history, const std::string& path) {
  std::ofstream file(path);
  for (const Operation& operation : history) file << history::to_json(operation) << "\n";
  return static_cast<bool>(file.flush());
}

}  // namespace

CheckReport report_of(history::History history) {
  CheckReport report;
  report.judgement = history::check_linearizable(history);
  if (report.judgement.kind == Judgement::Kind::violated)
    report.judgement.witness = history::smallest_part(std::move(report.judgement.witness));
  report.history = std::move(history);
  return report;
}

Json check_json(const CheckReport& report) {
  Json witness = Json::array();
  for (const Operation& operation : report.judgement.witness)
    witness.push(Json::parse(history::to_json(operation)).value_or(Json()));
  Json codes = Json::object();
  for (const auto& [code, times] : report.codes) codes.set(code, times);
  Json body = Json::object();
  body.set("version", 1)
      .set("verdict", name_of(report.judgement.kind))
      .set("operations", report.history.size())
      .set("unknown", count(report.history, Status::info))
      .set("without_effect", count(report.history, Status::fail))
      .set("keys", keys_in(report.history))
      .set("seconds", report.seconds)
      .set("errors_by_code", std::move(codes))
      .set("key", report.judgement.key)
      .set("witness", std::move(witness));
  return body;
}

std::string check_text(const CheckReport& report) {
  const history::History& history = report.history;
  const std::string of = std::to_string(history.size()) + " operations over " +
                         std::to_string(keys_in(history)) + " keys in " + fixed(report.seconds, 1) + " s, " +
                         std::to_string(count(history, Status::info)) + " with unknown outcome, " +
                         std::to_string(count(history, Status::fail)) + " without effect\n";
  std::string text;
  switch (report.judgement.kind) {
    case Judgement::Kind::linearizable:
      text = "linearizable: " + of;
      break;
    case Judgement::Kind::violated:
      text = "NOT LINEARIZABLE: " + of + "no order of these operations on key " + report.judgement.key +
             " explains their answers:\n" + witness_text(report.judgement.witness);
      break;
    case Judgement::Kind::undecided:
      text = "undecided: " + of + "what was done to key " + report.judgement.key +
             " is too much to be searched: try fewer --clients, or more --keys\n";
      break;
  }
  for (const auto& [code, times] : report.codes)
    text += "error " + code + ": " + std::to_string(times) + " times\n";
  return text;
}

Exit check_exit(const CheckReport& report) {
  if (report.judgement.kind == Judgement::Kind::violated) return Exit::violated;
  if (report.judgement.kind == Judgement::Kind::undecided) return Exit::failed;
  return count(report.history, Status::ok) > 0 ? Exit::ok : Exit::unreachable;
}

Exit run_check(const RedisWords& redis, const CheckWords& words, Output output) {
  const auto duration = judge_words(words);
  if (!duration) return complain(duration.error());
  const Interrupt interrupt;
  const auto reached = reach_redis(redis);
  if (!reached) return complain(reached.error());
  load::CheckStage stage;
  stage.access = reached->access;
  stage.name = "check:" + run_name();
  stage.keys_per_round = words.keys;
  Rng rng(random_seed());
  const std::int64_t begin = edge::monotonic_time().ns;
  load::CheckCrowd crowd(stage, rng, words.clients);
  const std::uint64_t rounds = play(stage, *duration);
  crowd.stop();
  const double seconds = static_cast<double>(edge::monotonic_time().ns - begin) / 1e9;
  history::History history = crowd.take_history();
  finish(stage, rng.fork(), rounds, history);
  if (!words.history.empty() && !write_history(history, words.history))
    std::cerr << "nodedb-cluster: " << words.history << " cannot be written\n";
  CheckReport report = report_of(std::move(history));
  report.codes = crowd.codes();
  report.seconds = seconds;
  show(check_json(report), output, check_text(report));
  return check_exit(report);
}

}  // namespace nodedb::app
