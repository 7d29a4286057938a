// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/swim.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <vector>

#include "sim/swim/study.h"

namespace nodedb::sim {

namespace {

/// SWIM as it was before Lifeguard: one patience for all suspicions, and no doubt about oneself.
void without_lifeguard(PondPlan& plan) {
  plan.options.suspicion_stretch = 1;
  plan.bugs = {
      .never_nacks = true, .suspect_not_told = true, .health_ignored = true, .blames_after_stall = true};
}

double in_seconds(std::int64_t ns) {
  return static_cast<double>(ns) / static_cast<double>(ns_per_s);
}

bool print(const StudyCase& what, bool lifeguard) {
  const StudyFigures f = study(what);
  const auto first = [&](double share) { return in_seconds(percentile(f.first_ns, share)); };
  const auto all = [&](double share) { return in_seconds(percentile(f.all_ns, share)); };
  const auto hourly = [&](std::uint64_t count) { return static_cast<double>(count) / f.member_hours; };
  std::array<char, 200> line{};
  std::snprintf(
      line.data(), line.size(),
      "%5u  %4.0f  %4u  %-9s  %6.1f %6.1f %6.1f  %6.1f %6.1f %6.1f  %6u  %9.1f %9.1f  %9.1f  %6.1f\n",
      what.plan.nodes, what.plan.loss * 100, what.plan.slow, lifeguard ? "lifeguard" : "swim", first(0.5),
      first(0.99), first(1), all(0.5), all(0.99), all(1), f.missed, hourly(f.false_by_any),
      hourly(f.false_by_healthy), hourly(f.false_suspicions), f.messages_per_second);
  std::cout << line.data() << std::flush;
  if (!f.broken.empty()) std::cout << "broken: " << f.broken << '\n';
  return f.broken.empty();
}

}  // namespace

int run_swim_study(const Arguments& a) {
  std::cout
      << "                              first: s               everybody: s              false deaths an "
         "hour\nnodes  loss  slow  protocol   median    p99    max  median    p99    max  missed     "
         "by any by healthy  suspected   msg/s\n";
  bool good = true;
  std::vector<std::uint32_t> sizes{8, 32, 128};
  if (a.members != 0) sizes = {a.members};
  for (const std::uint32_t nodes : sizes) {
    for (const bool slow : {false, true}) {
      for (const double loss : {0.0, 0.01, 0.10}) {
        for (const bool lifeguard : {false, true}) {
          StudyCase what{.plan = {.nodes = nodes, .loss = loss, .slow = slow ? nodes / 8 : 0},
                         .runs = a.runs,
                         .seed = a.first};
          if (!lifeguard) without_lifeguard(what.plan);
          good &= print(what, lifeguard);
        }
      }
    }
  }
  return good ? 0 : red_exit;
}

}  // namespace nodedb::sim
