// SPDX-License-Identifier: Apache-2.0
// Moves vShards between the nodes of a real cluster under load, one after the other, there and back, and says
// how long anybody had to wait. Every client counts with INCR and checks each answer against its own count:
// a lost or a twice applied write shows at once.
//
//   moves_bench [--moves 200] [--writers 64] [--readers 16] [--vshards 8]
//
// Half of the clients work on the vShards that move. A move's stall is the longest operation on its vShard
// that was under way between the move's start and its end.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "bench/support/arguments.h"
#include "bench/support/counters.h"
#include "bench/support/figures.h"
#include "bench/support/nodes.h"

namespace nodedb::bench {
namespace {

struct Options {
  int moves = 200;
  int writers = 64;
  int readers = 16;
  int vshards = 8;
};

/// What the cluster's own history says of each move.
std::string history(const e2e::Cluster& cluster) {
  return e2e::run({e2e::binary(), "migration", "history", "-o", "json", "--certs", cluster.operator_certs(),
                   "--node", cluster.nodes()[0].quic})
      .output;
}

std::vector<double> numbers(const std::string& json, const std::string& name) {
  std::vector<double> out;
  const std::string field = "\"" + name + "\":";
  for (std::size_t at = json.find(field); at != std::string::npos; at = json.find(field, at + 1))
    out.push_back(std::atof(json.c_str() + at + field.size()));
  return out;
}

/// Only where the source led was a leadership handed over.
std::vector<double> pauses_ms(const std::string& json) {
  std::vector<double> out;
  for (const double us : numbers(json, "pause_us"))
    if (us > 0) out.push_back(us / 1'000);
  return out;
}

std::vector<double> lengths_ms(const std::string& json) {
  std::vector<double> out = numbers(json, "ended_ms");
  const std::vector<double> began = numbers(json, "started_ms");
  for (std::size_t i = 0; i < out.size() && i < began.size(); ++i) out[i] -= began[i];
  return out;
}

/// Odd clients stay on vShards that do not move.
Counters::Options load_of(const Options& options, const e2e::Cluster& cluster) {
  Counters::Options load;
  load.ports = ports_of(cluster);
  for (int i = 0; i < options.writers + options.readers; ++i) {
    const VShardId vshard(static_cast<std::uint16_t>(i % 2 == 0 ? i / 2 % options.vshards : 512 + i));
    load.clients.push_back({.vshards = {vshard}, .reads = i >= options.writers});
  }
  return load;
}

int run(const Options& options) {
  const e2e::TemporaryDirectory directory("moves-bench");
  const auto cluster = healthy_cluster("moves_bench", directory.path(), {"--join", "1"});
  if (!cluster) return 1;
  Counters clients(load_of(options, *cluster));
  e2e::sleep_ms(2'000);
  std::vector<std::pair<VShardId, Span>> moves;
  std::vector<double> lengths;
  for (int move = 0; move < options.moves; ++move) {
    const int round = move / options.vshards;
    const int vshard = move % options.vshards;
    const int home = vshard % 3 + 1;
    const std::string from = std::to_string(round % 2 == 0 ? home : 4);
    const std::string to = std::to_string(round % 2 == 0 ? 4 : home);
    Span span{Clock::now(), {}};
    const e2e::Finished moved = e2e::run(
        {e2e::binary(), "migration", "start", "--vshard", std::to_string(vshard), "--from", from, "--to", to,
         "--wait", "--certs", cluster->operator_certs(), "--node", cluster->nodes()[0].quic});
    span.to = Clock::now();
    if (moved.status != 0) {
      std::fprintf(stderr, "move %d of vShard %d: %s\n", move, vshard, moved.output.c_str());
      continue;
    }
    e2e::sleep_ms(20);
    moves.emplace_back(VShardId(static_cast<std::uint16_t>(vshard)), span);
    lengths.push_back(span.ms());
  }
  const std::string recorded = history(*cluster);
  // The same clients, for as long at a time as a move took: what of a stall is not the move's.
  std::vector<std::pair<VShardId, Span>> calm;
  std::ranges::sort(lengths);
  const double median = lengths.empty() ? 500 : lengths[lengths.size() / 2];
  for (int i = 0; i < 20; ++i) {
    const auto from = Clock::now();
    e2e::sleep_ms(static_cast<int>(median));
    calm.emplace_back(VShardId(static_cast<std::uint16_t>(i % options.vshards)), Span{from, Clock::now()});
  }
  clients.stop();
  const auto stalls = [&](const auto& spans) {
    std::vector<double> out;
    for (const auto& [vshard, span] : spans) out.push_back(clients.longest_ms(vshard, span));
    return out;
  };
  std::printf("%zu of %d moves completed; %llu operations, %llu failed, %llu lost or applied twice\n",
              moves.size(), options.moves, static_cast<unsigned long long>(clients.operations()),
              static_cast<unsigned long long>(clients.errors()),
              static_cast<unsigned long long>(clients.wrong()));
  print_ms("longest operation, no move, as long", stalls(calm));
  print_ms("longest operation during a move", stalls(moves));
  print_ms("hand-over of a leadership, recorded", pauses_ms(recorded));
  print_ms("a move, recorded", lengths_ms(recorded));
  print_ms("a move, from command to end", lengths);
  const bool all = moves.size() == static_cast<std::size_t>(options.moves);
  return all && clients.errors() == 0 && clients.wrong() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace nodedb::bench

int main(int count, char** words) {
  nodedb::bench::Options options;
  if (!nodedb::bench::take_arguments(count, words,
                                     {{"--moves", &options.moves, 1, 1'024},
                                      {"--writers", &options.writers, 1, 256},
                                      {"--readers", &options.readers, 1, 256},
                                      {"--vshards", &options.vshards, 1, 512}})) {
    std::fprintf(stderr, "usage: moves_bench [--moves N] [--writers N] [--readers N] [--vshards N]\n");
    return 2;
  }
  return nodedb::bench::run(options);
}
