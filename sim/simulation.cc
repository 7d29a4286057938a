// SPDX-License-Identifier: Apache-2.0
#include "nodedb/cluster/simulation.h"

#include <utility>

#include "sim/visitors.h"
#include "sim/world.h"

namespace nodedb {

namespace {

sim::Climate climate_of(const SimulationOptions& options, std::uint64_t seed) {
  sim::Climate climate = sim::draw_climate(seed, options.trouble_ns);
  if (options.clients > 0) climate.clients = options.clients;
  climate.vshards = options.vshards;
  return climate;
}

}  // namespace

SimulationReport simulate(const SimulationOptions& options,
                          const std::function<std::unique_ptr<const StateMachine>()>& machine,
                          const std::function<std::unique_ptr<Workload>()>& workload,
                          const std::function<std::string(const Simulated&)>& check) {
  SimulationReport report;
  for (std::uint64_t seed = options.first_seed; report.runs < options.seeds; ++seed) {
    Simulated seen;
    seen.seed = seed;
    const std::unique_ptr<Workload> clients = workload();
    sim::Application application;
    application.machine = machine;
    application.crowd = [&](const sim::Climate& climate, sim::Schedule& schedule, sim::Servers& servers,
                            sim::Oracle&, Rng rng) {
      return std::make_unique<sim::Visitors>(sim::Visitors::Around{climate, schedule, servers}, *clients,
                                             seen.calls, rng);
    };
    sim::World world(climate_of(options, seed), {}, {}, application);
    const sim::Report run = world.run();
    ++report.runs;
    report.answers += run.answers;
    if (run.violation)
      report.problem = run.violation->rule + ": " + run.violation->what;
    else if (const std::string complaint = check(seen); !complaint.empty())
      report.problem = "check: " + complaint;
    if (report.problem.empty()) continue;
    report.seed = seed;
    report.calls = std::move(seen.calls);
    return report;
  }
  return report;
}

}  // namespace nodedb
