// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a stopped node knows of the cluster: group 0's rows in its state store, and the committed entries in
// its log that the store does not have yet, applied as a start would apply them. All in memory: nothing in
// the directory changes.

#include <optional>

#include "app/offline.h"
#include "base/error.h"
#include "meta/tables.h"
#include "raft/types.h"
#include "wire/identity_codec.h"

namespace nodedb::app {

struct Catalog {
  wire::Identity identity;
  raft::Position stored;   ///< what the state store has
  raft::Position applied;  ///< what `tables` are
  raft::Position last;     ///< where the node's log of group 0 ends
  /// Why the entry after `applied` could not be applied: this build does not understand it.
  std::optional<Error> halted;
  meta::Tables tables;
};

/// Errors: not_initialised (the node has never been a member), damaged, incompatible, disk_failed, and those
/// of the log.
Result<Catalog> read_catalog(const std::string& data, const OfflineNode& node);

}  // namespace nodedb::app
