// SPDX-License-Identifier: Apache-2.0
#include "raft/quorum.h"

namespace nodedb::raft {

std::int64_t reached_by_majority(std::span<std::int64_t> values) {
  const std::size_t majority = values.size() / 2 + 1;
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(values.size() - majority);
  std::ranges::nth_element(values, nth);
  return *nth;
}

VoteResult majority_vote(const std::vector<NodeId>& voters, const std::function<Ballot(NodeId)>& ballot_of) {
  if (voters.empty()) return VoteResult::won;
  std::size_t granted = 0;
  std::size_t missing = 0;
  for (const NodeId voter : voters) {
    const Ballot ballot = ballot_of(voter);
    granted += ballot == Ballot::granted ? 1 : 0;
    missing += ballot == Ballot::missing ? 1 : 0;
  }
  const std::size_t majority = voters.size() / 2 + 1;
  if (granted >= majority) return VoteResult::won;
  return granted + missing >= majority ? VoteResult::pending : VoteResult::lost;
}

VoteResult joint_vote(const Config& config, const std::function<Ballot(NodeId)>& ballot_of) {
  const VoteResult incoming = majority_vote(config.voters, ballot_of);
  const VoteResult outgoing = majority_vote(config.outgoing, ballot_of);
  if (incoming == outgoing) return incoming;
  if (incoming == VoteResult::lost || outgoing == VoteResult::lost) return VoteResult::lost;
  return VoteResult::pending;
}

}  // namespace nodedb::raft
