// SPDX-License-Identifier: Apache-2.0
#pragma once

// What group 0 decides after members have been lost for good, so many that vShards have no majority any more.
// Shapes only; what the entries do is in meta/recover.h, how a replica obeys in node/recovery.cc, why it is
// done so in docs/decisions/020.

#include <vector>

#include "base/ids.h"
#include "meta/admin.h"

namespace nodedb::meta {

// --- entries ---

/// The member is lost with all its data: it is retired at once, whatever it holds, and refused for ever.
struct MemberLost {
  NodeId node;
  Stamp by{};
  bool operator==(const MemberLost&) const = default;
};

/// One replica of a vShard that has lost its majority is to go on alone with what it holds.
struct Recovery {
  VShardId vshard;
  Epoch epoch;                   ///< in the entry: the recorded one. In the row: the one since
  NodeId survivor;               ///< who leads it from now on
  std::vector<NodeId> learners;  ///< the other survivors, sorted
  Term term;                     ///< above every term that a survivor has seen
  Index last;                    ///< where the survivor's log was seen to end
  Term last_term;
  bool operator==(const Recovery&) const = default;
};
struct RecoveryStart {
  Recovery recovery;
  Stamp by{};
  bool operator==(const RecoveryStart&) const = default;
};
/// The survivor leads the vShard by a committed config.
struct RecoveryEnd {
  VShardId vshard;
  Term term;
  bool operator==(const RecoveryEnd&) const = default;
};

}  // namespace nodedb::meta
