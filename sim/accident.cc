// SPDX-License-Identifier: Apache-2.0
#include "sim/accident.h"

#include <algorithm>
#include <utility>

namespace nodedb::sim {

namespace {

constexpr std::int64_t cut_ns = 7 * ns_per_s;  // the connection is given up meanwhile

bool contains(const std::vector<std::size_t>& nodes, std::size_t node) {
  return std::ranges::find(nodes, node) != nodes.end();
}

}  // namespace

Fate Accident::writing(World& world, std::size_t writer, std::uint64_t number) {
  if (struck_ || number != trouble_.moment) return Fate::kept;
  struck_ = true;
  writer_ = writer;
  if (trouble_.fate == Fate::last && !contains(trouble_.victims, writer)) {
    strike_after_ = true;
    return Fate::kept;
  }
  strike(world);
  return contains(trouble_.victims, writer) ? trouble_.fate : Fate::kept;
}

void Accident::wrote(World& world) {
  if (std::exchange(strike_after_, false)) strike(world);
}

/// The machine that is writing dies by the fate of its write, all others here.
void Accident::strike(World& world) {
  for (const std::size_t victim : trouble_.victims) {
    if (trouble_.for_good) world.give_up(victim);
    if (victim != writer_) world.crash(victim);
    if (trouble_.for_good) continue;
    ++down_;
    if (trouble_.down_until_over) continue;
    world.after(trouble_.down_ns, [this, &world, victim] {
      world.boot(victim);
      --down_;
    });
  }
  if (trouble_.cut.size() == 2) {
    ++down_;
    world.network().cut(trouble_.cut[0], trouble_.cut[1]);
    world.after(cut_ns, [this, &world] {
      world.network().mend(trouble_.cut[0], trouble_.cut[1]);
      --down_;
    });
  }
}

void Accident::let_back(World& world) {
  for (const std::size_t victim : trouble_.victims) world.boot(victim);
  down_ = 0;
}

}  // namespace nodedb::sim
