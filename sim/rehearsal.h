// SPDX-License-Identifier: Apache-2.0
#pragma once

// One migration of one vShard, played by a script in a mild world of three founders and a spare, with a few
// writers: from a founder to the spare. Without trouble it lists every durable write that happens on any
// machine from the request on, until nothing of the migration is left but its history: the moments. The crash
// matrix (crash_matrix.h) has trouble at each of them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "meta/migration.h"
#include "sim/accident.h"
#include "sim/climate.h"
#include "sim/world.h"

namespace nodedb::sim {

/// Who leads what when it begins.
struct Scene {
  std::string name;
  bool source_leads = false;   ///< the vShard's group; else a founder that stays does
  bool source_drives = false;  ///< leads group 0; else another founder does
  std::optional<meta::MigrationPhase> cancel_at;
};

Climate rehearsal_climate();

class Rehearsal final : public World::Script {
 public:
  Rehearsal(Scene scene, Trouble trouble) : scene_(std::move(scene)), accident_(std::move(trouble)) {}

  void play(World& world) override;
  void judge(World& world) override;
  Fate writing(World& world, std::size_t node, DurableWrite what) override;
  void wrote(World& world, std::size_t node) override;

  const std::vector<Moment>& moments() const { return moments_; }
  /// The number of the moment at which the cancel was asked for; 0: none.
  std::uint64_t cancelled_at() const { return cancelled_at_; }

 private:
  void cast(World& world);
  Moment moment(World& world, std::size_t node, DurableWrite what) const;
  void watch(World& world);
  bool over(World& world) const;

  Scene scene_;
  Accident accident_;
  std::size_t source_ = 0;
  std::size_t target_ = 0;
  std::size_t driver_ = 0;
  std::vector<NodeId> before_;  ///< the replicas when it began
  bool armed_ = false;
  std::uint64_t cancelled_at_ = 0;
  bool watching_ = false;
  std::vector<Moment> moments_;
};

}  // namespace nodedb::sim
