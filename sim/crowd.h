// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who uses the simulated cluster: clients that come and go with the world's time, and judge in the end what
// they were told. Which state machine they know the world does not care.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "node/event.h"
#include "node/turn.h"
#include "nodedb/cluster/state_machine.h"
#include "sim/climate.h"
#include "sim/oracle.h"
#include "sim/schedule.h"

namespace nodedb::sim {

struct Report;

/// What clients are connected to.
struct Servers {
  virtual ~Servers() = default;
  /// False: nobody listens there; surely not done.
  virtual bool request(std::size_t node, node::ClientRequest request) = 0;
};

class Crowd {
 public:
  virtual ~Crowd() = default;
  virtual void start() = 0;
  /// No new operations; open ones end by themselves.
  virtual void stop() = 0;
  /// In an instant `node` may lead the vShard no longer and not know it: a crowd that can look closely does.
  virtual void bear_witness(VShardId, std::size_t, std::int64_t) {}
  virtual void answered(node::ClientReply reply) = 0;
  /// The node's process is gone, and all connections with it.
  virtual void broken(std::size_t node) = 0;

  /// Asks once more through each of `nodes`; each request is repeated until it is answered. Pre: stopped.
  virtual void probe(const std::vector<std::size_t>& nodes) = 0;
  /// How many probes still wait for their answer, and one of them in words.
  virtual std::size_t probing() const = 0;
  virtual std::string probe_text() const = 0;

  virtual std::uint64_t answers() const = 0;
  /// Complains to the oracle, unless there is a violation already.
  virtual void judge(Report& report) = 0;
};

/// What the cluster replicates, and who uses it.
struct Application {
  /// One for each life of each node: what it kept in itself is gone with a crash.
  std::function<std::unique_ptr<const StateMachine>()> machine;
  std::function<std::unique_ptr<Crowd>(const Climate&, Schedule&, Servers&, Oracle&, Rng)> crowd;
};
/// The key-value machine and its clients (sim/clients.h).
Application key_value();

}  // namespace nodedb::sim
