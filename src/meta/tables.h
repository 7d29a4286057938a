// SPDX-License-Identifier: Apache-2.0
#pragma once

// Group 0's rows as a node looks at them: members and placement by id. A copy for reading, fed with the row
// changes of each applied entry; the truth is in the state store. Owned by the core thread.

#include <array>
#include <map>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "meta/types.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb::meta {

struct Tables {
  std::optional<Cluster> cluster;  ///< nothing until the first rows come
  std::map<NodeId, Member> members;
  /// By vShard, `vshard_count` of them; without replicas where there is no row.
  std::vector<Placement> placement = std::vector<Placement>(vshard_count, Placement{Epoch(0), {}});

  /// Takes in one change of a row. Keys that this build does not know are ignored. Errors, with nothing
  /// changed: malformed, incompatible, too_large (the row), damaged (a row under another's key).
  Result<void> absorb(const Write& write);
  /// The member with this certificate, if there is one.
  const Member* find(const Uuid& uuid) const;

 private:
  Result<void> store(const Put& put);
  void drop(BytesView from, BytesView to);
};

/// The rows that a new cluster starts with, in key order.
std::vector<Put> rows_of(const Genesis& genesis);

}  // namespace nodedb::meta
