// SPDX-License-Identifier: Apache-2.0
#pragma once

// A node's status as JSON: the one shape that `status`, `node ls`, `shard show` and scripts read. Members may
// be added to it, never renamed. The history of migrations is whole only if the status has its groups.

#include "app/json.h"
#include "node/status.h"

namespace nodedb::app {

Json status_json(const node::Status& status);
/// A row of its `migrations`.
Json migration_json(const node::MigrationStatus& status);

}  // namespace nodedb::app
