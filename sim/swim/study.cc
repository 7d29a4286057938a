// SPDX-License-Identifier: Apache-2.0
#include "sim/swim/study.h"

#include <algorithm>
#include <cmath>

namespace nodedb::sim {

namespace {

constexpr std::int64_t warm_up_ns = 10 * ns_per_s;

struct Deaths {
  Time died = never;
  std::uint32_t victim = 0;
};

/// Verdicts on healthy members that are alive; the victim counts until it dies.
void count_false(const Pond& pond, const Deaths& deaths, StudyFigures& figures) {
  for (const Pond::Seen& seen : pond.seen()) {
    const std::uint32_t of = seen.change.is.node.value;
    if (pond.slow(of) || (of == deaths.victim && seen.at >= deaths.died)) continue;
    if (seen.change.is.standing == swim::Standing::suspect) ++figures.false_suspicions;
    if (seen.change.is.standing != swim::Standing::dead) continue;
    ++figures.false_by_any;
    if (!pond.slow(seen.by.value)) ++figures.false_by_healthy;
  }
}

void run_once(const StudyCase& what, std::uint64_t seed, StudyFigures& figures) {
  Pond pond(seed, what.plan);
  Rng rng(seed ^ 0x5137);
  const Time began = pond.now();
  pond.run(warm_up_ns + what.quiet_ns + rng.between(0, what.plan.options.period_ns));
  const std::uint32_t healthy = what.plan.nodes - what.plan.slow;
  Deaths deaths{pond.now(), static_cast<std::uint32_t>(1 + rng.below(healthy))};
  pond.crash(deaths.victim);

  std::set<std::uint32_t> unaware;
  for (std::uint32_t id = 1; id <= healthy; ++id) {
    if (id != deaths.victim) unaware.insert(id);
  }
  std::size_t looked = pond.seen().size();
  bool noticed = false;
  const bool all = pond.run(what.patience_ns, [&] {
    for (; looked < pond.seen().size(); ++looked) {
      const Pond::Seen& seen = pond.seen()[looked];
      if (seen.change.is.node.value != deaths.victim || seen.change.is.standing != swim::Standing::dead)
        continue;
      if (unaware.erase(seen.by.value) == 0 || noticed) continue;
      noticed = true;
      figures.first_ns.push_back(seen.at - deaths.died);
    }
    return unaware.empty();
  });
  if (all)
    figures.all_ns.push_back(pond.now() - deaths.died);
  else
    ++figures.missed;
  count_false(pond, deaths, figures);
  const double seconds = static_cast<double>(pond.now() - began) / static_cast<double>(ns_per_s);
  figures.member_hours += seconds * healthy / 3600;
  figures.messages_per_second += static_cast<double>(pond.messages()) / seconds / what.plan.nodes / what.runs;
  if (pond.broken()) figures.broken = *pond.broken();
}

}  // namespace

StudyFigures study(const StudyCase& what) {
  StudyFigures figures;
  for (std::uint32_t run = 0; run < what.runs; ++run) run_once(what, what.seed + run, figures);
  std::ranges::sort(figures.first_ns);
  std::ranges::sort(figures.all_ns);
  return figures;
}

std::int64_t percentile(const std::vector<std::int64_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[std::min(sorted.size(), static_cast<std::size_t>(std::max(rank, 1.0))) - 1];
}

}  // namespace nodedb::sim
