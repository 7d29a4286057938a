// SPDX-License-Identifier: Apache-2.0
// What a follower that stands still, and then crawls, does to the others: to their clients, and to their
// memory.
//
//   slow_follower_bench [--before 15] [--stopped 60] [--slowed 60] [--run-ms 2] [--period-ms 200]
//                       [--patience 300] [--writers 32] [--bytes 1024] [--leads 0]
//
// Three nodes; writers in a closed loop over all vShards, through two of them. The third
//   before       runs as it should, --before seconds;
//   stopped      stands still (SIGSTOP), --stopped seconds;
//   slowed       runs --run-ms out of every --period-ms, --slowed seconds. 2 of 200 ms is 1 % of a core if
//   one
//                thread is busy, more if several are. It answers pulses, late, so that nobody takes it for
//                dead: as a machine whose disk or processor has gone bad;
//   catching up  runs as it should, until no follower of any group lags by more than 64 entries, --patience
//                seconds at most;
//   after        goes on, --before seconds.
//
// It leads nothing: its leaderships are handed over before, and none is brought home (NODEDB_REBALANCE_AFTER
// is 0). With --leads 1 all is as it is by default: it leads a third at first, and gets that back whenever it
// has been healthy for a while.
//
// Exit status 1: an error (with --leads 1: not those), a write that was lost or applied twice, a follower
// that did not catch up, or a log in memory beyond what the configuration allows for.

#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "app/table.h"
#include "base/limits.h"
#include "base/units.h"
#include "bench/support/arguments.h"
#include "bench/support/counters.h"
#include "bench/support/figures.h"
#include "bench/support/nodes.h"
#include "bench/support/vitals.h"

namespace nodedb::bench {
namespace {

constexpr std::size_t slow = 2;  ///< the index of the node
constexpr std::size_t others = 2;
constexpr std::int64_t lag_entries_max = 64;
constexpr double mib = 1'024 * 1'024;

struct Options {
  int before = 15;
  int stopped = 60;
  int slowed = 60;
  int run_ms = 2;
  int period_ms = 200;
  int patience = 300;
  int writers = 32;
  int bytes = 1'024;
  int leads = 0;
};

/// Of a node at an instant, in MiB.
struct Held {
  double resident = 0;
  double log = 0;   ///< in memory, by its own count
  double disk = 0;  ///< of its data directory

  Held most(const Held& other) const {
    return {std::max(resident, other.resident), std::max(log, other.log), std::max(disk, other.disk)};
  }
};

double bytes_below(const std::string& directory) {
  double sum = 0;
  std::error_code gone;  // files come and go meanwhile
  for (auto file = std::filesystem::recursive_directory_iterator(directory, gone);
       file != std::filesystem::recursive_directory_iterator(); file.increment(gone)) {
    const auto size = file->is_regular_file(gone) ? file->file_size(gone) : 0;
    if (!gone) sum += static_cast<double>(size);
  }
  return sum;
}

/// Lets a process run for the first `run_ms` of every `period_ms` until it goes out of scope; then it runs.
class Crawl {
 public:
  Crawl(pid_t pid, int run_ms, int period_ms)
      : pid_(pid), thread_([this, run_ms, period_ms] {
          while (!over_) {
            ::kill(pid_, SIGCONT);
            e2e::sleep_ms(run_ms);
            ::kill(pid_, SIGSTOP);
            e2e::sleep_ms(period_ms - run_ms);
          }
        }) {}
  ~Crawl() {
    over_ = true;
    thread_.join();
    ::kill(pid_, SIGCONT);
  }
  Crawl(const Crawl&) = delete;
  Crawl& operator=(const Crawl&) = delete;

 private:
  pid_t pid_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

struct Phase {
  std::string name;
  Span span;
  Held end[others];
  Held peak[others];
  std::int64_t lag = 0;  ///< entries, of the worst follower, at the end
  double slow_cpu_percent = 0;
};

class Bench {
 public:
  Bench(e2e::Cluster& cluster, const Options& options) : cluster_(cluster), options_(options) {}

  /// Nothing if all is well, else what is not.
  std::string run() {
    if (options_.leads == 0 && !take_leaderships()) return "the leaderships could not be handed over";
    Counters::Options load;
    load.ports = ports_without(cluster_, slow);
    load.clients = clients_of_all_vshards(options_.writers);
    load.value_bytes = static_cast<std::size_t>(options_.bytes);
    Counters writers(load);
    e2e::sleep_ms(3'000);
    const pid_t pid = cluster_.nodes()[slow].pid;
    phase("before", options_.before);
    ::kill(pid, SIGSTOP);
    phase("stopped", options_.stopped);
    {
      const Crawl crawl(pid, options_.run_ms, options_.period_ms);
      phase("slowed", options_.slowed);
    }
    const bool caught_up = phase("catching up", options_.patience, true);
    phase("after", options_.before);
    writers.stop();
    const std::uint64_t lost = writers.lost(cluster_.nodes()[slow].redis_port) + writers.wrong();
    print(writers);
    std::printf("%llu writes, %llu errors, %llu lost or applied twice; ",
                static_cast<unsigned long long>(writers.operations()),
                static_cast<unsigned long long>(writers.errors()), static_cast<unsigned long long>(lost));
    if (caught_up) std::printf("caught up after %.1f s\n", phases_[3].span.seconds());
    if (!caught_up) std::printf("not caught up after %d s\n", options_.patience);
    const bool bounded = print_caps();
    if (lost > 0) return "writes were lost or applied twice";
    if (writers.errors() > 0 && options_.leads == 0) return "clients saw errors";
    if (!caught_up) return "the follower has not caught up";
    return bounded ? "" : "a log in memory outgrew what the configuration allows for";
  }

 private:
  bool take_leaderships() {
    const auto leads = [&] { return led_by(cluster_, slow); };
    for (int round = 0; round < 5; ++round) {
      const auto led = leads();
      if (led.empty()) return true;
      for (const VShardId vshard : led) hand_over(cluster_, vshard, slow, vshard.value % others);
      e2e::sleep_ms(1'000);
    }
    return leads().empty();
  }

  Held held(std::size_t index, const app::Json& status) const {
    const e2e::Cluster::Node& node = cluster_.nodes()[index];
    return {static_cast<double>(vitals_of(node.pid).resident_bytes) / mib,
            static_cast<double>(status["log_bytes"].number()) / mib, bytes_below(node.data) / mib};
  }

  /// Looks at the others every second. With `until_level` it is over, and true, once no follower lags.
  bool phase(const char* name, int seconds, bool until_level = false) {
    Phase one;
    one.name = name;
    one.span = {Clock::now(), {}};
    const pid_t pid = cluster_.nodes()[slow].pid;
    const std::int64_t cpu_before = vitals_of(pid).cpu_ns;
    bool level = false;
    for (int second = 1; second <= seconds && !level; ++second) {
      std::this_thread::sleep_until(one.span.from + std::chrono::seconds(second));
      bool known = true;
      std::int64_t lag = 0;
      for (std::size_t i = 0; i < others; ++i) {
        const auto status = cluster_.status(i);
        known = known && status;
        if (!status) continue;
        lag = std::max(lag, (*status)["lag_entries_max"].number());
        one.end[i] = held(i, *status);
        one.peak[i] = one.peak[i].most(one.end[i]);
      }
      one.lag = lag;
      level = until_level && known && lag <= lag_entries_max;
    }
    one.span.to = Clock::now();
    one.slow_cpu_percent =
        100 * static_cast<double>(vitals_of(pid).cpu_ns - cpu_before) / 1e9 / one.span.seconds();
    std::fprintf(stderr, "%s: %.0f s\n", name, one.span.seconds());
    phases_.push_back(one);
    return level;
  }

  void print(const Counters& writers) const {
    app::Table table({"PHASE", "SECONDS",    "OPS/S", "P50-MS", "P99-MS", "MAX-MS", "P50-X",
                      "P99-X", "SLOW-CPU-%", "LAG",   "RSS-1",  "PEAK",   "RSS-2",  "PEAK",
                      "LOG-1", "PEAK",       "LOG-2", "PEAK",   "DISK-1", "DISK-2"});
    double p50_before = 0, p99_before = 0;
    for (const Phase& one : phases_) {
      const std::vector<double> ms = writers.took_ms(one.span);
      const double p50 = at(ms, 0.5), p99 = at(ms, 0.99);
      const auto times = [](double now, double then) { return then > 0 ? fixed(now / then, 2) : "-"; };
      const auto& [first, second] = one.end;
      table.add({one.name,
                 fixed(one.span.seconds(), 1),
                 fixed(static_cast<double>(ms.size()) / one.span.seconds(), 0),
                 fixed(p50, 2),
                 fixed(p99, 2),
                 fixed(at(ms, 1), 1),
                 times(p50, p50_before),
                 times(p99, p99_before),
                 fixed(one.slow_cpu_percent, 1),
                 std::to_string(one.lag),
                 fixed(first.resident, 0),
                 fixed(one.peak[0].resident, 0),
                 fixed(second.resident, 0),
                 fixed(one.peak[1].resident, 0),
                 fixed(first.log, 0),
                 fixed(one.peak[0].log, 0),
                 fixed(second.log, 0),
                 fixed(one.peak[1].log, 0),
                 fixed(first.disk, 0),
                 fixed(second.disk, 0)});
      p50_before = p50;
      p99_before = p99;
    }
    std::printf(
        "%s-X: times the phase before; LAG: entries of the worst follower, at the end; RSS, LOG (in "
        "memory), DISK of the two others, MiB, at the end of the phase\n",
        table.text().c_str());
  }

  bool print_caps() const {
    const app::Config config = configuration();
    double log = 0, resident = 0;
    for (const Phase& one : phases_)
      for (const Held& held : one.peak) {
        log = std::max(log, held.log);
        resident = std::max(resident, held.resident);
      }
    const double cap = static_cast<double>(config.memory().of(app::Consumer::log)) / mib;
    const double for_slow = static_cast<double>(config.log_bytes_per_group) * (vshard_count + 1) / mib;
    std::printf(
        "log in memory: peak %.0f MiB; log_bytes_per_node is %.0f MiB (%s), log_bytes_per_group %.1f "
        "MiB for a slow follower (%.0f MiB for all groups)\nresident: peak %.0f MiB; what waits for one "
        "peer is at most %.0f MiB on the log's stream\n",
        log, cap, log <= cap ? "kept" : "exceeded", static_cast<double>(config.log_bytes_per_group) / mib,
        for_slow, resident, static_cast<double>(limits::send_queue_bytes_max) / mib);
    return log <= cap;
  }

  e2e::Cluster& cluster_;
  Options options_;
  std::vector<Phase> phases_;
};

int run(const Options& options) {
  if (options.leads == 0) ::setenv("NODEDB_REBALANCE_AFTER", "0s", 1);
  const e2e::TemporaryDirectory directory("slow-follower-bench");
  auto cluster = healthy_cluster("slow_follower_bench", directory.path());
  if (!cluster) return 1;
  const std::string complaint = Bench(*cluster, options).run();
  if (complaint.empty()) return 0;
  std::fprintf(stderr, "slow_follower_bench: %s\n", complaint.c_str());
  return 1;
}

}  // namespace
}  // namespace nodedb::bench

int main(int count, char** words) {
  nodedb::bench::Options options;
  const bool taken = nodedb::bench::take_arguments(count, words,
                                                   {{"--before", &options.before, 1, 3'600},
                                                    {"--stopped", &options.stopped, 1, 3'600},
                                                    {"--slowed", &options.slowed, 1, 3'600},
                                                    {"--run-ms", &options.run_ms, 1, 10'000},
                                                    {"--period-ms", &options.period_ms, 2, 10'000},
                                                    {"--patience", &options.patience, 1, 3'600},
                                                    {"--writers", &options.writers, 1, 1'024},
                                                    {"--bytes", &options.bytes, 1, 65'536},
                                                    {"--leads", &options.leads, 0, 1}});
  if (!taken || options.run_ms >= options.period_ms) {
    std::fprintf(stderr,
                 "usage: slow_follower_bench [--before N] [--stopped N] [--slowed N] [--run-ms N] "
                 "[--period-ms N] [--patience N] [--writers N] [--bytes N] [--leads 0|1]\n");
    return 2;
  }
  return nodedb::bench::run(options);
}
