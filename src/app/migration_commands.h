// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster migration start | ls | show | cancel | undo | history` and `ghost ls`. What is told of
// migrations is the word of the node that drives them.

#include <string>

#include "app/exit_code.h"
#include "app/operator_commands.h"

namespace nodedb::app {

struct MigrationStart {
  std::string vshards;      ///< "7" or "10-19"; or
  std::int64_t random = 0;  ///< so many at random
  std::string seed;         ///< of the choice, a number; empty: any
  std::string from;         ///< node; empty: chosen so that replicas stay spread
  std::string to;
  std::string pause_budget = "500ms";
};
struct MigrationWait {
  bool wait = false;
  std::string timeout = "0";  ///< 0: for ever
};

/// With `wait`: Exit::ok when all completed, Exit::failed when one was aborted, Exit::retry when the timeout
/// came first.
Exit run_migration_start(const Operator& from, const MigrationStart& start, const MigrationWait& wait,
                         Output output);
Exit run_migration_list(const Operator& from, Output output);
Exit run_migration_show(const Operator& from, const std::string& id, Output output);
/// With `wait`: Exit::ok when it was undone, Exit::failed when it completed all the same.
Exit run_migration_cancel(const Operator& from, const std::string& id, const MigrationWait& wait,
                          Output output);
/// Starts a migration the other way of one that has completed.
Exit run_migration_undo(const Operator& from, const std::string& id, const MigrationStart& start,
                        const MigrationWait& wait, Output output);
Exit run_migration_history(const Operator& from, Output output);
Exit run_ghost_list(const Operator& from, Output output);

}  // namespace nodedb::app
