// SPDX-License-Identifier: Apache-2.0
#pragma once

// One migration of one vShard, played by a script in a mild world of three founders and a spare, with a few
// writers: from a founder to the spare. Without trouble it lists every durable write that happens on any
// machine from the request on, until nothing of the migration is left but its history: the moments. The crash
// matrix (crash_matrix.h) has trouble at each of them.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "meta/migration.h"
#include "sim/climate.h"
#include "sim/host.h"
#include "sim/world.h"

namespace nodedb::sim {

/// Who leads what when it begins.
struct Scene {
  std::string name;
  bool source_leads = false;   ///< the vShard's group; else a founder that stays does
  bool source_drives = false;  ///< leads group 0; else another founder does
  std::optional<meta::MigrationPhase> cancel_at;
};

enum class Part : std::uint8_t { source, target, leader, driver };
inline constexpr std::size_t part_count = 4;
std::string_view name(Part part);

/// A durable write, and how things stood right before it.
struct Moment {
  std::size_t writer = 0;
  DurableWrite what = DurableWrite::log;
  std::optional<meta::MigrationPhase> phase;      ///< as the driver knows it; nothing: not begun, or over
  std::array<std::size_t, part_count> players{};  ///< machines by part; `machines` of the climate: nobody
};

/// What goes wrong; at the moment of that number, from 1.
struct Trouble {
  std::uint64_t moment = 0;  ///< 0: nothing
  std::vector<std::size_t> victims;
  Fate fate = Fate::lost;        ///< `last`: right after the write, else right before it or in it
  bool down_until_over = false;  ///< victims come back when the migration has ended, else soon
  std::int64_t down_ns = 0;      ///< else after so long
  std::vector<std::size_t> cut;  ///< two machines: nothing passes from the first to the second
};

Climate rehearsal_climate();

class Rehearsal final : public World::Script {
 public:
  Rehearsal(Scene scene, Trouble trouble) : scene_(std::move(scene)), trouble_(std::move(trouble)) {}

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
  void strike(World& world);
  void watch(World& world);
  bool over(World& world) const;

  Scene scene_;
  Trouble trouble_;
  std::size_t source_ = 0;
  std::size_t target_ = 0;
  std::size_t driver_ = 0;
  std::vector<NodeId> before_;  ///< the replicas when it began
  bool armed_ = false;
  bool strike_after_ = false;
  bool struck_ = false;
  std::size_t down_ = 0;
  std::uint64_t cancelled_at_ = 0;
  std::vector<Moment> moments_;
};

}  // namespace nodedb::sim
