// SPDX-License-Identifier: Apache-2.0
// How long the vShards of a node are without a leader that writes: after kill -9, and while their leadership
// is handed over.
//
//   failover_bench [--kills 20] [--transfers 300] [--probes 64] [--writers 16] [--pause-ms 5] [--rest 8]
//
// kills: the node that leads most is killed, again and again; before the next kill it is started again, the
// cluster is whole, and --rest seconds have passed, in which leaderships go home. Clients go through the
// other two nodes. At the instant of the kill one probe writes to each of --probes vShards that the node led,
// in a loop until it is acknowledged: the time from the kill to then is the vShard's. Beside them --writers
// clients write to all vShards, with a pause after each answer.
//
// planned: as many writers, two on each of their vShards, whose leadership is handed over by an operator's
// request, one vShard after the other. A transfer's stall is the longest write to its vShard of which a part
// lay in the 100 ms from its request. The same spans without a transfer, before, say what is not its doing.
//
// Exit status 1: a write was lost or applied twice, a vShard took no writes in time, or a planned transfer
// made an error. Errors of a kill are printed.

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "bench/support/arguments.h"
#include "bench/support/counters.h"
#include "bench/support/figures.h"
#include "bench/support/nodes.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::bench {
namespace {

constexpr int whole_s_max = 60;
constexpr int probe_s_max = 30;
constexpr int window_ms = 100;

struct Options {
  int kills = 20;
  int transfers = 300;
  int probes = 64;
  int writers = 16;
  int pause_ms = 5;
  int rest = 8;
};

struct Probe {
  VShardId vshard;
  double ms = -1;  ///< from the kill to the first acknowledged write; -1: there was none in time
  int errors = 0;
};

/// Connects, waits until the instant of the kill is known, and writes until that is acknowledged.
void probe(Probe& one, int port, int kill, std::atomic<std::size_t>& ready,
           const std::atomic<Clock::time_point>& killed) {
  e2e::Redis redis(port, 1'000 * probe_s_max);
  const std::string key = e2e::key_in(one.vshard, "probe");
  redis.command({"PING"});
  ++ready;
  killed.wait({});
  const Clock::time_point from = killed;
  while (Clock::now() - from < std::chrono::seconds(probe_s_max)) {
    const e2e::Answer answer = redis.command({"SET", key, std::to_string(kill)});
    if (answer.is("OK")) {
      one.ms = Span{from, Clock::now()}.ms();
      return;
    }
    if (++one.errors == 1)
      std::fprintf(stderr, "probe of vShard %u: %s\n", unsigned{one.vshard.value}, answer.describe().c_str());
    if (!redis.connected()) redis = e2e::Redis(port, 1'000 * probe_s_max);
    e2e::sleep_ms(2);
  }
}

/// Kills the node and probes those vShards of its.
std::vector<Probe> kill_and_probe(e2e::Cluster& cluster, std::size_t victim,
                                  const std::vector<VShardId>& vshards, int kill) {
  const std::vector<int> ports = ports_without(cluster, victim);
  std::vector<Probe> probes;
  for (const VShardId vshard : vshards) probes.push_back({vshard});
  std::atomic<std::size_t> ready = 0;
  std::atomic<Clock::time_point> killed{};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < probes.size(); ++i)
    threads.emplace_back([&, i] { probe(probes[i], ports[i % ports.size()], kill, ready, killed); });
  while (ready < probes.size()) e2e::sleep_ms(1);
  const auto now = Clock::now();
  ::kill(cluster.nodes()[victim].pid, SIGKILL);
  killed = now;
  killed.notify_all();
  cluster.kill(victim);  // until it is gone
  for (std::thread& one : threads) one.join();
  return probes;
}

/// At most `count` of them, spread over all.
std::vector<VShardId> sample(const std::vector<VShardId>& all, std::size_t count) {
  if (all.size() <= count) return all;
  std::vector<VShardId> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(all[i * all.size() / count]);
  return out;
}

/// How many probes' values are not there.
std::uint64_t lost_values(const std::vector<Probe>& probes, int port, int kill) {
  e2e::Redis redis(port, 1'000 * probe_s_max);
  return static_cast<std::uint64_t>(std::ranges::count_if(probes, [&](const Probe& one) {
    return one.ms >= 0 && !redis.command({"GET", e2e::key_in(one.vshard, "probe")}).is(std::to_string(kill));
  }));
}

struct Kills {
  std::vector<double> ms;
  std::uint64_t errors = 0;
  std::uint64_t never = 0;
  std::uint64_t lost = 0;
};

void tell(int kill, std::size_t victim, std::size_t led, const std::vector<Probe>& probes, Kills& all) {
  std::vector<double> ms;
  std::uint64_t errors = 0;
  for (const Probe& one : probes) {
    if (one.ms < 0) ++all.never;
    if (one.ms >= 0) ms.push_back(one.ms);
    errors += static_cast<std::uint64_t>(one.errors);
  }
  std::ranges::sort(ms);
  std::printf(
      "kill %2d: node %zu led %3zu; first write of %2zu vShards: median %6.0f ms, worst %6.0f ms; "
      "%llu errors of probes\n",
      kill, victim + 1, led, ms.size(), at(ms, 0.5), at(ms, 1), static_cast<unsigned long long>(errors));
  std::fflush(stdout);
  all.ms.insert(all.ms.end(), ms.begin(), ms.end());
  all.errors += errors;
}

/// False if the cluster did not become whole again, or a write was lost.
bool run_kills(e2e::Cluster& cluster, const Options& options) {
  Counters::Options load;
  load.ports = ports_of(cluster);
  load.clients = clients_of_all_vshards(options.writers);
  load.pause_ms = options.pause_ms;
  load.name = "kills";
  Counters writers(load);
  Kills all;
  for (int kill = 1; kill <= options.kills; ++kill) {
    const std::size_t victim = cluster.busiest();
    writers.go_through(ports_without(cluster, victim));
    const std::vector<VShardId> led = led_by(cluster, victim);
    const auto probes =
        kill_and_probe(cluster, victim, sample(led, static_cast<std::size_t>(options.probes)), kill);
    tell(kill, victim, led.size(), probes, all);
    all.lost += lost_values(probes, ports_of(cluster).front(), kill);
    cluster.restart(victim);
    if (cluster.wait_port(victim, whole_s_max) && cluster.wait_healthy(whole_s_max)) {
      e2e::sleep_ms(1'000 * options.rest);
      continue;
    }
    std::fprintf(stderr, "failover_bench: the cluster is not whole %d s after node %zu was started again\n",
                 whole_s_max, victim + 1);
    return false;
  }
  writers.stop();
  std::ranges::sort(all.ms);
  const double timeout_ms = static_cast<double>(configuration().election_timeout_ns) / 1e6;
  std::printf(
      "kills: election timeout %.0f ms (drawn from 1 to 2 of it); first write of a vShard, of %zu: "
      "median %.0f ms, p99 %.0f, worst %.0f ms\n"
      "       = %.2f, %.2f, %.2f election timeouts; bar: at most 2 (%s)\n",
      timeout_ms, all.ms.size(), at(all.ms, 0.5), at(all.ms, 0.99), at(all.ms, 1),
      at(all.ms, 0.5) / timeout_ms, at(all.ms, 0.99) / timeout_ms, at(all.ms, 1) / timeout_ms,
      at(all.ms, 1) <= 2 * timeout_ms ? "met" : "missed");
  const std::uint64_t lost = writers.lost(ports_of(cluster).front()) + all.lost;
  std::printf(
      "       %llu writes beside, %llu errors (and %llu of probes), %llu lost or applied twice, %llu "
      "vShards without a write in %d s\n",
      static_cast<unsigned long long>(writers.operations()),
      static_cast<unsigned long long>(writers.errors()), static_cast<unsigned long long>(all.errors),
      static_cast<unsigned long long>(writers.wrong() + lost), static_cast<unsigned long long>(all.never),
      probe_s_max);
  return lost + writers.wrong() + all.never == 0;
}

/// The spans of transfers, one vShard after the other; without `transfer` all is the same but for the
/// request.
std::vector<std::pair<VShardId, Span>> spans_of(const e2e::Cluster& cluster, const Options& options,
                                                const std::vector<VShardId>& vshards, bool transfer,
                                                int& arrived) {
  std::vector<std::pair<VShardId, Span>> spans;
  for (int i = 0; i < options.transfers; ++i) {
    const VShardId vshard = vshards[static_cast<std::size_t>(i) % vshards.size()];
    const auto leader = leader_of(cluster, vshard);
    const auto from = Clock::now();
    const std::size_t to = (leader.value_or(0) + 1) % cluster.nodes().size();
    const bool taken = leader && (!transfer || hand_over(cluster, vshard, *leader, to));
    e2e::sleep_ms(window_ms);
    spans.emplace_back(vshard, Span{from, from + std::chrono::milliseconds(window_ms)});
    if (taken && transfer && leader_of(cluster, vshard) == to) ++arrived;
  }
  return spans;
}

bool run_planned(e2e::Cluster& cluster, const Options& options) {
  std::vector<VShardId> vshards;
  Counters::Options load;
  load.ports = ports_of(cluster);
  load.pause_ms = options.pause_ms;
  load.name = "planned";
  for (int i = 0; i < options.writers; ++i) {
    const VShardId vshard(static_cast<std::uint16_t>(100 + 7 * (i / 2)));
    if (i % 2 == 0) vshards.push_back(vshard);
    load.clients.push_back({{vshard}});
  }
  Counters writers(load);
  e2e::sleep_ms(2'000);
  int arrived = 0;
  const auto calm = spans_of(cluster, options, vshards, false, arrived);
  const auto moved = spans_of(cluster, options, vshards, true, arrived);
  writers.stop();
  const auto stalls = [&](const auto& spans) {
    std::vector<double> out;
    for (const auto& [vshard, span] : spans) out.push_back(writers.longest_ms(vshard, span));
    return out;
  };
  const std::uint64_t lost = writers.lost(ports_of(cluster).front()) + writers.wrong();
  std::printf(
      "planned: %d of %d leaderships had arrived after %d ms; %llu writes, %llu errors (bar: 0), %llu "
      "lost or applied twice; aim: a median stall of at most 20 ms\n",
      arrived, options.transfers, window_ms, static_cast<unsigned long long>(writers.operations()),
      static_cast<unsigned long long>(writers.errors()), static_cast<unsigned long long>(lost));
  print_ms("longest write in 100 ms, no transfer", stalls(calm));
  print_ms("longest write in 100 ms of a transfer", stalls(moved));
  return lost + writers.errors() == 0;
}

int run(const Options& options) {
  const e2e::TemporaryDirectory directory("failover-bench");
  auto cluster = healthy_cluster("failover_bench", directory.path());
  if (!cluster) return 1;
  const bool planned = options.transfers == 0 || run_planned(*cluster, options);
  const bool kills = options.kills == 0 || run_kills(*cluster, options);
  return planned && kills ? 0 : 1;
}

}  // namespace
}  // namespace nodedb::bench

int main(int count, char** words) {
  nodedb::bench::Options options;
  if (!nodedb::bench::take_arguments(count, words,
                                     {{"--kills", &options.kills, 0, 1'000},
                                      {"--transfers", &options.transfers, 0, 10'000},
                                      {"--probes", &options.probes, 1, 341},
                                      {"--writers", &options.writers, 2, 256},
                                      {"--pause-ms", &options.pause_ms, 0, 1'000},
                                      {"--rest", &options.rest, 0, 600}})) {
    std::fprintf(stderr,
                 "usage: failover_bench [--kills N] [--transfers N] [--probes N] [--writers N] "
                 "[--pause-ms N] [--rest N]\n");
    return 2;
  }
  return nodedb::bench::run(options);
}
