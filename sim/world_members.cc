// SPDX-License-Identifier: Apache-2.0
// How one sees that a cluster whose members come and go has come right (membership_judge.h).
#include <algorithm>

#include "sim/world.h"

namespace nodedb::sim {

MembershipJudge::Machines World::machines() {
  return {climate_, [this](std::size_t node) -> Host& { return *hosts_[node]; },
          [this](std::size_t node) { return started_[node]; },
          [this](std::size_t node) { return gone_[node]; }};
}

bool World::members_settled() {
  std::size_t driver = hosts_.size();
  std::string left;
  for (const std::size_t node : alive()) {
    const node::Status status = hosts_[node]->status();
    if (status.drives) driver = node;
    if (const std::string here = left_over(status); left.empty() && !here.empty())
      left = name_of(node) + here;
  }
  if (driver < hosts_.size()) pull_the_forgotten(driver);
  unsettled_ = left;
  if (!left.empty()) return false;
  unsettled_ = "nobody drives";
  if (driver == hosts_.size()) return false;
  // Reading all rows of group 0 takes its time.
  unsettled_ = amiss_;
  if (schedule_.now() < look_again_ns_) return false;
  look_again_ns_ = schedule_.now() + ns_per_s;
  unsettled_ = amiss_ = members_amiss(driver);
  return unsettled_.empty();
}

/// A machine that was retired while it was down, and whose authority has given way meanwhile, comes back to
/// members that do not let it in: nobody can tell it, and it does no harm. Its operator pulls it.
void World::pull_the_forgotten(std::size_t driver) {
  if (schedule_.now() < pull_again_ns_) return;
  pull_again_ns_ = schedule_.now() + ns_per_s;
  for (const node::MemberStatus& one : hosts_[driver]->status().members) {
    const std::size_t node = index_of(one.member.uuid);
    if (one.member.state != meta::MemberState::retired || node >= hosts_.size()) continue;
    if (!hosts_[node]->running()) continue;
    const bool let_in = std::ranges::any_of(alive(), [&](std::size_t other) {
      return other != node && let_each_other_in(hosts_[node]->certificates(), hosts_[other]->certificates());
    });
    if (!let_in) retired(node);
  }
}

std::string World::members_amiss(std::size_t driver) {
  if (!climate_.on(Fault::authority)) return MembershipJudge(machines(), driver).amiss();
  exchange_->put_right();
  auto what = oracle_.exchange().unfinished([this](NodeId node) { return gone_[node.value - 1]; });
  return what.empty() ? MembershipJudge(machines(), driver).amiss() : what;
}

bool World::judge_members() {
  if (!climate_.on(Fault::members)) return true;
  const std::size_t driver = leader_of(metadata_group);
  const MembershipJudge judge(machines(), driver);
  schedule_.mark(judge.too_few() ? "too-few-members" : "members-settled");
  const std::string missing = judge.unaudited(membership_->to_be_audited());
  if (!missing.empty()) oracle_.complain("C6", "the audit log does not tell " + missing);
  return missing.empty();
}

}  // namespace nodedb::sim
