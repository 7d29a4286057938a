// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/arguments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <thread>

#include "base/limits.h"
#include "sim/bugs.h"

namespace nodedb::sim {

namespace {

constexpr int usage_exit = 64;

constexpr std::string_view usage = R"(nodedb-sim: a cluster in one thread under one seed

  nodedb-sim --seed S [--history FILE] [--trace FILE] [--verbose]   one run; prints a hash of everything
  nodedb-sim --seeds A..B [--jobs N]                                many, in parallel
  nodedb-sim --seeds-of FILE [--jobs N]                             the first word of each line; # comments
  nodedb-sim --bugs [--bug NAME] [--limit N]                        hunts each planted bug: seeds it takes
  nodedb-sim --crash-matrix [--only CASE] [--every N]               moves and members, a crash at every write
  nodedb-sim --swim [--runs N] [--members N] [--seed S]             how soon a death is noticed, and false ones
  nodedb-sim --seed S --shrink                                      leaves out faults while it stays red

  --duration SECONDS   of trouble, simulated (60)
  --bug NAME           plant a bug; --bug list names them
  --without A,B        switch faults of the climate off
  --vshards N          instead of the few that the climate draws; at most 1024
)";

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
    if (word.empty() || word.front() == '#') continue;
    const std::uint64_t seed = number(word);
    if (std::ranges::find(a.seeds, seed) != a.seeds.end())
      bad_usage(file + ": seed " + word + " stands twice");
    a.seeds.push_back(seed);
  }
}

void parse_faults(Arguments& a, std::string_view text) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    a.without.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
}

}  // namespace

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

Arguments parse(int argc, char** argv) {
  Arguments a;
  a.jobs = std::max(1u, std::thread::hardware_concurrency());
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
    } else if (flag == "--crash-matrix") {
      a.crash_matrix = any = true;
    } else if (flag == "--swim") {
      a.swim = any = true;
    } else if (flag == "--runs") {
      a.runs = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(number(value()), 1, 10'000));
    } else if (flag == "--members") {
      a.members = static_cast<std::uint32_t>(number(value()));
      if (a.members < 3 || a.members > limits::swim_members_max) bad_usage("--members: 3 to 256");
    } else if (flag == "--only") {
      a.only = value();
    } else if (flag == "--every") {
      a.every = std::max<std::uint64_t>(1, number(value()));
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

std::string seconds(std::int64_t ns) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", static_cast<double>(ns) / 1e9);
  return text.data();
}

}  // namespace nodedb::sim
