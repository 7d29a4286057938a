// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who votes in a group, and the maths of changing it: joint consensus as in Ongaro's thesis, section 4.3.
// A config is a value; every function here is pure. The four sets are sorted and free of duplicates;
// `outgoing` is empty unless the config is joint. A learner is in neither half of voters.
// `learners_next` are outgoing voters that become learners when the joint config is left.

#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"

namespace nodedb::raft {

struct Config {
  std::vector<NodeId> voters;
  std::vector<NodeId> outgoing;
  std::vector<NodeId> learners;
  std::vector<NodeId> learners_next;
  bool auto_leave = false;  ///< the leader proposes leaving the joint config as soon as it is committed

  bool operator==(const Config&) const = default;

  bool joint() const { return !outgoing.empty(); }
  /// Votes in either half.
  bool is_voter(NodeId node) const;
  bool is_learner(NodeId node) const;
  /// Everybody who receives the log.
  std::vector<NodeId> members() const;
};

enum class ChangeOp : std::uint8_t { add_voter, add_learner, remove };
struct Change {
  ChangeOp op = ChangeOp::add_voter;
  NodeId node;
};

/// Sorted, free of duplicates and of node 0, the sets as disjoint as they must be.
bool well_formed(const Config& config);

/// One step without a joint phase: at most one voter may differ. Errors: invalid_state with the reason.
Result<Config> change_simple(const Config& from, const std::vector<Change>& changes);
/// Into the joint config: the old voters become `outgoing`. Errors: invalid_state with the reason.
Result<Config> enter_joint(const Config& from, bool auto_leave, const std::vector<Change>& changes);
/// Out of the joint config, keeping the incoming half. Errors: invalid_state if it is not joint.
Result<Config> leave_joint(const Config& from);
/// Back out of the joint config, keeping the outgoing half: what an aborted migration does before Cutover.
Result<Config> leave_joint_back(const Config& from);
/// Is `to` one legal step from `from`: a simple change, into a joint config, or out of it either way?
/// Errors: invalid_state with the reason.
Result<void> check_step(const Config& from, const Config& to);

/// Flat little-endian form (docs/formats.md). Decoding errors: malformed, too_large.
Bytes encode(const Config& config);
Result<Config> decode_config(BytesView bytes);

}  // namespace nodedb::raft
