// SPDX-License-Identifier: Apache-2.0
#pragma once

// The judge of group 0's rows about members and tokens, fed as the judge of migrations is: who is retired
// holds nothing and stays so, enough members stay, an id has one machine, a token has one holder, and what a
// successor is to get goes nowhere else.

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "meta/admin.h"
#include "meta/types.h"
#include "sim/move_judge.h"
#include "sim/state_disk.h"

namespace nodedb::sim {

class RosterJudge {
 public:
  struct World {
    std::uint32_t replication = 3;
    bool operators_move = false;  ///< replicas, by themselves
  };

  RosterJudge(MoveJudge::Evidence& evidence, World world) : evidence_(evidence), world_(world) {}

  /// The state of group 0 on some node is now at `applied`.
  void applied(Index applied, const Rows& rows);

 private:
  struct Seen {
    meta::Member member;
    std::int64_t since_ns = 0;  ///< its state and successor
  };

  void see_members(const Rows& rows);
  void see(const meta::Member& now, const Rows& rows);
  void see_tokens(const Rows& rows);
  void see_moves(const Rows& rows);
  void judge_retired(NodeId node, const Rows& rows);
  void judge_move(const meta::MigrationIntent& intent, const Rows& rows);

  MoveJudge::Evidence& evidence_;
  World world_;
  Index newest_;
  std::map<NodeId, Seen> members_;
  std::map<TokenId, Uuid> holders_;
  std::set<meta::MigrationId> moves_;
};

}  // namespace nodedb::sim
