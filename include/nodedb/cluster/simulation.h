// SPDX-License-Identifier: Apache-2.0
#pragma once

// Your state machine on a simulated cluster: real node code, replicated on three or five nodes whose network
// loses and repeats, whose disks forget what was not synced, whose clocks drift, which crash, are cut off and
// moved around, all drawn from a seed and replayed exactly by it. Then calm comes, everything must come
// right, and the books are checked: Raft's rules, equal state on all replicas, and whatever you check in what
// your clients saw. One thread; a run of 20 simulated seconds takes a fraction of a second.
//
// Found without any check of yours: a machine that answers or writes differently on two replicas, or after a
// restart; one that halts its vShard; one that never ends.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "base/time.h"
#include "nodedb/cluster/read.h"
#include "nodedb/cluster/request.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb {

/// How much is tried.
struct SimulationOptions {
  std::uint64_t first_seed = 1;             ///< the others follow
  std::uint64_t seeds = 20;                 ///< runs, each of its own climate
  std::int64_t trouble_ns = 20 * ns_per_s;  ///< simulated time of each before calm comes
  std::uint32_t clients = 0;  ///< each does one request after the other; 0: a few, as the seed draws
  std::uint32_t vshards = 4;  ///< only 0 … so many exist, for speed; 1…1,024
};

/// What a client asks for.
struct SimulatedRequest {
  VShardId vshard;     ///< below SimulationOptions::vshards
  bool write = false;  ///< a command; else a query
  Bytes bytes;         ///< a command, or a query
  ReadOptions read{};  ///< of queries; the time-out is the climate's
};

/// One request and what became of it. Times are true simulated time, ns since the world began.
struct SimulatedCall {
  std::uint64_t client = 0;    ///< who, from 0
  std::uint64_t node = 0;      ///< the one that was asked, from 0
  SimulatedRequest request;    ///< as the workload made it
  std::int64_t call_ns = 0;    ///< when it was made
  std::int64_t return_ns = 0;  ///< of an unknown outcome, when the client gave up
  /// Empty: the answer is an error. `effect` of its code says whether a write can have been applied; a client
  /// whose node died, or that lost patience, sees `timeout`.
  Result<Answer> answer;
  bool last = false;  ///< of `Workload::last`: after all has come right
};

/// What the clients of one run do. Drawn from the luck that it is given and from answers, nothing else.
class Workload {
 public:
  virtual ~Workload() = default;
  /// The client's next request.
  virtual SimulatedRequest next(std::uint64_t client, Rng& luck) = 0;
  /// Before the client's next request.
  virtual void answered(const SimulatedCall&) {}
  /// Asked through each node once all has come right, each again until it is answered. At least one.
  virtual std::vector<SimulatedRequest> last() = 0;
};

/// What the clients of one run did and saw.
struct Simulated {
  std::uint64_t seed = 0;  ///< of the run
  /// By completion; those of `last` at the end.
  std::vector<SimulatedCall> calls;
};

/// What came of all runs.
struct SimulationReport {
  std::uint64_t runs = 0;     ///< done, the one that went wrong included
  std::uint64_t answers = 0;  ///< that clients got, over all runs
  std::uint64_t seed = 0;     ///< of the run that went wrong
  std::string problem;        ///< the rule, or "check", and what was seen, in words; empty: no run went wrong
  std::vector<SimulatedCall> calls;  ///< of that run
};

/// Runs the seeds in order and stops at the first that goes wrong. `machine` makes one for each life of each
/// node, `workload` one for each run. `check` looks at a run that was fine otherwise; what it says is the
/// problem, empty if there is none. Throws nothing of its own.
SimulationReport simulate(const SimulationOptions& options,
                          const std::function<std::unique_ptr<const StateMachine>()>& machine,
                          const std::function<std::unique_ptr<Workload>()>& workload,
                          const std::function<std::string(const Simulated&)>& check);

}  // namespace nodedb
