// SPDX-License-Identifier: Apache-2.0
#pragma once

// What goes wrong in a rehearsal, once: at one durable write some machines are killed, or cut off from each
// other. And the moments at which it can: durable writes, by number.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "meta/migration.h"
#include "sim/host.h"
#include "sim/world.h"

namespace nodedb::sim {

/// Who plays a part in a scene; `machines` of the climate: nobody.
struct Player {
  std::string_view part;
  std::size_t machine = 0;
};

/// A durable write, and how things stood right before it.
struct Moment {
  std::size_t writer = 0;
  DurableWrite what = DurableWrite::log;
  std::optional<meta::MigrationPhase> phase;  ///< as the driver knows it; nothing: not begun, or over
  std::vector<Player> players;
};

/// What goes wrong; at the moment of that number, from 1.
struct Trouble {
  std::uint64_t moment = 0;  ///< 0: nothing
  std::vector<std::size_t> victims;
  Fate fate = Fate::lost;        ///< `last`: right after the write, else right before it or in it
  bool down_until_over = false;  ///< victims come back when the scene has ended, else soon
  bool for_good = false;         ///< they never do
  std::int64_t down_ns = 0;      ///< else after so long
  std::vector<std::size_t> cut;  ///< two machines: nothing passes from the first to the second
};

class Accident {
 public:
  explicit Accident(Trouble trouble) : trouble_(std::move(trouble)) {}

  bool planned() const { return trouble_.moment != 0; }
  bool struck() const { return struck_; }
  /// It has happened, and whoever comes back by himself is back.
  bool over() const { return struck_ && down_ == 0; }
  /// Those that stay down until the scene has ended are still down.
  bool holds_back() const { return struck_ && trouble_.down_until_over && down_ > 0; }
  void let_back(World& world);

  /// `writer` is about to make the write of that number: what becomes of it.
  Fate writing(World& world, std::size_t writer, std::uint64_t number);
  /// It is done, and kept.
  void wrote(World& world);

 private:
  void strike(World& world);

  Trouble trouble_;
  std::size_t writer_ = 0;
  bool strike_after_ = false;
  bool struck_ = false;
  std::size_t down_ = 0;
};

}  // namespace nodedb::sim
