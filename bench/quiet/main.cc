// SPDX-License-Identifier: Apache-2.0
// What a cluster costs that nobody uses: three nodes, 1,024 vShards, no client. Then one node is killed with
// -9, and the same for the two that are left. Then it comes back: what that costs second by second, until and
// after leaderships go home, and the same once more for the three.
//
//   quiet_bench [--seconds 30] [--settle 15]
//
// --settle: seconds that pass before each measurement, after the cluster has been formed, or its groups led
// again. A node that holds no group (it has its certificate and disk, but was never formed) is started beside
// them for its memory; it is gone again before anything is measured.
//
// CPU time is the kernel's own sum in ns (vitals.h). Datagrams and bytes are the nodes' own counters, which a
// status request reads: it lies outside the span in which the CPU is measured, and what it sends itself is
// measured first, by requests one right after the other, and subtracted.

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "app/playground.h"
#include "app/table.h"
#include "base/units.h"
#include "bench/support/arguments.h"
#include "bench/support/figures.h"
#include "bench/support/nodes.h"
#include "bench/support/vitals.h"
#include "tests/e2e/support/process.h"

namespace nodedb::bench {
namespace {

constexpr double cpu_percent_bar = 0.5;
constexpr double datagrams_bar = 20;

struct Options {
  int seconds = 30;
  int settle = 15;
};

struct Sent {
  double datagrams = 0;
  double bytes = 0;

  Sent operator-(const Sent& other) const { return {datagrams - other.datagrams, bytes - other.bytes}; }
  Sent operator/(double parts) const { return {datagrams / parts, bytes / parts}; }
};

/// One node in one situation; per second.
struct Figures {
  double cpu_percent = 0;
  Sent sent;
  double switches = 0;
  double resident_bytes = 0;
};

std::optional<Sent> sent_by(const e2e::Cluster& cluster, std::size_t index) {
  const auto status = cluster.status(index);
  if (!status) return std::nullopt;
  const app::Json& io = (*status)["io"];
  return Sent{static_cast<double>(io["datagrams_sent"].number()),
              static_cast<double>(io["bytes_sent"].number())};
}

/// What the answer to one status request adds to the counters.
std::optional<Sent> cost_of_asking(const e2e::Cluster& cluster, std::size_t index) {
  constexpr int times = 10;
  const auto first = sent_by(cluster, index);
  auto last = first;
  for (int i = 0; i < times && last; ++i) last = sent_by(cluster, index);
  if (!first || !last) return std::nullopt;
  return (*last - *first) / times;
}

/// Of every node that is up, by index; those that are down have nothing. Nothing at all if one did not
/// answer.
std::optional<std::vector<std::optional<Figures>>> measure(const e2e::Cluster& cluster, int seconds) {
  struct Reading {
    Sent cost;
    Sent sent;
    Vitals vitals;
    Clock::time_point asked;
    Clock::time_point looked;
  };
  const std::size_t count = cluster.nodes().size();
  std::vector<Reading> before(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (cluster.nodes()[i].pid == 0) continue;
    const auto cost = cost_of_asking(cluster, i);
    before[i].asked = Clock::now();
    const auto sent = sent_by(cluster, i);
    if (!cost || !sent) return std::nullopt;
    before[i].cost = *cost;
    before[i].sent = *sent;
  }
  e2e::sleep_ms(1'000);  // what the requests have left behind
  for (std::size_t i = 0; i < count; ++i) {
    before[i].looked = Clock::now();
    before[i].vitals = vitals_of(cluster.nodes()[i].pid);
  }
  e2e::sleep_ms(1'000 * seconds);
  std::vector<std::optional<Figures>> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (cluster.nodes()[i].pid == 0) continue;
    const double span = Span{before[i].looked, Clock::now()}.seconds();
    const Vitals now = vitals_of(cluster.nodes()[i].pid);
    Figures one;
    one.cpu_percent = 100 * static_cast<double>(now.cpu_ns - before[i].vitals.cpu_ns) / 1e9 / span;
    one.switches = static_cast<double>(now.switches - before[i].vitals.switches) / span;
    one.resident_bytes = static_cast<double>(now.resident_bytes);
    out[i] = one;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (!out[i]) continue;
    const double span = Span{before[i].asked, Clock::now()}.seconds();
    const auto sent = sent_by(cluster, i);
    if (!sent) return std::nullopt;
    out[i]->sent = (*sent - before[i].sent - before[i].cost) / span;
  }
  return out;
}

/// What a node has resident that was started, and waits to be formed; 0 if it did not start.
double bare_node_bytes(const std::string& directory) {
  app::PlaygroundArguments wish;
  wish.directory = directory;
  const auto plan = app::plan_playground(wish);
  if (!plan) return 0;
  std::vector<std::string> line = plan->start(0, false);
  line.front() = e2e::binary();
  const e2e::Process node(line, directory + "/bare.log");
  e2e::sleep_ms(3'000);
  return static_cast<double>(vitals_of(node.pid()).resident_bytes);
}

class Report {
 public:
  explicit Report(double bare_bytes) : bare_bytes_(bare_bytes) {}

  void add(const std::string& situation, const std::vector<std::optional<Figures>>& nodes) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!nodes[i]) continue;
      const Figures& one = *nodes[i];
      cpu_worst_ = std::max(cpu_worst_, one.cpu_percent);
      datagrams_worst_ = std::max(datagrams_worst_, one.sent.datagrams);
      const auto kib_each = [](double bytes) { return fixed(bytes / 1'024 / (vshard_count + 1), 1); };
      table_.add({situation, std::to_string(i + 1), fixed(one.cpu_percent, 3), fixed(one.sent.datagrams, 1),
                  fixed(one.sent.bytes, 0), fixed(one.switches, 1),
                  fixed(one.resident_bytes / 1'024 / 1'024, 1), kib_each(one.resident_bytes),
                  bare_bytes_ > 0 ? kib_each(one.resident_bytes - bare_bytes_) : "-"});
    }
  }
  void print() const {
    std::printf("%s", table_.text().c_str());
    std::printf(
        "CPU in %% of one core, user and system; per node. Bars: CPU at most %.1f %% (worst %.3f, %s), "
        "datagrams at most %.0f/s (worst %.1f, %s)\n",
        cpu_percent_bar, cpu_worst_, cpu_worst_ <= cpu_percent_bar ? "met" : "missed", datagrams_bar,
        datagrams_worst_, datagrams_worst_ <= datagrams_bar ? "met" : "missed");
    std::printf(
        "KIB-EACH: resident, by the %u replicas of a node; ABOVE-BARE: what is above the %.1f MiB of a "
        "node without groups\n",
        vshard_count + 1, bare_bytes_ / 1'024 / 1'024);
  }

 private:
  double bare_bytes_ = 0;
  double cpu_worst_ = 0;
  double datagrams_worst_ = 0;
  app::Table table_{{"SITUATION", "NODE", "CPU-%", "DGRAMS/S", "BYTES/S", "SWITCHES/S", "RSS-MIB", "KIB-EACH",
                     "ABOVE-BARE"}};
};

/// What the return of a node costs the nodes: each one's worst second and the sum, from the node's start on.
bool watch_return(e2e::Cluster& cluster, std::size_t returns, int seconds) {
  const std::size_t count = cluster.nodes().size();
  std::vector<Sent> cost(count), last(count), sum(count);
  std::vector<double> worst(count);
  std::vector<std::int64_t> cpu_ns(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (i == returns) continue;
    const auto asking = cost_of_asking(cluster, i);
    const auto sent = sent_by(cluster, i);
    if (!asking || !sent) return false;
    cost[i] = *asking;
    last[i] = *sent;
    cpu_ns[i] = vitals_of(cluster.nodes()[i].pid).cpu_ns;
  }
  cost[returns] = cost[returns == 0 ? 1 : 0];
  cluster.restart(returns);
  const Clock::time_point begun = Clock::now();
  Clock::time_point looked = begun;
  for (int second = 0; second < seconds; ++second) {
    e2e::sleep_ms(1'000);
    const double span = Span{looked, Clock::now()}.seconds();
    looked = Clock::now();
    for (std::size_t i = 0; i < count; ++i) {
      const auto sent = sent_by(cluster, i);
      if (!sent) continue;  // it has not opened its door yet
      const Sent more = *sent - last[i] - cost[i];
      last[i] = *sent;
      sum[i] = {sum[i].datagrams + more.datagrams, sum[i].bytes + more.bytes};
      worst[i] = std::max(worst[i], more.datagrams / span);
    }
  }
  app::Table table({"RETURN-OF-" + std::to_string(returns + 1), "WORST-DGRAMS/S", "DGRAMS", "KIB", "CPU-MS"});
  for (std::size_t i = 0; i < count; ++i) {
    table.add({std::to_string(i + 1), fixed(worst[i], 0), fixed(sum[i].datagrams, 0),
               fixed(sum[i].bytes / 1'024, 0),
               fixed(static_cast<double>(vitals_of(cluster.nodes()[i].pid).cpu_ns - cpu_ns[i]) / 1e6, 0)});
  }
  std::printf("%s(in %.0f s)\n", table.text().c_str(), Span{begun, Clock::now()}.seconds());
  return true;
}

int run(const Options& options) {
  const e2e::TemporaryDirectory directory("quiet-bench");
  Report report(bare_node_bytes(directory.path() + "/bare"));
  auto cluster = healthy_cluster("quiet_bench", directory.path() + "/cluster");
  if (!cluster) return 1;
  const auto part = [&](const std::string& situation) {
    e2e::sleep_ms(1'000 * options.settle);
    const auto figures = measure(*cluster, options.seconds);
    if (!figures) std::fprintf(stderr, "quiet_bench: a node did not answer: %s\n", situation.c_str());
    if (figures) report.add(situation, *figures);
    return figures.has_value();
  };
  if (!part("all up")) return 1;
  const std::size_t killed = cluster->busiest();
  cluster->kill(killed);
  if (!cluster->wait_healthy(30)) {
    std::fprintf(stderr, "quiet_bench: groups have no leader 30 s after a node was killed\n");
    return 1;
  }
  if (!part("one killed")) return 1;
  if (!watch_return(*cluster, killed, options.seconds)) {
    std::fprintf(stderr, "quiet_bench: a node did not answer while one returned\n");
    return 1;
  }
  if (!part("it is back")) return 1;
  report.print();
  return 0;
}

}  // namespace
}  // namespace nodedb::bench

int main(int count, char** words) {
  nodedb::bench::Options options;
  if (!nodedb::bench::take_arguments(
          count, words, {{"--seconds", &options.seconds, 1, 3'600}, {"--settle", &options.settle, 0, 600}})) {
    std::fprintf(stderr, "usage: quiet_bench [--seconds N] [--settle N]\n");
    return 2;
  }
  return nodedb::bench::run(options);
}
