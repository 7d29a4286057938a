// SPDX-License-Identifier: Apache-2.0
#include "bench/support/counters.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>

#include "tests/e2e/support/cluster.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::bench {

namespace {

constexpr int patience_ms = 20'000;
constexpr int errors_told_max = 20;
constexpr int pause_after_error_ms = 20;

bool is_error(const e2e::Answer& answer) {
  return answer.kind == e2e::Answer::Kind::error || answer.kind == e2e::Answer::Kind::lost;
}

/// What a key holds: its value begins with its number.
std::optional<std::int64_t> number_in(const e2e::Answer& answer) {
  if (answer.kind == e2e::Answer::Kind::number) return answer.number;
  std::int64_t number = 0;
  if (answer.kind == e2e::Answer::Kind::nil) return number;
  const auto read = std::from_chars(answer.text.data(), answer.text.data() + answer.text.size(), number);
  return read.ec == std::errc() ? std::optional(number) : std::nullopt;
}

}  // namespace

Counters::Counters(Options options) : options_(std::move(options)) {
  for (std::size_t i = 0; i < options_.clients.size(); ++i) {
    auto worker = std::make_unique<Worker>();
    worker->reads = options_.clients[i].reads;
    for (const VShardId vshard : options_.clients[i].vshards)
      worker->keys.push_back({e2e::key_in(vshard, options_.name + std::to_string(i)), vshard});
    workers_.push_back(std::move(worker));
  }
  for (std::size_t i = 0; i < workers_.size(); ++i)
    workers_[i]->thread = std::thread([this, i] { work(*workers_[i], i); });
}

int Counters::port(std::size_t number) const {
  const std::lock_guard lock(ports_mutex_);
  return options_.ports[number % options_.ports.size()];
}

std::string Counters::value_of(std::int64_t number) const {
  std::string value = std::to_string(number) + " ";
  value.resize(std::max(value.size(), options_.value_bytes), 'x');
  return value;
}

void Counters::work(Worker& worker, std::size_t number) {
  std::unique_ptr<e2e::Redis> redis;
  for (std::size_t turn = 0; !stop_; ++turn) {
    if (const unsigned route = route_; !redis || !redis->connected() || route != worker.route) {
      redis = std::make_unique<e2e::Redis>(port(number), patience_ms);
      worker.route = route;
    }
    Key& key = worker.keys[turn % worker.keys.size()];
    const bool reads = worker.reads && key.most > 0;
    const bool sets = options_.value_bytes > 0;
    Operation one{key.vshard, false, {Clock::now(), {}}};
    const e2e::Answer answer = reads  ? redis->command({"GET", key.name})
                               : sets ? redis->command({"SET", key.name, value_of(key.most + 1)})
                                      : redis->command({"INCR", key.name});
    one.span.to = Clock::now();
    one.fine = !is_error(answer);
    worker.done.push_back(one);
    if (!one.fine) {
      if (!reads) ++key.most;
      if (++errors_ <= errors_told_max)
        std::fprintf(stderr, "client %zu, vShard %u: %s\n", number, unsigned{key.vshard.value},
                     answer.describe().substr(0, 200).c_str());
      e2e::sleep_ms(pause_after_error_ms);
      continue;
    }
    const std::int64_t step = reads ? 0 : 1;
    const auto holds = sets && !reads ? std::optional(key.most + 1) : number_in(answer);
    if ((sets && !reads && !answer.is("OK")) || !holds || *holds < key.least + step ||
        *holds > key.most + step) {
      ++wrong_;
      std::fprintf(stderr, "client %zu, vShard %u: %s, expected %lld to %lld\n", number,
                   unsigned{key.vshard.value}, answer.describe().substr(0, 200).c_str(),
                   static_cast<long long>(key.least + step), static_cast<long long>(key.most + step));
      return;
    }
    key.least = key.most = *holds;
    if (options_.pause_ms > 0) e2e::sleep_ms(options_.pause_ms);
  }
}

void Counters::go_through(std::vector<int> ports) {
  {
    const std::lock_guard lock(ports_mutex_);
    options_.ports = std::move(ports);
  }
  const unsigned route = ++route_;
  const auto arrived = [&](const std::unique_ptr<Worker>& worker) { return worker->route == route; };
  // One that found a wrong answer has ended, and does not come any more.
  while (wrong_ == 0 && !std::ranges::all_of(workers_, arrived)) e2e::sleep_ms(1);
}

void Counters::stop() {
  stop_ = true;
  for (const auto& worker : workers_)
    if (worker->thread.joinable()) worker->thread.join();
}

std::uint64_t Counters::operations() const {
  std::uint64_t sum = 0;
  for (const auto& worker : workers_) sum += worker->done.size();
  return sum;
}

std::vector<double> Counters::took_ms(Span span) const {
  std::vector<double> out;
  for (const auto& worker : workers_)
    for (const Operation& one : worker->done)
      if (one.fine && one.span.to >= span.from && one.span.to < span.to) out.push_back(one.span.ms());
  std::ranges::sort(out);
  return out;
}

double Counters::longest_ms(VShardId vshard, Span span) const {
  double longest = 0;
  for (const auto& worker : workers_) {
    // A client's operations are in order, and none overlaps another.
    const auto first = std::ranges::lower_bound(worker->done, span.from, {},
                                                [](const Operation& one) { return one.span.to; });
    for (auto one = first; one != worker->done.end() && one->span.from <= span.to; ++one)
      if (one->vshard == vshard) longest = std::max(longest, one->span.ms());
  }
  return longest;
}

std::uint64_t Counters::lost(int port) const {
  e2e::Redis redis(port, patience_ms);
  std::uint64_t missing = 0;
  for (const auto& worker : workers_) {
    for (const Key& key : worker->keys) {
      const e2e::Answer answer = redis.command({"GET", key.name});
      const auto holds = is_error(answer) ? std::nullopt : number_in(answer);
      if (holds && *holds >= key.least && *holds <= key.most) continue;
      ++missing;
      std::fprintf(stderr, "vShard %u: %s, expected %lld to %lld\n", unsigned{key.vshard.value},
                   answer.describe().substr(0, 200).c_str(), static_cast<long long>(key.least),
                   static_cast<long long>(key.most));
    }
  }
  return missing;
}

std::vector<Counters::Client> clients_of_all_vshards(int count) {
  std::vector<Counters::Client> clients(static_cast<std::size_t>(count));
  for (std::uint16_t v = 0; v < vshard_count; ++v) clients[v % clients.size()].vshards.push_back(VShardId(v));
  return clients;
}

}  // namespace nodedb::bench
