// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every way in which a crash or a cut can hit a migration, or a machine that comes or goes: at each durable
// write of each scene (rehearsal.h, member_rehearsal.h), the writer and every player and pair of players,
// killed right before it, in the middle of it, right after it. Of a migration: one-way cuts between each two
// players in each phase; cancels in each phase, with crashes at each write that follows, and with the source
// or the target dead. Of a machine that leaves: it is lost for good half-way. A function of the code alone:
// names are stable as long as the writes are.

#include <functional>
#include <string>
#include <vector>

#include "sim/world.h"

namespace nodedb::sim {

struct Case {
  std::string name;  ///< scene/what/where
  std::function<Report(Bugs, Listeners)> play;
};

/// Plays every scene without trouble and lists what can go wrong in it. A scene that is red by itself has one
/// case: itself.
std::vector<Case> crash_matrix();

}  // namespace nodedb::sim
