// SPDX-License-Identifier: Apache-2.0
// nodedb-sim: runs worlds. The files of sim/cli are the only ones of sim/ that know files, processes and CPU
// time.

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

#include "sim/bugs.h"
#include "sim/cli/matrix.h"
#include "sim/cli/run.h"
#include "sim/cli/sweep.h"
#include "sim/cli/swim.h"

namespace nodedb::sim {
namespace {

std::string hex(std::uint64_t value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

void write_lines(const std::string& file, const History& history) {
  std::ofstream out(file);
  for (const Operation& operation : history) out << to_json(operation) << '\n';
  if (!out.flush()) bad_usage("cannot write " + file);
}

int run_one(const Arguments& a) {
  std::ofstream trace;
  Listeners listeners;
  if (!a.trace.empty()) {
    trace.open(a.trace);
    if (!trace) bad_usage("cannot write " + a.trace);
    listeners.trace = [&](NodeId node, const node::TraceEvent& event) {
      trace << node::trace_line(node, event);
    };
  }
  if (a.verbose) {
    listeners.notice = [](std::int64_t at, const std::string& text) {
      std::cout << seconds(at) << "  " << text << '\n' << std::flush;
    };
    std::cout << describe(climate_of(a, a.first)) << '\n';
  }
  const double start = cpu_seconds();
  const Report report = run_world(a, a.first, std::move(listeners));
  const double used = cpu_seconds() - start;
  if (!a.history.empty()) write_lines(a.history, report.history);
  if (report.violation) {
    for (const Operation& operation : report.witness) std::cout << to_json(operation) << '\n';
    std::cout << "seed " << a.first << " RED at " << seconds(report.violation->at_ns)
              << " s: " << report.violation->rule << ": " << report.violation->what
              << "\n  climate: " << describe(climate_of(a, a.first)) << "\n  replay: " << replay(a, a.first)
              << '\n';
  } else {
    std::cout << "seed " << a.first << " green"
              << (report.undecided.empty()
                      ? ""
                      : " (the history of key " + report.undecided + " was too much for the checker)")
              << '\n';
  }
  std::cout << "trace hash " << hex(report.digest) << ", " << seconds(report.simulated_ns) << " simulated s, "
            << report.answers << " answers, " << report.messages << " messages, " << report.actions
            << " events, "
            << static_cast<std::int64_t>(static_cast<double>(report.simulated_ns) / 1e9 /
                                         std::max(used, 1e-6))
            << " simulated s per CPU s\n";
  return report.violation ? red_exit : 0;
}

int run_sweep(const Arguments& a) {
  Sweep sweep(a);
  const auto& outcomes = sweep.run(true);
  std::int64_t simulated = 0;
  std::int64_t cpu = 0;
  std::uint64_t answers = 0;
  std::size_t undecided = 0;
  std::vector<std::uint64_t> red;
  std::string unsure;
  for (const auto& [seed, outcome] : outcomes) {
    simulated += outcome.simulated_ns;
    cpu += outcome.cpu_ns;
    answers += outcome.answers;
    undecided += outcome.undecided;
    if (outcome.undecided) unsure += ' ' + std::to_string(seed);
    if (outcome.red) red.push_back(seed);
  }
  std::cout << "what happened:";
  for (const auto& [mark, times] : sweep.marks()) std::cout << ' ' << mark << '=' << times;
  std::cout << '\n'
            << outcomes.size() << " seeds, " << red.size() << " red, " << undecided << " undecided; "
            << answers << " answers in " << seconds(simulated) << " simulated s, "
            << static_cast<std::int64_t>(static_cast<double>(simulated) /
                                         static_cast<double>(std::max<std::int64_t>(cpu, 1)))
            << " simulated s per CPU s\n";
  if (!unsure.empty()) std::cout << "a history was too much for the checker:" << unsure << '\n';
  for (const std::uint64_t seed : red) std::cout << "red: " << seed << '\n';
  return red.empty() && outcomes.size() == a.seeds.size() ? 0 : red_exit;
}

/// The lowest seed that finds the bug, looked for in portions so that no time is lost after it.
int hunt(const Arguments& a) {
  int missed = 0;
  std::cout << "| bug | what is wrong | seeds | how it shows |\n|---|---|---|---|\n";
  for (const PlantedBug& bug : planted_bugs()) {
    if (!a.bug.empty() && a.bug != bug.name) continue;
    Arguments portion = a;
    portion.bug = bug.name;
    std::string found = "not found";
    std::string how;
    for (std::uint64_t from = 1; from <= a.limit && how.empty(); from += 2 * a.jobs) {
      portion.seeds.clear();
      for (std::uint64_t seed = from; seed <= std::min(a.limit, from + 2 * a.jobs - 1); ++seed) {
        portion.seeds.push_back(seed);
      }
      const auto outcomes = Sweep(portion).run(false);
      const auto red = std::ranges::find_if(outcomes, [](const auto& o) { return o.second.red; });
      if (red == outcomes.end()) continue;
      found = std::to_string(red->first);
      how = red->second.what;
    }
    missed += how.empty();
    std::cout << "| " << bug.name << " | " << bug.what << " | " << found << " | " << how << " |\n"
              << std::flush;
  }
  return missed == 0 ? 0 : red_exit;
}

bool still_red(Arguments a) {
  a.seeds = {a.first};
  return Sweep(a).run(false).begin()->second.red;
}

int shrink(Arguments a) {
  if (!still_red(a)) {
    std::cout << "seed " << a.first << " is green: nothing to shrink\n";
    return 0;
  }
  for (std::size_t i = 0; i < fault_count; ++i) {
    if (!climate_of(a, a.first).faults[i]) continue;
    Arguments milder = a;
    milder.without.emplace_back(name(static_cast<Fault>(i)));
    if (still_red(milder)) a = milder;
  }
  for (std::int64_t half = a.duration_ns / 2; half >= ns_per_s; half /= 2) {
    Arguments shorter = a;
    shorter.duration_ns = half / ns_per_s * ns_per_s;
    if (!still_red(shorter)) break;
    a = shorter;
  }
  std::cout << describe(climate_of(a, a.first)) << "\nreplay: " << replay(a, a.first) << '\n';
  return red_exit;
}

int list_bugs() {
  for (const PlantedBug& bug : planted_bugs()) std::cout << bug.name << "  " << bug.what << '\n';
  return 0;
}

}  // namespace
}  // namespace nodedb::sim

int main(int argc, char** argv) {
  using namespace nodedb::sim;
  const Arguments a = parse(argc, argv);
  say_where_it_aborts();
  if (a.crash_matrix) return run_crash_matrix(a);
  if (a.swim) return run_swim_study(a);
  if (a.bugs) return hunt(a);
  if (a.bug == "list") return list_bugs();
  if (a.shrink) return shrink(a);
  return a.seeds.empty() ? run_one(a) : run_sweep(a);
}
