// SPDX-License-Identifier: Apache-2.0
// How fast a replica is rebuilt, beside what the same machine carries without us.
//
//   rebuild_bench [--rounds 3] [--seconds 2] [--mib 1024] [--vshards 4] [--writers 8]
//
// First transports alone, two ends on loopback in this process, one after the other in each round:
//
//   tcp    plain TCP
//   tls    TLS 1.3 over one TCP connection
//   bare   ngtcp2 with nothing around it (bare_end.h)
//   ours   the transport between nodes: chunks of snapshots in a window, requests, pulses
//
// with three loads: bulk; 64 small messages on their way, each sent back; a pulse each 2 ms beside bulk. CPU
// is of both ends together. The bar: within 1.4 times of `bare` in each.
//
// Then a cluster (--mib 0: none): --mib MiB in --vshards vShards move from a node to a fourth and back, with
// the limit on snapshots lifted and at its default, while clients write to other vShards, each in a closed
// loop.

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <thread>

#include "bench/rebuild/carrier.h"
#include "bench/rebuild/cluster.h"
#include "bench/support/arguments.h"
#include "bench/support/figures.h"
#include "bench/support/nodes.h"

namespace nodedb::bench {
namespace {

constexpr double bar = 1.4;
constexpr double p99_bar = 2;
constexpr int outstanding = 64;
constexpr int settle_ms = 300;
constexpr const char* no_limit = "16GiB";

struct Options {
  int rounds = 3;
  int seconds = 2;
  ClusterLoad cluster;
};

/// Of one carrier; the medians of all rounds are printed.
struct Figures {
  std::vector<double> bulk_mb_s;
  std::vector<double> bulk_ns_kb;  ///< CPU
  std::vector<double> messages_s;
  std::vector<double> message_us;  ///< CPU
  std::vector<double> pulse_p50_ms;
  std::vector<double> pulse_p99_ms;
  std::vector<double> beside_mb_s;  ///< bulk beside the pulses
};

struct Contender {
  const char* name;
  Carried (*carry)(const TwoNodes&, Load, Tally&);
  bool messages = false;
  bool pulses = false;
  Figures figures;
};

double cpu_s() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Measured {
  double seconds = 0;
  double cpu_s = 0;
  double bytes = 0;
  double messages = 0;
  std::vector<double> pulses_ms;
};

/// Nothing if it cannot be set up.
std::optional<Measured> measure(const Contender& who, const TwoNodes& nodes, Load load, int seconds) {
  Tally tally;
  auto carrier = who.carry(nodes, load, tally);
  if (!carrier) {
    std::fprintf(stderr, "rebuild_bench: %s: %s\n", who.name, carrier.error().detail.c_str());
    return std::nullopt;
  }
  e2e::sleep_ms(settle_ms);
  Measured made;
  const double cpu = cpu_s();
  const auto bytes = tally.bulk_bytes.load();
  const auto messages = tally.messages.load();
  Span span{Clock::now(), {}};
  e2e::sleep_ms(1'000 * seconds);
  span.to = Clock::now();
  made.seconds = span.seconds();
  made.cpu_s = cpu_s() - cpu;
  made.bytes = static_cast<double>(tally.bulk_bytes - bytes);
  made.messages = static_cast<double>(tally.messages - messages);
  carrier->reset();
  made.pulses_ms = std::move(tally.pulses_ms);
  std::ranges::sort(made.pulses_ms);
  return made;
}

bool measure_all(Contender& who, const TwoNodes& nodes, int seconds) {
  Figures& figures = who.figures;
  const auto bulk = measure(who, nodes, {.bulk = true}, seconds);
  if (!bulk) return false;
  figures.bulk_mb_s.push_back(bulk->bytes / 1e6 / bulk->seconds);
  figures.bulk_ns_kb.push_back(bulk->cpu_s * 1e9 / (bulk->bytes / 1024));
  if (who.messages) {
    const auto small = measure(who, nodes, {.outstanding = outstanding}, seconds);
    if (!small) return false;
    figures.messages_s.push_back(small->messages / small->seconds);
    figures.message_us.push_back(small->cpu_s * 1e6 / small->messages);
  }
  if (who.pulses) {
    const auto beside = measure(who, nodes, {.bulk = true, .pulses = true}, seconds);
    if (!beside) return false;
    figures.pulse_p50_ms.push_back(at(beside->pulses_ms, 0.5));
    figures.pulse_p99_ms.push_back(at(beside->pulses_ms, 0.99));
    figures.beside_mb_s.push_back(beside->bytes / 1e6 / beside->seconds);
  }
  return true;
}

double median(std::vector<double> figures) {
  std::ranges::sort(figures);
  return at(figures, 0.5);
}

/// The median over rounds of a's figure divided by b's of the same round.
double ratio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) ratios.push_back(a[i] / b[i]);
  return median(std::move(ratios));
}

void judge(const char* what, double times) {
  std::printf("%-52s %6.2f   bar: at most %.1f (%s)\n", what, times, bar, times <= bar ? "met" : "not met");
}

bool compare_transports(const Options& options, const TwoNodes& nodes) {
  std::array<Contender, 4> all{
      Contender{"tcp", carry_tcp, false, false, {}}, Contender{"tls", carry_tls, false, true, {}},
      Contender{"bare", carry_bare, true, true, {}}, Contender{"ours", carry_ours, true, true, {}}};
  for (int round = 0; round < options.rounds; ++round)
    for (Contender& one : all)
      if (!measure_all(one, nodes, options.seconds)) return false;
  std::printf("CARRIER  BULK-MB/S  CPU-NS/KB   MESSAGES/S  CPU-US  PULSE-P50-MS  P99-MS  BESIDE-MB/S\n");
  for (const Contender& one : all) {
    const Figures& f = one.figures;
    std::printf("%-7s %10.0f %10.0f %12.0f %7.2f %13.3f %7.3f %12.0f\n", one.name, median(f.bulk_mb_s),
                median(f.bulk_ns_kb), median(f.messages_s), median(f.message_us), median(f.pulse_p50_ms),
                median(f.pulse_p99_ms), median(f.beside_mb_s));
  }
  const Figures& tcp = all[0].figures;
  const Figures& tls = all[1].figures;
  const Figures& bare = all[2].figures;
  const Figures& ours = all[3].figures;
  std::printf("medians of the ratios of %d rounds\n", options.rounds);
  judge("bulk: bare's rate / ours", ratio(bare.bulk_mb_s, ours.bulk_mb_s));
  judge("bulk: our CPU / bare's", ratio(ours.bulk_ns_kb, bare.bulk_ns_kb));
  judge("messages: bare's rate / ours", ratio(bare.messages_s, ours.messages_s));
  judge("messages: our CPU / bare's", ratio(ours.message_us, bare.message_us));
  judge("pulse beside bulk: our p99 / bare's", ratio(ours.pulse_p99_ms, bare.pulse_p99_ms));
  std::printf("%-52s %6.2f\n", "pulse beside bulk: our p99 / tls's",
              ratio(ours.pulse_p99_ms, tls.pulse_p99_ms));
  std::printf("%-52s %6.2f\n", "bulk: our rate / tcp's", ratio(ours.bulk_mb_s, tcp.bulk_mb_s));
  std::fflush(stdout);
  return true;
}

bool rebuild(const ClusterLoad& load, const char* what, const std::string& limit) {
  const auto rebuilt = rebuild_in_cluster(load, limit);
  if (!rebuilt) return false;
  for (std::size_t i = 0; i < rebuilt->size(); ++i) {
    const Rebuilt& one = (*rebuilt)[i];
    const double times = one.p99_ms_during / one.p99_ms_before;
    std::printf(
        "%d MiB in %d vShards, %s, %s: %.1f MiB/s, CPU %.1f ms/MiB; writers' p99 %.1f ms before, %.1f "
        "during: %.2f times, bar: at most %.0f (%s)\n",
        load.mib, load.vshards, what, i == 0 ? "away" : "back", one.mib_per_s, one.cpu_ms_per_mib,
        one.p99_ms_before, one.p99_ms_during, times, p99_bar, times <= p99_bar ? "met" : "not met");
  }
  std::fflush(stdout);
  return true;
}

int run(const Options& options) {
  if (options.rounds > 0) {
    const e2e::TemporaryDirectory directory("rebuild-certs");
    const auto nodes = make_two_nodes(directory.path());
    if (!nodes || !compare_transports(options, *nodes)) return 1;
  }
  if (options.cluster.mib == 0) return 0;
  return rebuild(options.cluster, "no limit", no_limit) && rebuild(options.cluster, "default limit", {}) ? 0
                                                                                                         : 1;
}

}  // namespace
}  // namespace nodedb::bench

int main(int count, char** words) {
  nodedb::bench::Options options;
  auto& cluster = options.cluster;
  if (!nodedb::bench::take_arguments(count, words,
                                     {{"--rounds", &options.rounds, 0, 1'000},
                                      {"--seconds", &options.seconds, 1, 600},
                                      {"--mib", &cluster.mib, 0, 1 << 16},
                                      {"--vshards", &cluster.vshards, 1, 512},
                                      {"--writers", &cluster.writers, 1, 512}})) {
    std::fprintf(stderr,
                 "usage: rebuild_bench [--rounds N] [--seconds N] [--mib N] [--vshards N] [--writers N]\n");
    return 2;
  }
  return nodedb::bench::run(options);
}
