// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a cluster has to look once its members have come and gone and all is calm (rules C3, C4 and C6): as
// group 0's rows say, with nothing left for the planner to do, everybody who leaves gone, and nobody who has
// gone with a vote or a lead; or with the true reason why not. Pure; reads the disks and cores of the
// machines.

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "meta/plan/plan.h"
#include "meta/tables.h"
#include "sim/climate.h"
#include "sim/host.h"

namespace nodedb::sim {

/// Group 0's rows as they lie in a machine's state store.
meta::Tables tables_on(Host& host);

class MembershipJudge {
 public:
  struct Machines {
    const Climate& climate;
    std::function<Host&(std::size_t)> host;
    std::function<bool(std::size_t)> started;
    std::function<bool(std::size_t)> gone;  ///< for good
  };

  /// `driver` leads group 0, up to date.
  MembershipJudge(Machines machines, std::size_t driver);

  /// What is not as it should be; empty: all is.
  std::string amiss() const;
  /// The planner has a true reason to leave replicas where they are: too few members may take one.
  bool too_few() const;
  /// A line that the audit log lacks: of whoever is in `actors`, of each join and each retirement.
  std::string unaudited(const std::set<std::string>& actors) const;

 private:
  bool is_up(NodeId node) const;
  bool is_able(const meta::Member& member) const;
  /// How many members in these states are up.
  std::uint32_t up(std::initializer_list<meta::MemberState> states) const;
  std::string members_amiss() const;
  std::string settings_amiss() const;
  meta::Plan plan() const;
  std::string plan_amiss() const;
  std::string metadata_amiss() const;
  std::string vshard_amiss(VShardId vshard) const;
  std::string leads_amiss() const;

  Machines machines_;
  std::size_t driver_;
  meta::Tables tables_;
  meta::Plan plan_;  ///< with what the world knows of who lives
};

}  // namespace nodedb::sim
