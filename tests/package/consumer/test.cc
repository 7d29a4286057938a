// SPDX-License-Identifier: Apache-2.0
// The tally under test, as its authors would: by the conformance suite and on simulated clusters.
#include <nodedb/cluster/conformance.h>
#include <nodedb/cluster/simulation.h>

#include <cstdio>

#include "tally.h"

namespace {

class Talkers final : public nodedb::Workload {
 public:
  nodedb::SimulatedRequest next(std::uint64_t, nodedb::Rng& luck) override {
    return {nodedb::VShardId(static_cast<std::uint16_t>(luck.below(4))), luck.chance(0.5), "whale"};
  }
  std::vector<nodedb::SimulatedRequest> last() override { return {{nodedb::VShardId(0), false, "whale"}}; }
};

}  // namespace

int main() {
  const auto make = [] { return std::make_unique<const Tally>(); };
  for (const std::string& what : nodedb::check_state_machine(make, {{"whale", "sea"}, {"whale"}}))
    std::printf("%s\n", what.c_str());
  nodedb::SimulationOptions options;
  options.seeds = 3;
  const auto report = nodedb::simulate(
      options, make, [] { return std::make_unique<Talkers>(); }, [](const nodedb::Simulated&) { return ""; });
  std::printf("%d runs%s\n", static_cast<int>(report.runs), report.problem.c_str());
}
