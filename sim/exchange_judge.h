// SPDX-License-Identifier: Apache-2.0
#pragma once

// The judge of an exchange of the cluster's authority, fed with group 0's rows as the other judges are and
// with what every machine's files say.
//
// The two overlapping steps never cut the cluster: at every instant any two members that are not retired let
// each other in. One exception: a machine that became a member while authorities were exchanged counts from
// its first report by which it has a certificate of, or trusts, what group 0 speaks of. Until then it may
// have been made in a world that is gone, and an operator has to give it another certificate by hand. An
// authority is the sole one only once every member that is not retired has reported a certificate of it, and
// has one.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/ids.h"
#include "meta/trust.h"
#include "sim/certificates.h"
#include "sim/move_judge.h"
#include "sim/state_disk.h"

namespace nodedb::sim {

class ExchangeJudge {
 public:
  explicit ExchangeJudge(MoveJudge::Evidence& evidence) : evidence_(evidence) {}

  /// The files of the machine say so now.
  void certified(NodeId node, const CertificateFiles& files);
  /// The state of group 0 on some node is now at `applied`.
  void applied(Index applied, const Rows& rows);

  /// Whether it has to be a member that others let in: see above.
  bool counts(NodeId node) const { return members_.contains(node) && !newcomers_.contains(node); }
  /// What is left of an exchange for no true reason, once all is calm. True ones: a member that is lost and
  /// not retired, and a new key that nobody has.
  std::string unfinished(const std::function<bool(NodeId)>& lost) const;

 private:
  void see_members(const Rows& rows);
  void see_authorities(const Rows& rows);
  void judge_sole(const Digest& sole, const std::set<NodeId>& members) const;
  void judge_pairs() const;
  std::string behind(const Digest& staged) const;

  MoveJudge::Evidence& evidence_;
  std::map<NodeId, CertificateFiles> files_;
  Index newest_;
  std::set<NodeId> members_;    ///< that are not retired
  std::set<NodeId> newcomers_;  ///< of them: those that do not count yet
  std::map<NodeId, meta::MemberTrust> reports_;
  std::optional<Digest> sole_;
  std::optional<Digest> staged_;
};

}  // namespace nodedb::sim
