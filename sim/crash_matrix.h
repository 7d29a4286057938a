// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every way in which a crash or a cut can hit a migration: at each durable write of each scene (rehearsal.h),
// the writer and every player and pair of players, killed right before it, in the middle of it, right after
// it; one-way cuts between each two players in each phase; cancels in each phase, with crashes at each write
// that follows, and with the source or the target dead. A function of the code alone: names are stable as
// long as the writes are.

#include <string>
#include <vector>

#include "sim/rehearsal.h"

namespace nodedb::sim {

struct Case {
  std::string name;  ///< scene/what/where
  Scene scene;
  Trouble trouble;
};

std::vector<Scene> crash_scenes();
/// Plays the scene without trouble and lists what can go wrong in it. A scene that is red by itself has one
/// case: itself.
std::vector<Case> cases_of(const Scene& scene);
/// Those of all scenes.
std::vector<Case> crash_matrix();

Report play(const Case& one, Bugs bugs, Listeners listeners);

}  // namespace nodedb::sim
