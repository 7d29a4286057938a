// SPDX-License-Identifier: Apache-2.0
#include "sim/crash_matrix.h"

#include <algorithm>
#include <utility>

namespace nodedb::sim {

namespace {

using meta::MigrationPhase;

struct Victims {
  std::string name;
  std::vector<std::size_t> machines;
};

std::string_view name(Fate fate) {
  switch (fate) {
    case Fate::kept:
      return "kept";
    case Fate::lost:
      return "before";
    case Fate::torn:
      return "torn";
    case Fate::last:
      return "after";
  }
  return "";
}

std::string numbered(std::uint64_t moment) {
  const std::string digits = std::to_string(moment);
  return "write-" + std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits;
}

/// The writer, each player, each pair of players; each set of machines once, under its first name.
std::vector<Victims> victims_at(const Moment& moment, bool writer_only) {
  std::vector<Victims> all;
  const auto add = [&](std::string name, std::vector<std::size_t> machines) {
    std::ranges::sort(machines);
    machines.erase(std::ranges::unique(machines).begin(), machines.end());
    const std::size_t nobody = rehearsal_climate().machines();
    if (std::ranges::any_of(machines, [&](std::size_t machine) { return machine >= nobody; })) return;
    if (std::ranges::any_of(all, [&](const Victims& known) { return known.machines == machines; })) return;
    all.push_back({std::move(name), std::move(machines)});
  };
  add("writer", {moment.writer});
  if (writer_only) return all;
  for (std::size_t a = 0; a < part_count; ++a) {
    add(std::string(name(static_cast<Part>(a))), {moment.players[a]});
  }
  for (std::size_t a = 0; a < part_count; ++a) {
    for (std::size_t b = a + 1; b < part_count; ++b) {
      add(std::string(name(static_cast<Part>(a))) + "+" + std::string(name(static_cast<Part>(b))),
          {moment.players[a], moment.players[b]});
    }
  }
  return all;
}

void add_crashes(std::vector<Case>& out, const Scene& scene, const std::vector<Moment>& moments,
                 std::uint64_t from) {
  for (std::uint64_t number = from; number <= moments.size(); ++number) {
    const Moment& moment = moments[number - 1];
    for (const Victims& victims : victims_at(moment, scene.cancel_at.has_value())) {
      const bool writes = std::ranges::find(victims.machines, moment.writer) != victims.machines.end();
      for (const Fate fate : {Fate::lost, Fate::torn, Fate::last}) {
        if (fate == Fate::torn && !writes) continue;
        Trouble trouble;
        trouble.moment = number;
        trouble.victims = victims.machines;
        trouble.fate = fate;
        // Back before anybody has noticed, or long after.
        trouble.down_ns = fate == Fate::torn ? 4 * ns_per_s : 200 * ns_per_ms;
        out.push_back(
            {scene.name + "/" + numbered(number) + "/" + std::string(name(fate)) + "/" + victims.name, scene,
             std::move(trouble)});
      }
    }
  }
}

/// The first moment of a phase; 0 if it has none.
std::uint64_t first_of(const std::vector<Moment>& moments, MigrationPhase phase) {
  const auto at = std::ranges::find(moments, std::optional(phase), &Moment::phase);
  return at == moments.end() ? 0 : static_cast<std::uint64_t>(at - moments.begin()) + 1;
}

void add_cuts(std::vector<Case>& out, const Scene& scene, const std::vector<Moment>& moments) {
  for (const MigrationPhase phase : meta::migration_phases) {
    const std::uint64_t number = first_of(moments, phase);
    if (number == 0) continue;
    const Moment& moment = moments[number - 1];
    std::vector<std::pair<std::size_t, std::size_t>> known;
    for (std::size_t a = 0; a < part_count; ++a) {
      for (std::size_t b = 0; b < part_count; ++b) {
        const std::pair way(moment.players[a], moment.players[b]);
        if (way.first == way.second || std::ranges::find(known, way) != known.end()) continue;
        if (std::max(way.first, way.second) >= rehearsal_climate().machines()) continue;
        known.push_back(way);
        Trouble trouble;
        trouble.moment = number;
        trouble.cut = {way.first, way.second};
        out.push_back({scene.name + "/cut-" + std::string(meta::name(phase)) + "/" +
                           std::string(name(static_cast<Part>(a))) + "-to-" +
                           std::string(name(static_cast<Part>(b))),
                       scene, std::move(trouble)});
      }
    }
  }
}

/// The cancel has to do without the source, or without the target.
void add_dead(std::vector<Case>& out, const Scene& scene, const std::vector<Moment>& moments,
              std::uint64_t cancelled_at) {
  const Moment& moment = moments[cancelled_at - 1];
  for (const Part part : {Part::source, Part::target}) {
    Trouble trouble;
    trouble.moment = cancelled_at + 1;
    trouble.victims = {moment.players[static_cast<std::size_t>(part)]};
    trouble.down_until_over = true;
    out.push_back({scene.name + "/dead/" + std::string(name(part)), scene, std::move(trouble)});
  }
}

}  // namespace

std::vector<Scene> crash_scenes() {
  std::vector<Scene> scenes = {{"leads", true, false, std::nullopt},
                               {"follows", false, false, std::nullopt},
                               {"drives", true, true, std::nullopt}};
  for (const MigrationPhase phase : meta::migration_phases) {
    if (phase >= MigrationPhase::cutover) break;
    scenes.push_back({"cancel-" + std::string(meta::name(phase)), true, false, phase});
  }
  return scenes;
}

std::vector<Case> cases_of(const Scene& scene) {
  Rehearsal rehearsal(scene, {});
  const Report report = World(rehearsal_climate(), {}, {}).run(&rehearsal);
  std::vector<Case> out = {{scene.name + "/calm", scene, {}}};
  const std::vector<Moment>& moments = rehearsal.moments();
  if (report.violation) return out;
  if (!scene.cancel_at) {
    add_crashes(out, scene, moments, 1);
    add_cuts(out, scene, moments);
  } else if (const std::uint64_t cancelled_at = rehearsal.cancelled_at(); cancelled_at != 0) {
    add_crashes(out, scene, moments, cancelled_at);
    if (cancelled_at < moments.size()) add_dead(out, scene, moments, cancelled_at);
  }
  return out;
}

std::vector<Case> crash_matrix() {
  std::vector<Case> out;
  for (const Scene& scene : crash_scenes()) {
    std::vector<Case> more = cases_of(scene);
    std::ranges::move(more, std::back_inserter(out));
  }
  return out;
}

Report play(const Case& one, Bugs bugs, Listeners listeners) {
  Rehearsal rehearsal(one.scene, one.trouble);
  World world(rehearsal_climate(), bugs, std::move(listeners));
  return world.run(&rehearsal);
}

}  // namespace nodedb::sim
