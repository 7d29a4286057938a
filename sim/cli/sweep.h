// SPDX-License-Identifier: Apache-2.0
#pragma once

// Many seeds in parallel, each in a child process, so that a broken invariant, which aborts, is one red seed
// and not the end of the sweep.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/cli/arguments.h"

namespace nodedb::sim {

struct Outcome {
  bool red = false;
  std::string what;
  std::int64_t simulated_ns = 0;
  std::int64_t cpu_ns = 0;
  std::uint64_t answers = 0;
  bool undecided = false;
};

class Sweep {
 public:
  /// What is run under the number of a seed, and how people run it again.
  struct Runner {
    std::function<Report(std::uint64_t)> run;
    std::function<std::string(std::uint64_t)> replay;
  };

  /// Worlds by seed. `a` must outlive the sweep.
  explicit Sweep(const Arguments& a);
  Sweep(const Arguments& a, Runner runner) : a_(a), runner_(std::move(runner)) {}

  /// Runs all seeds of the arguments. `progress`: tells on standard output how it goes and what is red.
  const std::map<std::uint64_t, Outcome>& run(bool progress);
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

  [[noreturn]] void work(std::size_t at, int out) const;
  void launch(std::size_t at);
  void wait_for_news();
  void take_lines(Worker& worker);
  void take_outcome(const std::string& line);
  void record(std::uint64_t seed, Outcome outcome);
  void ended(std::size_t i);

  const Arguments& a_;
  Runner runner_;
  std::size_t stride_ = 1;
  bool progress_ = false;
  std::uint64_t reds_ = 0;
  std::vector<Worker> workers_;
  std::map<std::uint64_t, Outcome> outcomes_;
  std::map<std::string, std::uint64_t> marks_;
};

}  // namespace nodedb::sim
