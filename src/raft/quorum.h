// SPDX-License-Identifier: Apache-2.0
#pragma once

// Quorum maths as free functions (Ongaro's thesis, sections 3.6 and 4.3): in a joint config both halves must
// agree. An empty half agrees with everything. Costs O(voters), no allocation for up to 9 voters.

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "base/ids.h"
#include "raft/config.h"

namespace nodedb::raft {

enum class VoteResult : std::uint8_t { pending, won, lost };
enum class Ballot : std::uint8_t { missing, granted, rejected };

/// The highest value that a majority has reached, if these are theirs. Reorders them. Pre: there are any.
std::int64_t reached_by_majority(std::span<std::int64_t> values);

/// The highest value that a majority of `voters` has reached; `value_of(NodeId)` gives 0 for "nothing yet".
/// An empty set has reached everything: the maximum of int64.
template <class ValueOf>
std::int64_t majority_value(const std::vector<NodeId>& voters, const ValueOf& value_of) {
  constexpr std::size_t small_group = 9;
  if (voters.empty()) return std::numeric_limits<std::int64_t>::max();
  if (voters.size() <= small_group) {
    std::array<std::int64_t, small_group> values;
    std::ranges::transform(voters, values.begin(), value_of);
    return reached_by_majority(std::span(values).first(voters.size()));
  }
  std::vector<std::int64_t> values(voters.size());
  std::ranges::transform(voters, values.begin(), value_of);
  return reached_by_majority(values);
}
/// As above over both halves: the lower of the two.
template <class ValueOf>
std::int64_t joint_value(const Config& config, const ValueOf& value_of) {
  return std::min(majority_value(config.voters, value_of), majority_value(config.outgoing, value_of));
}

VoteResult majority_vote(const std::vector<NodeId>& voters, const std::function<Ballot(NodeId)>& ballot_of);
VoteResult joint_vote(const Config& config, const std::function<Ballot(NodeId)>& ballot_of);

}  // namespace nodedb::raft
