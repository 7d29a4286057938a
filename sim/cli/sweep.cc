// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/sweep.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <utility>

#include "sim/cli/run.h"

namespace nodedb::sim {

Sweep::Sweep(const Arguments& a)
    : Sweep(a, Runner{[&a](std::uint64_t seed) { return run_world(a, seed, {}); },
                      [&a](std::uint64_t seed) { return sim::replay(a, seed); }}) {}

/// Child: runs the seeds from place `at` on, `stride_` apart, and reports each by two lines on stdout.
[[noreturn]] void Sweep::work(std::size_t at, int out) const {
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  for (; at < a_.seeds.size(); at += stride_) {
    const std::uint64_t seed = a_.seeds[at];
    std::printf("\1start %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    const double start = cpu_seconds();
    const Report r = runner_.run(seed);
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

const std::map<std::uint64_t, Outcome>& Sweep::run(bool progress) {
  progress_ = progress;
  stride_ = std::min(a_.jobs, a_.seeds.size());
  for (std::size_t w = 0; w < stride_; ++w) launch(w);
  while (!workers_.empty()) wait_for_news();
  if (progress_) std::cout << '\n';
  return outcomes_;
}

void Sweep::launch(std::size_t at) {
  if (at >= a_.seeds.size()) return;
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) bad_usage("no pipe");
  std::cout.flush();
  const pid_t pid = fork();
  if (pid < 0) bad_usage("no fork");
  if (pid == 0) {
    close(ends[0]);
    work(at, ends[1]);
  }
  close(ends[1]);
  Worker worker;
  worker.pid = pid;
  worker.in = ends[0];
  worker.at = at;
  workers_.push_back(std::move(worker));
}

void Sweep::wait_for_news() {
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

void Sweep::take_lines(Worker& worker) {
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

void Sweep::take_outcome(const std::string& line) {
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

void Sweep::record(std::uint64_t seed, Outcome outcome) {
  reds_ += outcome.red;
  if (outcome.red && progress_) {
    std::cout << "\rseed " << seed << " RED: " << outcome.what << "\n  replay: " << runner_.replay(seed)
              << '\n';
  }
  outcomes_[seed] = std::move(outcome);
  const std::size_t count = a_.seeds.size();
  if (progress_ && (isatty(STDOUT_FILENO) != 0 || outcomes_.size() % 100 == 0 || outcomes_.size() == count)) {
    std::cout << (isatty(STDOUT_FILENO) != 0 ? "\r" : "") << outcomes_.size() << " of " << count << " seeds, "
              << reds_ << " red" << (isatty(STDOUT_FILENO) != 0 ? "" : "\n") << std::flush;
  }
}

void Sweep::ended(std::size_t i) {
  Worker worker = std::move(workers_[i]);
  workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i));
  close(worker.in);
  int status = 0;
  waitpid(worker.pid, &status, 0);
  if (!worker.busy) return;
  record(a_.seeds[worker.at], {true, "the process died: " + worker.said, 0, 0, 0, false});
  launch(worker.at + stride_);
}

}  // namespace nodedb::sim
