// SPDX-License-Identifier: Apache-2.0
#include "sim/crash_matrix.h"

#include <algorithm>
#include <utility>

#include "sim/member_rehearsal.h"
#include "sim/rehearsal.h"

namespace nodedb::sim {

namespace {

using meta::MigrationPhase;

/// What can go wrong in a scene, by name.
struct Blow {
  std::string name;
  Trouble trouble;
};

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
std::vector<Victims> victims_at(const Moment& moment, std::size_t machines, bool writer_only) {
  std::vector<Victims> all;
  const auto add = [&](std::string name, std::vector<std::size_t> who) {
    std::ranges::sort(who);
    who.erase(std::ranges::unique(who).begin(), who.end());
    if (std::ranges::any_of(who, [&](std::size_t machine) { return machine >= machines; })) return;
    if (std::ranges::any_of(all, [&](const Victims& known) { return known.machines == who; })) return;
    all.push_back({std::move(name), std::move(who)});
  };
  add("writer", {moment.writer});
  if (writer_only) return all;
  const std::vector<Player>& players = moment.players;
  for (const Player& one : players) add(std::string(one.part), {one.machine});
  for (std::size_t a = 0; a < players.size(); ++a) {
    for (std::size_t b = a + 1; b < players.size(); ++b) {
      add(std::string(players[a].part) + "+" + std::string(players[b].part),
          {players[a].machine, players[b].machine});
    }
  }
  return all;
}

struct Span {
  std::size_t machines = 0;
  std::uint64_t from = 1;    ///< the first moment
  bool writer_only = false;  ///< is killed
};

void add_crashes(std::vector<Blow>& out, const std::vector<Moment>& moments, Span span) {
  for (std::uint64_t number = span.from; number <= moments.size(); ++number) {
    const Moment& moment = moments[number - 1];
    for (const Victims& victims : victims_at(moment, span.machines, span.writer_only)) {
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
            {numbered(number) + "/" + std::string(name(fate)) + "/" + victims.name, std::move(trouble)});
      }
    }
  }
}

/// The first moment of a phase; 0 if it has none.
std::uint64_t first_of(const std::vector<Moment>& moments, MigrationPhase phase) {
  const auto at = std::ranges::find(moments, std::optional(phase), &Moment::phase);
  return at == moments.end() ? 0 : static_cast<std::uint64_t>(at - moments.begin()) + 1;
}

void add_cuts(std::vector<Blow>& out, const std::vector<Moment>& moments) {
  for (const MigrationPhase phase : meta::migration_phases) {
    const std::uint64_t number = first_of(moments, phase);
    if (number == 0) continue;
    std::vector<std::pair<std::size_t, std::size_t>> known;
    for (const Player& a : moments[number - 1].players) {
      for (const Player& b : moments[number - 1].players) {
        const std::pair way(a.machine, b.machine);
        if (way.first == way.second || std::ranges::find(known, way) != known.end()) continue;
        if (std::max(way.first, way.second) >= rehearsal_climate().machines()) continue;
        known.push_back(way);
        Trouble trouble;
        trouble.moment = number;
        trouble.cut = {way.first, way.second};
        out.push_back({"cut-" + std::string(meta::name(phase)) + "/" + std::string(a.part) + "-to-" +
                           std::string(b.part),
                       std::move(trouble)});
      }
    }
  }
}

/// The cancel has to do without the source, or without the target.
void add_dead(std::vector<Blow>& out, const std::vector<Moment>& moments, std::uint64_t cancelled_at) {
  for (const Player& player : moments[cancelled_at - 1].players) {
    if (player.part != "source" && player.part != "target") continue;
    Trouble trouble;
    trouble.moment = cancelled_at + 1;
    trouble.victims = {player.machine};
    trouble.down_until_over = true;
    out.push_back({"dead/" + std::string(player.part), std::move(trouble)});
  }
}

/// Who leaves does not come back: it has to be retired without its help. Now and then is enough.
void add_lost(std::vector<Blow>& out, const std::vector<Moment>& moments) {
  constexpr std::uint64_t stride = 5;
  for (std::uint64_t number = 1; number <= moments.size(); number += stride) {
    for (const Player& player : moments[number - 1].players) {
      if (player.part != "leaver") continue;
      Trouble trouble;
      trouble.moment = number;
      trouble.victims = {player.machine};
      trouble.for_good = true;
      out.push_back({"lost/" + numbered(number), std::move(trouble)});
    }
  }
}

std::vector<Scene> migration_scenes() {
  std::vector<Scene> scenes = {{"leads", true, false, std::nullopt},
                               {"follows", false, false, std::nullopt},
                               {"drives", true, true, std::nullopt}};
  for (const MigrationPhase phase : meta::migration_phases) {
    if (phase >= MigrationPhase::cutover) break;
    scenes.push_back({"cancel-" + std::string(meta::name(phase)), true, false, phase});
  }
  return scenes;
}

std::vector<MemberScene> member_scenes() {
  using Deed = MemberScene::Deed;
  return {{"join", Deed::join, false, false},
          {"token", Deed::token, false, false},
          {"decommission", Deed::decommission, true, false},
          {"decommission-driver", Deed::decommission, false, true},
          {"replace", Deed::replace, true, false},
          {"exchange", Deed::exchange, false, false},
          {"exchange-driver", Deed::exchange, false, true}};
}

std::vector<Blow> blows_of(const Scene& scene) {
  Rehearsal rehearsal(scene, {});
  const Climate climate = rehearsal_climate();
  const Report report = World(climate, {}, {}).run(&rehearsal);
  std::vector<Blow> out = {{"calm", {}}};
  const std::vector<Moment>& moments = rehearsal.moments();
  if (report.violation) return out;
  if (!scene.cancel_at) {
    add_crashes(out, moments, {.machines = climate.machines()});
    add_cuts(out, moments);
  } else if (const std::uint64_t cancelled_at = rehearsal.cancelled_at(); cancelled_at != 0) {
    add_crashes(out, moments, {climate.machines(), cancelled_at, true});
    if (cancelled_at < moments.size()) add_dead(out, moments, cancelled_at);
  }
  return out;
}

std::vector<Blow> blows_of(const MemberScene& scene) {
  MemberRehearsal rehearsal(scene, {});
  const Climate climate = member_climate(scene);
  const Report report = World(climate, {}, {}).run(&rehearsal);
  std::vector<Blow> out = {{"calm", {}}};
  if (report.violation) return out;
  add_crashes(out, rehearsal.moments(), {.machines = climate.machines()});
  add_lost(out, rehearsal.moments());
  return out;
}

template <class Play, class Kind>
void add_cases(std::vector<Case>& out, const Kind& scene, Climate (*climate)(const Kind&)) {
  for (Blow& blow : blows_of(scene)) {
    out.push_back({scene.name + "/" + blow.name,
                   [scene, climate, trouble = std::move(blow.trouble)](Bugs bugs, Listeners listeners) {
                     Play rehearsal(scene, trouble);
                     World world(climate(scene), bugs, std::move(listeners));
                     return world.run(&rehearsal);
                   }});
  }
}

}  // namespace

std::vector<Case> crash_matrix() {
  std::vector<Case> out;
  for (const Scene& scene : migration_scenes())
    add_cases<Rehearsal>(
        out, scene, +[](const Scene&) { return rehearsal_climate(); });
  for (const MemberScene& scene : member_scenes()) add_cases<MemberRehearsal>(out, scene, &member_climate);
  return out;
}

}  // namespace nodedb::sim
