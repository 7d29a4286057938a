// SPDX-License-Identifier: Apache-2.0
#pragma once

// Does the core's tasks over a state store: committed entries become writes and replies, each exactly once,
// in order, with the applied position in the same write (rule R5). Sessions are looked up and kept here, in
// the replicated state, so that a retried write is answered again instead of applied again (rule C5,
// node/session.h). Used by the apply thread and by the simulator alike.

#include <map>
#include <memory>

#include "node/options.h"
#include "node/store.h"
#include "node/task.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb::node {

class Applier {
 public:
  /// `data` serves the vShards, `metadata` group 0. All must outlive the applier.
  Applier(StateStore& store, const StateMachine& data, const StateMachine& metadata, PlantedBugs bugs = {});
  ~Applier();

  /// What was done, to be told once `flush` is finished, if there is one.
  struct Outcome {
    StateDone done;
    std::unique_ptr<StateFlush> flush;
  };
  /// Errors are the store's: disk_full (the task may be given again), disk_failed, damaged.
  Result<Outcome> run(const StateTask& task);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nodedb::node
