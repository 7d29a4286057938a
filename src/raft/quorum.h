// SPDX-License-Identifier: Apache-2.0
#pragma once

// Quorum maths as free functions (Ongaro's thesis, sections 3.6 and 4.3): in a joint config both halves must
// agree. An empty half agrees with everything. Costs O(voters log voters), no allocation for up to 9 voters.

#include <functional>
#include <vector>

#include "base/ids.h"
#include "raft/config.h"

namespace nodedb::raft {

enum class VoteResult : std::uint8_t { pending, won, lost };
enum class Ballot : std::uint8_t { missing, granted, rejected };

/// The highest value that a majority of `voters` has reached; `value_of` gives 0 for "nothing yet".
/// An empty set has reached everything: the maximum of int64.
std::int64_t majority_value(const std::vector<NodeId>& voters,
                            const std::function<std::int64_t(NodeId)>& value_of);
/// As above over both halves: the lower of the two.
std::int64_t joint_value(const Config& config, const std::function<std::int64_t(NodeId)>& value_of);

VoteResult majority_vote(const std::vector<NodeId>& voters, const std::function<Ballot(NodeId)>& ballot_of);
VoteResult joint_vote(const Config& config, const std::function<Ballot(NodeId)>& ballot_of);

}  // namespace nodedb::raft
