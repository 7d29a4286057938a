// SPDX-License-Identifier: Apache-2.0
// What clients get of a cluster that is asked for more than it can do.
//
//   overload_bench [--seconds 10] [--bytes 64] [--connections 64] [--vshards 1024]
//
// Three nodes. A closed loop finds the capacity, with --connections pipelined connections that keep 512
// writes outstanding. Then open loops ask for one half, one, two and four times as much, as if nobody had to
// wait, --seconds each. GOODPUT is what was answered well, BUSY what was refused (of all answers); latencies
// count from when an operation was to begin, and are those of what was answered well. NODEDB_QUEUE_TIME=0s
// shows the same without refusals by time.

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "app/table.h"
#include "base/units.h"
#include "bench/support/arguments.h"
#include "bench/support/figures.h"
#include "bench/support/nodes.h"
#include "bench/support/vitals.h"
#include "load/load.h"

namespace nodedb::bench {
namespace {

using load::LoadOptions;
using load::LoadResult;

constexpr double mib = 1'024 * 1'024;
constexpr std::size_t outstanding = 512;
/// Whatever becomes of it, the loop stays open.
constexpr std::size_t behind_max = 10'000'000;

struct Options {
  int seconds = 10;
  int bytes = 64;
  int connections = 64;
  int vshards = 1'024;
};

/// Of the node that holds most.
double resident_mib(const e2e::Cluster& cluster) {
  double most = 0;
  for (const e2e::Cluster::Node& node : cluster.nodes())
    most = std::max(most, static_cast<double>(vitals_of(node.pid).resident_bytes) / mib);
  return most;
}

class Bench {
 public:
  explicit Bench(const e2e::Cluster& cluster) : cluster_(cluster) {}

  std::optional<LoadResult> row(const std::string& name, const LoadOptions& load) {
    std::string complaint;
    const auto result = run_load(load, complaint);
    if (!result) {
      std::fprintf(stderr, "overload_bench: %s: %s\n", name.c_str(), complaint.c_str());
      table_.add({name, fixed(load.rate, 0), "-", "-", "-", "-", "-", "-", fixed(resident_mib(cluster_), 0)});
      return result;
    }
    const auto fine = static_cast<double>(result->operations);
    const auto refused = static_cast<double>(result->errors);
    table_.add({name, load.rate == 0 ? "-" : fixed(load.rate, 0), fixed(fine / result->seconds, 0),
                fixed(100 * refused / std::max(1.0, fine + refused), 1), fixed(result->p50_us / 1e3, 1),
                fixed(result->p90_us / 1e3, 1), fixed(result->p99_us / 1e3, 1),
                fixed(result->max_us / 1e3, 1), fixed(resident_mib(cluster_), 0)});
    return result;
  }
  std::string text() const { return table_.text(); }

 private:
  const e2e::Cluster& cluster_;
  app::Table table_{
      {"LOAD", "ASKED/S", "GOODPUT/S", "BUSY-%", "P50-MS", "P90-MS", "P99-MS", "MAX-MS", "RSS-MIB"}};
};

int run(const Options& options) {
  const e2e::TemporaryDirectory directory("overload-bench");
  const auto cluster = healthy_cluster("overload_bench", directory.path());
  if (!cluster) return 1;
  LoadOptions load;
  load.servers = load::loopback(ports_of(*cluster));
  load.value_bytes = static_cast<std::size_t>(options.bytes);
  load.vshards = static_cast<std::uint16_t>(options.vshards);
  load.connections = static_cast<std::size_t>(options.connections);
  load.outstanding = outstanding;
  load.behind_max = behind_max;
  load.seconds = options.seconds;
  Bench bench(*cluster);
  bench.row("warm", load);
  const auto capacity = bench.row("closed loop", load);
  if (!capacity) return 1;
  const double rate = static_cast<double>(capacity->operations) / capacity->seconds;
  for (const double times : {0.5, 1.0, 2.0, 4.0}) {
    load.rate = times * rate;
    bench.row(fixed(times, 1) + " times", load);
  }
  std::cout << bench.text() << "memory_budget of a node: " << configuration().memory_budget / (1 << 20)
            << " MiB\n";
  return 0;
}

}  // namespace
}  // namespace nodedb::bench

int main(int count, char** words) {
  nodedb::bench::Options options;
  const bool taken = nodedb::bench::take_arguments(count, words,
                                                   {{"--seconds", &options.seconds, 1, 600},
                                                    {"--bytes", &options.bytes, 1, 65'536},
                                                    {"--connections", &options.connections, 1, 1'024},
                                                    {"--vshards", &options.vshards, 1, 1'024}});
  if (!taken) {
    std::fprintf(stderr, "usage: overload_bench [--seconds N] [--bytes N] [--connections N] [--vshards N]\n");
    return 2;
  }
  return nodedb::bench::run(options);
}
