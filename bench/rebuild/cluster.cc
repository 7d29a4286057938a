// SPDX-License-Identifier: Apache-2.0
#include "bench/rebuild/cluster.h"

#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <thread>

#include "bench/support/counters.h"
#include "bench/support/figures.h"
#include "bench/support/nodes.h"
#include "bench/support/vitals.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::bench {
namespace {

constexpr const char* limit_name = "NODEDB_SNAPSHOT_BYTES_PER_SECOND";
constexpr std::size_t value_bytes = 64 * 1024;
constexpr int values_per_mib = 16;
constexpr int patience_ms = 20'000;
constexpr int tries_max = 5;
constexpr std::uint16_t first_resting = 512;
constexpr const char* home = "1";
constexpr const char* newcomer = "4";

/// No compression makes it smaller.
std::string random_text(std::uint64_t seed) {
  std::mt19937_64 luck(seed);
  std::string text(value_bytes, '\0');
  for (char& one : text) one = static_cast<char>(luck());
  return text;
}

/// A machine that does much else may need a second try.
bool put(e2e::Redis& redis, const std::vector<std::vector<std::string>>& commands) {
  std::string complaint;
  for (int i = 0; i < tries_max; ++i) {
    const std::vector<e2e::Answer> answers = redis.pipeline(commands);
    const auto refused =
        std::ranges::find_if_not(answers, [](const e2e::Answer& answer) { return answer.is("OK"); });
    if (refused == answers.end()) return true;
    complaint = refused->describe();
  }
  std::fprintf(stderr, "rebuild_bench: filling: %s\n", complaint.c_str());
  return false;
}

bool fill(int port, const ClusterLoad& load) {
  e2e::Redis redis(port, patience_ms);
  for (int i = 0; i < load.mib; ++i) {
    const VShardId vshard(static_cast<std::uint16_t>(i % load.vshards));
    std::vector<std::vector<std::string>> commands;
    for (int j = 0; j < values_per_mib; ++j) {
      const int number = i * values_per_mib + j;
      commands.push_back({"SET", e2e::key_in(vshard, "fill" + std::to_string(number)),
                          random_text(static_cast<std::uint64_t>(number))});
    }
    if (!put(redis, commands)) return false;
  }
  return true;
}

/// All at once, as many as the cluster takes at a time.
bool move_all(const e2e::Cluster& cluster, int vshards, const char* from, const char* to) {
  std::vector<e2e::Finished> done(static_cast<std::size_t>(vshards));
  std::vector<std::thread> threads;
  for (int v = 0; v < vshards; ++v) {
    threads.emplace_back([&, v] {
      done[static_cast<std::size_t>(v)] =
          e2e::run({e2e::binary(), "migration", "start", "--vshard", std::to_string(v), "--from", from,
                    "--to", to, "--wait", "--timeout", "900s", "--certs", cluster.operator_certs(), "--node",
                    cluster.nodes().front().quic});
    });
  }
  for (std::thread& one : threads) one.join();
  for (const e2e::Finished& one : done)
    if (one.status != 0) std::fprintf(stderr, "rebuild_bench: %s\n", one.output.c_str());
  return std::ranges::all_of(done, [](const e2e::Finished& one) { return one.status == 0; });
}

double cpu_ms(const e2e::Cluster& cluster) {
  double sum = 0;
  for (const e2e::Cluster::Node& node : cluster.nodes())
    sum += static_cast<double>(vitals_of(node.pid).cpu_ns) / 1e6;
  return sum;
}

struct Move {
  Span span;
  double cpu_ms = 0;
};

Counters::Options writers_of(const ClusterLoad& load, const e2e::Cluster& cluster) {
  Counters::Options made;
  made.ports = ports_of(cluster);
  for (int i = 0; i < load.writers; ++i)
    made.clients.push_back({.vshards = {VShardId(static_cast<std::uint16_t>(first_resting + i))}});
  return made;
}

}  // namespace

std::optional<std::vector<Rebuilt>> rebuild_in_cluster(const ClusterLoad& load, const std::string& limit) {
  if (limit.empty())
    ::unsetenv(limit_name);
  else
    ::setenv(limit_name, limit.c_str(), 1);
  const e2e::TemporaryDirectory directory("rebuild");
  const auto cluster = healthy_cluster("rebuild_bench", directory.path(), {"--join", "1"});
  ::unsetenv(limit_name);
  if (!cluster || !fill(ports_of(*cluster).front(), load)) return std::nullopt;
  Counters writers(writers_of(load, *cluster));
  const Span before{Clock::now(), Clock::now() + std::chrono::seconds(load.seconds)};
  std::this_thread::sleep_until(before.to);
  std::vector<Move> moves;
  for (const bool away : {true, false}) {
    Move move{{Clock::now(), {}}, -cpu_ms(*cluster)};
    if (!move_all(*cluster, load.vshards, away ? home : newcomer, away ? newcomer : home))
      return std::nullopt;
    move.span.to = Clock::now();
    move.cpu_ms += cpu_ms(*cluster);
    moves.push_back(move);
  }
  writers.stop();
  if (writers.errors() + writers.wrong() != 0) std::fprintf(stderr, "rebuild_bench: writes failed\n");
  std::vector<Rebuilt> rebuilt;
  for (const Move& move : moves)
    rebuilt.push_back({load.mib / move.span.seconds(), move.cpu_ms / load.mib,
                       at(writers.took_ms(before), 0.99), at(writers.took_ms(move.span), 0.99)});
  return rebuilt;
}

}  // namespace nodedb::bench
