// SPDX-License-Identifier: Apache-2.0
// What one client waits for a write beside what no write can do without: a sync and a round trip.
//
//   latency_bench [--rounds 20] [--count 200] [--bytes 16]
//
// Three nodes; each round takes --count of each, one after the other, so that what else the machine does
// falls on all alike:
//
//   write, led here      SET in vShards that the asked node leads
//   write, any vShard    SET in all vShards in turn: two of three are led elsewhere
//   sync                 a sector written and synced as the log does it, on the same disk
//   sync, three at once  the same by three threads: what three nodes that share a disk do to each other
//   round trip           a small message there and back between two of our transports
//
// On a machine that others load, run it as `chrt -f 1 latency_bench`, nodes and all: else what a wake-up
// costs is the others' time slices. The ratio is (write p50) / (sync p50 + round trip p50); the bar is 1.3.

#include <algorithm>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "bench/latency/floor.h"
#include "bench/support/arguments.h"
#include "bench/support/counters.h"
#include "bench/support/figures.h"
#include "bench/support/nodes.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::bench {
namespace {

constexpr double bar = 1.3;
constexpr int patience_ms = 20'000;
constexpr std::size_t disks_shared = 3;
constexpr std::size_t vshards_led_max = 64;

struct Options {
  int rounds = 20;
  int count = 200;
  int bytes = 16;
};

/// What was measured of one thing, in us.
struct Row {
  std::string what;
  std::vector<double> us;

  void add(const std::vector<double>& more) { us.insert(us.end(), more.begin(), more.end()); }
  double p50() {
    std::ranges::sort(us);
    return at(us, 0.5);
  }
};

/// One client that writes to the vShards in turn.
class Writer {
 public:
  Writer(int port, const std::vector<VShardId>& vshards, int bytes)
      : redis_(port, patience_ms), value_(static_cast<std::size_t>(bytes), 'v') {
    for (const VShardId vshard : vshards) keys_.push_back(e2e::key_in(vshard, "latency"));
  }

  /// Empty if a write failed.
  std::vector<double> take(int count) {
    std::vector<double> took;
    for (int i = 0; i < count; ++i) {
      Span span{Clock::now(), {}};
      const e2e::Answer answer = redis_.command({"SET", keys_[next_++ % keys_.size()], value_});
      span.to = Clock::now();
      if (!answer.is("OK")) {
        std::fprintf(stderr, "latency_bench: %s\n", answer.describe().c_str());
        return {};
      }
      took.push_back(1'000 * span.ms());
    }
    return took;
  }

 private:
  e2e::Redis redis_;
  std::string value_;
  std::vector<std::string> keys_;
  std::size_t next_ = 0;
};

std::vector<double> at_once(std::vector<Syncs>& disks, int count) {
  std::vector<std::vector<double>> took(disks.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < disks.size(); ++i)
    threads.emplace_back([&, i] { took[i] = disks[i].take(count); });
  for (std::thread& one : threads) one.join();
  std::vector<double> all;
  for (const auto& part : took) all.insert(all.end(), part.begin(), part.end());
  return all;
}

void print(Row& row, double floor) {
  std::ranges::sort(row.us);
  std::printf("%-22s %8zu %9.0f %9.0f %9.0f %9.0f %9.2f\n", row.what.c_str(), row.us.size(), at(row.us, 0.5),
              at(row.us, 0.9), at(row.us, 0.99), at(row.us, 1), at(row.us, 0.5) / floor);
}

int complain(const Error& error) {
  std::fprintf(stderr, "latency_bench: %s\n", error.detail.c_str());
  return 1;
}

int run(const Options& options) {
  const e2e::TemporaryDirectory directory("latency");
  const auto cluster = healthy_cluster("latency_bench", directory.path() + "/cluster");
  if (!cluster) return 1;
  std::vector<VShardId> led = led_by(*cluster, 0);
  if (led.empty()) return complain({Code::invalid_state, "the first node leads nothing"});
  led.resize(std::min(led.size(), vshards_led_max));
  const std::vector<VShardId> all = clients_of_all_vshards(1).front().vshards;
  Writer here(ports_of(*cluster).front(), led, options.bytes);
  Writer anywhere(ports_of(*cluster).front(), all, options.bytes);

  std::vector<Syncs> disks;
  for (std::size_t i = 0; i < disks_shared; ++i) {
    auto opened = Syncs::open(directory.path(), "sync-" + std::to_string(i));
    if (!opened) return complain(opened.error());
    disks.push_back(std::move(*opened));
  }
  auto trips = RoundTrips::open(directory.path() + "/trips");
  if (!trips) return complain(trips.error());

  Row led_here{"write, led here", {}};
  Row any{"write, any vShard", {}};
  Row sync{"sync", {}};
  Row syncs{"sync, three at once", {}};
  Row trip{"round trip", {}};
  std::vector<double> ratios;
  for (int round = 0; round < options.rounds; ++round) {
    Row one{{}, here.take(options.count)};
    Row disk{{}, disks.front().take(options.count)};
    Row way{{}, (*trips)->take(options.count)};
    any.add(anywhere.take(options.count));
    syncs.add(at_once(disks, options.count));
    if (one.us.empty() || disk.us.empty() || way.us.empty()) return 1;
    ratios.push_back(one.p50() / (disk.p50() + way.p50()));
    led_here.add(one.us);
    sync.add(disk.us);
    trip.add(way.us);
  }

  const double floor = sync.p50() + trip.p50();
  std::printf("WHAT                      COUNT    P50-US    P90-US    P99-US    MAX-US P50/FLOOR\n");
  for (Row* row : {&led_here, &any, &sync, &syncs, &trip}) print(*row, floor);
  std::ranges::sort(ratios);
  std::printf("floor = sync p50 + round trip p50 = %.0f us; ratio of a round: median %.2f, %.2f to %.2f\n",
              floor, at(ratios, 0.5), ratios.front(), ratios.back());
  const double ratio = led_here.p50() / floor;
  std::printf("write, led here: %.2f times the floor; bar: at most %.1f (%s)\n", ratio, bar,
              ratio <= bar ? "met" : "not met");
  return 0;
}

}  // namespace
}  // namespace nodedb::bench

int main(int count, char** words) {
  nodedb::bench::Options options;
  if (!nodedb::bench::take_arguments(count, words,
                                     {{"--rounds", &options.rounds, 1, 10'000},
                                      {"--count", &options.count, 1, 100'000},
                                      {"--bytes", &options.bytes, 1, 1 << 20}})) {
    std::fprintf(stderr, "usage: latency_bench [--rounds N] [--count N] [--bytes N]\n");
    return 2;
  }
  return nodedb::bench::run(options);
}
