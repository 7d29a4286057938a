// SPDX-License-Identifier: Apache-2.0
#pragma once

// Clients of somebody else's state machine (nodedb/cluster/simulation.h): each does what the workload says,
// one request after another, through whatever node it happens to talk to, and writes down what it did and
// saw.

#include <map>
#include <string>
#include <vector>

#include "nodedb/cluster/simulation.h"
#include "sim/crowd.h"

namespace nodedb::sim {

class Visitors final : public Crowd {
 public:
  struct Around {
    const Climate& climate;
    Schedule& schedule;
    Servers& servers;
  };
  /// `seen` gets the calls in the end; it and `workload` outlive the crowd.
  Visitors(Around around, Workload& workload, std::vector<SimulatedCall>& seen, Rng rng);

  void start() override;
  void stop() override { stopped_ = true; }
  void answered(node::ClientReply reply) override;
  void broken(std::size_t node) override;
  void probe(const std::vector<std::size_t>& nodes) override;
  std::size_t probing() const override;
  std::string probe_text() const override;
  std::uint64_t answers() const override { return answers_; }
  void judge(Report& report) override;

 private:
  struct Visitor {
    std::uint64_t number = 0;
    std::size_t node = 0;
    std::vector<SimulatedRequest> list;  ///< of who only asks in the end; the next one last
    bool lists = false;
    SimulatedCall now;
    std::uint64_t tag = 0;  ///< of the request that it waits for; 0: none
  };

  void think(std::size_t v);
  void begin(std::size_t v);
  void finish(std::size_t v, Result<Answer> answer);
  std::int64_t around(std::int64_t mean) { return mean / 2 + rng_.between(0, mean); }

  Around around_;
  Workload& workload_;
  std::vector<SimulatedCall>& seen_;
  Rng rng_;
  std::vector<Visitor> visitors_;
  std::map<std::uint64_t, std::size_t> waiting_;  ///< tag → visitor
  std::uint64_t last_tag_ = 0;
  std::uint64_t answers_ = 0;
  bool stopped_ = false;
};

}  // namespace nodedb::sim
