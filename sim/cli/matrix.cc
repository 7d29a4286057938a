// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/matrix.h"

#include <algorithm>
#include <iostream>
#include <map>

#include "sim/cli/run.h"
#include "sim/cli/sweep.h"
#include "sim/crash_matrix.h"

namespace nodedb::sim {

namespace {

std::string again(const Arguments& a, const Case& one) {
  return "nodedb-sim --crash-matrix --only " + one.name + (a.bug.empty() ? "" : " --bug " + a.bug);
}

int run_case(const Arguments& a, const Case& one) {
  Listeners listeners;
  if (a.verbose) {
    listeners.notice = [](std::int64_t at, const std::string& text) {
      std::cout << seconds(at) << "  " << text << '\n' << std::flush;
    };
  }
  const Report report = one.play(bugs_of(a.bug), std::move(listeners));
  std::cout << "case " << one.name;
  if (report.violation) {
    std::cout << " RED at " << seconds(report.violation->at_ns) << " s: " << report.violation->rule << ": "
              << report.violation->what << '\n';
    return red_exit;
  }
  std::cout << " green";
  for (const auto& [mark, times] : report.marks) {
    if (mark.starts_with("ended-")) std::cout << ", " << mark;
  }
  std::cout << '\n';
  return 0;
}

/// `leads/write-012/after/writer` is of kind `leads/write`.
std::string kind_of(const Case& one) {
  const std::size_t scene = one.name.find('/') + 1;
  return one.name.substr(0, one.name.find_first_of("-/", scene));
}

}  // namespace

int run_crash_matrix(const Arguments& a) {
  const std::vector<Case> cases = crash_matrix();
  if (!a.only.empty()) {
    const auto one = std::ranges::find(cases, a.only, &Case::name);
    if (one == cases.end()) bad_usage("no such case: " + a.only);
    return run_case(a, *one);
  }
  Arguments numbers = a;
  numbers.seeds.clear();
  std::map<std::string, std::size_t> kinds;
  for (std::size_t i = 0; i < cases.size(); i += a.every) {
    numbers.seeds.push_back(i);
    ++kinds[kind_of(cases[i])];
  }
  Sweep sweep(numbers, {[&](std::uint64_t number) { return cases[number].play(bugs_of(a.bug), {}); },
                        [&](std::uint64_t number) { return again(a, cases[number]); }});
  std::int64_t cpu_ns = 0;
  std::vector<std::string> red;
  for (const auto& [number, outcome] : sweep.run(true)) {
    cpu_ns += outcome.cpu_ns;
    if (outcome.red) red.push_back(cases[number].name);
  }
  for (const auto& [kind, count] : kinds) std::cout << kind << "=" << count << ' ';
  std::cout << '\n';
  for (const auto& [mark, times] : sweep.marks()) {
    if (mark.starts_with("ended-")) std::cout << mark << '=' << times << ' ';
  }
  std::cout << '\n'
            << numbers.seeds.size() << " cases, " << red.size() << " red, " << seconds(cpu_ns) << " CPU s\n";
  for (const std::string& name : red) std::cout << "red: " << name << '\n';
  return red.empty() ? 0 : red_exit;
}

}  // namespace nodedb::sim
