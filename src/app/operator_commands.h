// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster init | status | node ls | shard show | shard transfer`: the commands that ask running
// nodes.

#include "app/exit_code.h"
#include "app/operator_calls.h"
#include "app/output.h"

namespace nodedb::app {

/// Forms the cluster out of the asked node's seeds. Idempotent.
Exit run_init(const Operator& from, Output output);
/// Exit::ok also if members are down: it reports, it does not judge.
Exit run_status(const Operator& from, Output output);
/// `all`: also those that have been retired.
Exit run_node_list(const Operator& from, bool all, Output output);
/// `vshard`: 0…1023.
Exit run_shard_show(const Operator& from, std::int64_t vshard, Output output);
/// Asks the vShard's present leader, wherever it is.
Exit run_shard_transfer(const Operator& from, std::int64_t vshard, std::int64_t to_node, Output output);

}  // namespace nodedb::app
