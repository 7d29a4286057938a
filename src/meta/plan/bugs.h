// SPDX-License-Identifier: Apache-2.0
#pragma once

// Deliberate bugs in the planner, to prove that its tests find them. All off outside tests.

namespace nodedb::meta {

struct PlanBugs {
  bool input_order = false;       ///< takes nodes in the order in which they were listed
  bool zones_left = false;        ///< leaves voters in one zone that could lie apart
  bool arrivals_free = false;     ///< does not count what it has placed itself
  bool goal_is_bound = false;     ///< begins to balance as soon as the goal is missed: no hysteresis
  bool leader_stays = false;      ///< thinks that a leader stays behind when its replica moves
  bool flight_forgotten = false;  ///< plans for a vShard that is being moved
  bool space_ignored = false;     ///< sends copies to where there is no room for them
  bool by_number = false;         ///< mends in the order of numbers instead of the most endangered first
};

}  // namespace nodedb::meta
