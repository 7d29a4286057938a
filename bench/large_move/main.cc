// SPDX-License-Identifier: Apache-2.0
// Moves one large vShard of a real cluster while clients write to it nearly as fast as it takes writes, and
// says what the clients of all other vShards felt of it.
//
//   large_move_bench [--mib 1024] [--writers 32] [--others 8] [--value 1024] [--seconds 10]
//
// Three spans: the vShard's greatest write rate is found; it gets 90 % of that, which gives the figures to
// compare with; then it moves under the same load. The hot writers keep to a schedule: a write's latency
// counts from when it was to begin. Every hot writer counts with INCR beside its writes and checks it.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/ids.h"
#include "bench/support/arguments.h"
#include "bench/support/figures.h"
#include "bench/support/nodes.h"
#include "tests/e2e/support/cluster.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::bench {
namespace {

constexpr VShardId large(1);
constexpr int patience_ms = 20'000;
constexpr double share = 0.9;

struct Options {
  int mib = 1024;
  int writers = 32;
  int others = 8;
  int value = 1024;
  int seconds = 10;
};

std::string random_text(std::size_t bytes, std::uint64_t seed) {
  std::mt19937_64 luck(seed);
  std::string text(bytes, '\0');
  for (char& one : text) one = static_cast<char>(luck());
  return text;
}

struct Operation {
  Clock::time_point began;
  double ms = 0;
};

/// Clients that work until they are stopped. What they took is looked at afterwards.
class Clients {
 public:
  Clients(std::vector<int> ports, int value)
      : ports_(std::move(ports)), text_(random_text(static_cast<std::size_t>(value), 1)) {}
  ~Clients() { stop(); }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  /// Each writes keys of its own in the large vShard, `rate` writes per second together; 0: as fast as they
  /// go.
  void write_large(int count, double rate) { start(count, rate, true); }
  /// Each writes and reads keys of a vShard of its own.
  void work_elsewhere(int count) { start(count, 0, false); }

  void stop() {
    stop_ = true;
    for (std::thread& one : threads_) one.join();
    threads_.clear();
  }
  std::uint64_t failed() const { return failed_; }
  /// Of those that began in the span, in ms, sorted. Pre: stopped.
  std::vector<double> took(Clock::time_point from, Clock::time_point to) const {
    std::vector<double> out;
    for (const std::vector<Operation>& list : done_)
      for (const Operation& one : list)
        if (one.began >= from && one.began < to) out.push_back(one.ms);
    std::ranges::sort(out);
    return out;
  }

 private:
  void start(int count, double rate, bool hot) {
    done_.resize(static_cast<std::size_t>(count));
    const auto begin = Clock::now();
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, i, count, rate, hot, begin] {
        const auto pause = rate == 0 ? 0.0 : static_cast<double>(count) / rate;
        work(i, hot, begin + seconds_of(pause * i / count), seconds_of(pause));
      });
    }
  }
  static Clock::duration seconds_of(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }
  void work(int number, bool hot, Clock::time_point next, Clock::duration pause) {
    e2e::Redis redis(ports_[static_cast<std::size_t>(number) % ports_.size()], patience_ms);
    const VShardId vshard = hot ? large : VShardId(static_cast<std::uint16_t>(100 + 7 * number));
    const std::string counter = e2e::key_in(vshard, "count" + std::to_string(number));
    const std::string before = redis.command({"GET", counter}).text;
    std::int64_t count = before.empty() ? 0 : std::atoll(before.c_str());
    for (std::uint64_t turn = 0; !stop_; ++turn) {
      if (pause != Clock::duration::zero()) {
        std::this_thread::sleep_until(next);
      } else {
        next = Clock::now();
      }
      const bool counts = turn % 16 == 0;
      const bool reads = !hot && turn % 2 == 1;
      const std::string key =
          e2e::key_in(vshard, std::to_string(number) + "-" + std::to_string(turn / 2 % 64));
      const e2e::Answer answer = counts  ? redis.command({"INCR", counter})
                                 : reads ? redis.command({"GET", key})
                                         : redis.command({"SET", key, text_});
      const bool well = counts  ? answer.is(++count)
                        : reads ? answer.is(text_) || answer.kind == e2e::Answer::Kind::nil
                                : answer.is("OK");
      if (!well) {
        ++failed_;
        std::fprintf(stderr, "client %d: %s\n", number, answer.describe().substr(0, 200).c_str());
        return;
      }
      const std::chrono::duration<double, std::milli> ms = Clock::now() - next;
      done_[static_cast<std::size_t>(number)].push_back({next, ms.count()});
      next += pause;
    }
  }

  std::vector<int> ports_;
  std::string text_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> failed_ = 0;
  std::vector<std::vector<Operation>> done_;
  std::vector<std::thread> threads_;
};

void sleep_s(int seconds) {
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
}
double seconds_between(Clock::time_point from, Clock::time_point to) {
  return Span{from, to}.seconds();
}

void print(const char* what, const std::vector<double>& ms, double seconds) {
  std::printf("%-40s %8.0f/s   p50 %7.2f   p99 %8.2f   p99.9 %8.2f   max %8.2f ms\n", what,
              static_cast<double>(ms.size()) / seconds, at(ms, 0.5), at(ms, 0.99), at(ms, 0.999), at(ms, 1));
}

/// `mib` MiB in values of 64 KiB.
bool fill(int port, int mib) {
  constexpr int values_per_mib = 16;
  e2e::Redis redis(port, patience_ms);
  for (int i = 0; i < mib; ++i) {
    std::vector<std::vector<std::string>> commands;
    for (int j = 0; j < values_per_mib; ++j) {
      const auto number = static_cast<std::uint64_t>(i * values_per_mib + j);
      commands.push_back(
          {"SET", e2e::key_in(large, "fill" + std::to_string(number)), random_text(64 * 1024, number)});
    }
    for (const e2e::Answer& answer : redis.pipeline(commands)) {
      if (answer.is("OK")) continue;
      std::fprintf(stderr, "large_move_bench: filling: %s\n", answer.describe().c_str());
      return false;
    }
  }
  return true;
}

/// How many of the filled values are not what was written, by a look at every 16th.
int wrong_values(int port, int mib) {
  e2e::Redis redis(port, patience_ms);
  int wrong = 0;
  for (int i = 0; i < mib; ++i) {
    const auto number = static_cast<std::uint64_t>(i * 16 + i % 16);
    if (!redis.command({"GET", e2e::key_in(large, "fill" + std::to_string(number))})
             .is(random_text(64 * 1024, number)))
      ++wrong;
  }
  return wrong;
}

int run(const Options& options) {
  const e2e::TemporaryDirectory directory("large-move");
  const auto cluster = healthy_cluster("large_move_bench", directory.path(), {"--join", "1"});
  if (!cluster) return 1;
  const std::vector<int> ports = ports_of(*cluster);
  const auto filling = Clock::now();
  if (!fill(ports[0], options.mib)) return 1;
  std::printf("vShard %u has %d MiB after %.1f s\n", unsigned{large.value}, options.mib,
              seconds_between(filling, Clock::now()));

  // The greatest rate, with the others at work.
  double greatest = 0;
  {
    Clients hot(ports, options.value);
    Clients others(ports, 16);
    others.work_elsewhere(options.others);
    hot.write_large(options.writers, 0);
    sleep_s(2);
    const auto from = Clock::now();
    sleep_s(options.seconds);
    const auto to = Clock::now();
    hot.stop();
    others.stop();
    if (hot.failed() + others.failed() != 0) return 1;
    greatest = static_cast<double>(hot.took(from, to).size()) / seconds_between(from, to);
    print("greatest rate, large vShard", hot.took(from, to), seconds_between(from, to));
    std::fflush(stdout);
  }

  Clients hot(ports, options.value);
  Clients others(ports, 16);
  others.work_elsewhere(options.others);
  hot.write_large(options.writers, share * greatest);
  sleep_s(2);
  const auto before = Clock::now();
  sleep_s(options.seconds);
  const auto began = Clock::now();
  const e2e::Finished moved =
      e2e::run({e2e::binary(), "migration", "start", "--vshard", std::to_string(large.value), "--from",
                std::to_string(large.value % 3 + 1), "--to", "4", "--wait", "--timeout", "600s", "--certs",
                cluster->operator_certs(), "--node", cluster->nodes()[0].quic});
  const auto ended = Clock::now();
  sleep_s(1);
  hot.stop();
  others.stop();
  std::printf("%s", moved.output.c_str());
  const double calm = seconds_between(before, began);
  const double moving = seconds_between(began, ended);
  const std::vector<double> others_before = others.took(before, began);
  const std::vector<double> others_during = others.took(began, ended);
  print("large vShard at 90 %, no move", hot.took(before, began), calm);
  print("large vShard at 90 %, moving", hot.took(began, ended), moving);
  print("others, no move", others_before, calm);
  print("others, while it moves", others_during, moving);
  const int wrong = wrong_values(ports[3], options.mib);
  std::printf(
      "the move took %.1f s; others' p99 %.2f times that of before; %llu operations failed, %d of %d values "
      "wrong\n",
      moving, at(others_during, 0.99) / at(others_before, 0.99),
      static_cast<unsigned long long>(hot.failed() + others.failed()), wrong, options.mib);
  return moved.status == 0 && wrong == 0 && hot.failed() + others.failed() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace nodedb::bench

int main(int count, char** words) {
  nodedb::bench::Options options;
  if (!nodedb::bench::take_arguments(count, words,
                                     {{"--mib", &options.mib},
                                      {"--writers", &options.writers},
                                      {"--others", &options.others},
                                      {"--value", &options.value},
                                      {"--seconds", &options.seconds}})) {
    std::fprintf(
        stderr,
        "usage: large_move_bench [--mib N] [--writers N] [--others N] [--value BYTES] [--seconds N]\n");
    return 2;
  }
  return nodedb::bench::run(options);
}
