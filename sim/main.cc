// SPDX-License-Identifier: Apache-2.0
// nodedb-sim: runs worlds. Seeds of a sweep run in child processes, so that a broken invariant, which aborts,
// is one red seed and not the end of the sweep. The only file of sim/ that knows files, processes and CPU
// time.

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "sim/bugs.h"
#include "sim/world.h"

namespace nodedb::sim {
namespace {

constexpr int red_exit = 1;
constexpr int usage_exit = 64;

constexpr std::string_view usage = R"(nodedb-sim: a cluster in one thread under one seed

  nodedb-sim --seed S [--history FILE] [--trace FILE] [--verbose]   one run; prints a hash of everything
  nodedb-sim --seeds A..B [--jobs N]                                many, in parallel
  nodedb-sim --seeds-of FILE [--jobs N]                             the first word of each line; # comments
  nodedb-sim --bugs [--bug NAME] [--limit N]                        hunts each planted bug: seeds it takes
  nodedb-sim --seed S --shrink                                      leaves out faults while it stays red

  --duration SECONDS   of trouble, simulated (60)
  --bug NAME           plant a bug; --bug list names them
  --without A,B        switch faults of the climate off
  --vshards N          instead of the few that the climate draws; at most 1024
)";

struct Arguments {
  std::uint64_t first = 1;           ///< --seed
  std::vector<std::uint64_t> seeds;  ///< what a sweep runs
  std::int64_t duration_ns = 60 * ns_per_s;
  std::size_t jobs = std::max(1u, std::thread::hardware_concurrency());
  std::uint64_t limit = 1'000;
  std::string history;
  std::string trace;
  std::string bug;
  std::vector<std::string> without;
  std::uint32_t vshards = 0;  ///< 0: as drawn
  bool bugs = false;
  bool shrink = false;
  bool verbose = false;
};

[[noreturn]] void bad_usage(const std::string& why) {
  std::cerr << "nodedb-sim: " << why << "\n\n" << usage;
  std::exit(usage_exit);
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    bad_usage("not a number: " + std::string(text));
  return value;
}

void parse_seeds(Arguments& a, std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) bad_usage("--seeds wants A..B");
  const std::uint64_t last = number(text.substr(dots + 2));
  for (std::uint64_t seed = number(text.substr(0, dots)); seed <= last; ++seed) a.seeds.push_back(seed);
  if (a.seeds.empty()) bad_usage("--seeds: the range is empty");
}

void read_seeds(Arguments& a, const std::string& file) {
  std::ifstream in(file);
  if (!in) bad_usage("cannot read " + file);
  for (std::string line; std::getline(in, line);) {
    const std::string word = line.substr(0, line.find(' '));
    if (!word.empty() && word.front() != '#') a.seeds.push_back(number(word));
  }
}

void parse_faults(Arguments& a, std::string_view text) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    a.without.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
}

Arguments parse(int argc, char** argv) {
  Arguments a;
  bool any = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    const auto value = [&]() -> std::string_view {
      if (i + 1 >= argc) bad_usage(std::string(flag) + " wants a value");
      return argv[++i];
    };
    if (flag == "--seed") {
      a.first = number(value());
      any = true;
    } else if (flag == "--seeds") {
      parse_seeds(a, value());
      any = true;
    } else if (flag == "--seeds-of") {
      read_seeds(a, std::string(value()));
      any = true;
    } else if (flag == "--duration") {
      a.duration_ns = static_cast<std::int64_t>(number(value())) * ns_per_s;
    } else if (flag == "--jobs") {
      a.jobs = std::max<std::size_t>(1, number(value()));
    } else if (flag == "--limit") {
      a.limit = number(value());
    } else if (flag == "--history") {
      a.history = value();
    } else if (flag == "--trace") {
      a.trace = value();
    } else if (flag == "--bug") {
      a.bug = value();
      if (a.bug != "list" && find_bug(a.bug) == nullptr)
        bad_usage("no such bug: " + a.bug + "; --bug list names them");
    } else if (flag == "--without") {
      parse_faults(a, value());
    } else if (flag == "--vshards") {
      a.vshards = static_cast<std::uint32_t>(number(value()));
      if (a.vshards < 1 || a.vshards > vshard_count) bad_usage("--vshards: 1 to 1024");
    } else if (flag == "--bugs") {
      a.bugs = any = true;
    } else if (flag == "--shrink") {
      a.shrink = true;
    } else if (flag == "--verbose") {
      a.verbose = true;
    } else {
      bad_usage("unknown argument: " + std::string(flag));
    }
  }
  if (!any && a.bug != "list") bad_usage("nothing to do");
  return a;
}

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

std::string seconds(std::int64_t ns) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", static_cast<double>(ns) / 1e9);
  return text.data();
}

std::string hex(std::uint64_t value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

Climate climate_of(const Arguments& a, std::uint64_t seed) {
  Climate climate = draw_climate(seed, a.duration_ns);
  if (a.vshards != 0) climate.vshards = a.vshards;
  for (const std::string& off : a.without) {
    bool known = false;
    for (std::size_t i = 0; i < fault_count; ++i) {
      if (name(static_cast<Fault>(i)) != off) continue;
      climate.faults[i] = false;
      known = true;
    }
    if (!known) bad_usage("--without: no such fault: " + off);
  }
  if (!climate.on(Fault::loss)) climate.loss = 0;
  if (!climate.on(Fault::duplicate)) climate.duplicate = 0;
  if (!climate.on(Fault::reorder)) climate.reorder = 0;
  if (!climate.on(Fault::drift)) climate.drift_ppm = 0;
  return climate;
}

Bugs bugs_of(const std::string& name) {
  Bugs bugs;
  if (const PlantedBug* bug = find_bug(name)) bug->plant(bugs);
  return bugs;
}

std::string replay(const Arguments& a, std::uint64_t seed) {
  std::string text = "nodedb-sim --seed " + std::to_string(seed);
  if (a.duration_ns != 60 * ns_per_s) text += " --duration " + std::to_string(a.duration_ns / ns_per_s);
  if (!a.bug.empty()) text += " --bug " + a.bug;
  if (a.vshards != 0) text += " --vshards " + std::to_string(a.vshards);
  for (std::size_t i = 0; i < a.without.size(); ++i) text += (i == 0 ? " --without " : ",") + a.without[i];
  return text + " --verbose";
}

// --- a broken invariant aborts: say where ---

const World* running_world = nullptr;

extern "C" void on_abort(int) {
  std::array<char, 96> text{};
  const long long ms = running_world == nullptr ? 0 : running_world->now_ns() / ns_per_ms;
  const int size =
      std::snprintf(text.data(), text.size(), "aborted at %lld.%03lld simulated s\n", ms / 1000, ms % 1000);
  if (size > 0 && write(STDERR_FILENO, text.data(), static_cast<std::size_t>(size)) < 0) _exit(red_exit);
  std::signal(SIGABRT, SIG_DFL);
  std::raise(SIGABRT);
}

Report run_world(const Arguments& a, std::uint64_t seed, Listeners listeners) {
  World world(climate_of(a, seed), bugs_of(a.bug), std::move(listeners));
  running_world = &world;
  Report report = world.run();
  running_world = nullptr;
  return report;
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

// --- sweeps ---

struct Outcome {
  bool red = false;
  std::string what;
  std::int64_t simulated_ns = 0;
  std::int64_t cpu_ns = 0;
  std::uint64_t answers = 0;
  bool undecided = false;
};

/// Child: runs the seeds from place `at` on, `stride` apart, and reports each by two lines on stdout.
[[noreturn]] void work(const Arguments& a, std::size_t at, std::size_t stride, int out) {
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  for (; at < a.seeds.size(); at += stride) {
    const std::uint64_t seed = a.seeds[at];
    std::printf("\1start %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    const double start = cpu_seconds();
    const Report r = run_world(a, seed, {});
    const auto cpu_ns = static_cast<long long>((cpu_seconds() - start) * 1e9);
    std::string what;
    if (r.violation)
      what = r.violation->rule + " at " + seconds(r.violation->at_ns) + " s: " + r.violation->what;
    std::replace(what.begin(), what.end(), '\n', ' ');
    for (const auto& [mark, count] : r.marks) {
      std::printf("\1mark %s %llu\n", mark.c_str(), static_cast<unsigned long long>(count));
    }
    std::printf("\1done %llu %d %lld %lld %llu %d %s\n", static_cast<unsigned long long>(seed),
                r.violation ? 1 : 0, static_cast<long long>(r.simulated_ns), cpu_ns,
                static_cast<unsigned long long>(r.answers), r.undecided.empty() ? 0 : 1, what.c_str());
    std::fflush(stdout);
  }
  _exit(0);
}

class Sweep {
 public:
  explicit Sweep(const Arguments& a) : a_(a) {}

  const std::map<std::uint64_t, Outcome>& run(bool progress) {
    progress_ = progress;
    stride_ = std::min(a_.jobs, a_.seeds.size());
    for (std::size_t w = 0; w < stride_; ++w) launch(w);
    while (!workers_.empty()) wait_for_news();
    if (progress_) std::cout << '\n';
    return outcomes_;
  }
  const std::map<std::string, std::uint64_t>& marks() const { return marks_; }

 private:
  struct Worker {
    pid_t pid = 0;
    int in = -1;
    std::size_t at = 0;  ///< place of the seed under way
    bool busy = false;
    std::string partial;
    std::string said;
  };

  void launch(std::size_t at) {
    if (at >= a_.seeds.size()) return;
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) bad_usage("no pipe");
    std::cout.flush();
    const pid_t pid = fork();
    if (pid < 0) bad_usage("no fork");
    if (pid == 0) {
      close(ends[0]);
      work(a_, at, stride_, ends[1]);
    }
    close(ends[1]);
    Worker worker;
    worker.pid = pid;
    worker.in = ends[0];
    worker.at = at;
    workers_.push_back(std::move(worker));
  }

  void wait_for_news() {
    std::vector<pollfd> polled;
    for (const Worker& worker : workers_) polled.push_back({worker.in, POLLIN, 0});
    if (poll(polled.data(), polled.size(), -1) < 0) return;
    for (std::size_t i = polled.size(); i-- > 0;) {
      if (polled[i].revents == 0) continue;
      std::array<char, 4096> buffer{};
      const ssize_t size = read(workers_[i].in, buffer.data(), buffer.size());
      if (size > 0) {
        workers_[i].partial.append(buffer.data(), static_cast<std::size_t>(size));
        take_lines(workers_[i]);
      } else {
        ended(i);
      }
    }
  }

  void take_lines(Worker& worker) {
    for (std::size_t end = worker.partial.find('\n'); end != std::string::npos;
         end = worker.partial.find('\n')) {
      const std::string line = worker.partial.substr(0, end);
      worker.partial.erase(0, end + 1);
      if (line.starts_with("\1start ")) {
        const std::uint64_t seed = number(std::string_view(line).substr(7));
        while (a_.seeds[worker.at] != seed) worker.at += stride_;
        worker.busy = true;
        worker.said.clear();
      } else if (line.starts_with("\1mark ")) {
        const std::size_t blank = line.rfind(' ');
        marks_[line.substr(6, blank - 6)] += number(std::string_view(line).substr(blank + 1));
      } else if (line.starts_with("\1done ")) {
        worker.busy = false;
        take_outcome(line);
      } else if (worker.said.size() < 2'000) {
        worker.said += (worker.said.empty() ? "" : " | ") + line;
      }
    }
  }

  void take_outcome(const std::string& line) {
    unsigned long long seed = 0;
    unsigned long long answers = 0;
    int red = 0;
    int undecided = 0;
    long long simulated = 0;
    long long cpu = 0;
    int at = 0;
    if (std::sscanf(line.c_str(), "\1done %llu %d %lld %lld %llu %d %n", &seed, &red, &simulated, &cpu,
                    &answers, &undecided, &at) != 6) {
      return;
    }
    record(seed,
           {red != 0, line.substr(static_cast<std::size_t>(at)), simulated, cpu, answers, undecided != 0});
  }

  void record(std::uint64_t seed, Outcome outcome) {
    reds_ += outcome.red;
    if (outcome.red && progress_) {
      std::cout << "\rseed " << seed << " RED: " << outcome.what << "\n  replay: " << replay(a_, seed)
                << '\n';
    }
    outcomes_[seed] = std::move(outcome);
    const std::size_t count = a_.seeds.size();
    if (progress_ &&
        (isatty(STDOUT_FILENO) != 0 || outcomes_.size() % 100 == 0 || outcomes_.size() == count)) {
      std::cout << (isatty(STDOUT_FILENO) != 0 ? "\r" : "") << outcomes_.size() << " of " << count
                << " seeds, " << reds_ << " red" << (isatty(STDOUT_FILENO) != 0 ? "" : "\n") << std::flush;
    }
  }

  void ended(std::size_t i) {
    Worker worker = std::move(workers_[i]);
    workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i));
    close(worker.in);
    int status = 0;
    waitpid(worker.pid, &status, 0);
    if (!worker.busy) return;
    record(a_.seeds[worker.at], {true, "the process died: " + worker.said, 0, 0, 0, false});
    launch(worker.at + stride_);
  }

  const Arguments& a_;
  std::size_t stride_ = 1;
  bool progress_ = false;
  std::uint64_t reds_ = 0;
  std::vector<Worker> workers_;
  std::map<std::uint64_t, Outcome> outcomes_;
  std::map<std::string, std::uint64_t> marks_;
};

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
  std::signal(SIGABRT, on_abort);
  if (a.bugs) return hunt(a);
  if (a.bug == "list") return list_bugs();
  if (a.shrink) return shrink(a);
  return a.seeds.empty() ? run_one(a) : run_sweep(a);
}
