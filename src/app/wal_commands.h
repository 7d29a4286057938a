// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster wal check | dump`: a look at a stopped node's Raft log. Changes nothing. docs/formats.md
// says what is in it.

#include <cstdint>
#include <string>

#include "app/exit_code.h"
#include "app/operator_commands.h"

namespace nodedb::app {

struct WalArguments {
  std::string data;          ///< the node's data directory
  std::int64_t vshard = -1;  ///< dump: of this one only; -1: of all, and of the metadata group
};

/// Reads the whole log as a start would. Exit: ok if it is whole, storage if it is damaged, locked while the
/// node runs.
Exit run_wal_check(const WalArguments& arguments, Output output);
/// One line (JSON: one object) for each item of each record, up to the end or to the damage. Payloads, which
/// are users' data, are not shown.
Exit run_wal_dump(const WalArguments& arguments, Output output);

}  // namespace nodedb::app
