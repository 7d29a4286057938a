// SPDX-License-Identifier: Apache-2.0
// What is believed of whom: rumours in, suspicions, refutations (SWIM, section 4.2).
#include <algorithm>
#include <limits>
#include <utility>

#include "swim/state.h"

namespace nodedb::swim {

namespace {

/// Nobody refutes so often in one boot: what claims it is not to be believed, since nothing could beat it.
constexpr std::uint32_t refutations_max = std::numeric_limits<std::uint32_t>::max() / 2;

}  // namespace

void Swim::State::hear(Time now, const std::vector<Rumour>& heard) {
  for (const Rumour& rumour : heard) hear(now, rumour);
}

/// Who leaves has nothing to learn any more.
void Swim::State::hear(Time now, const Rumour& rumour) {
  if (leaving) return;
  if (rumour.life.refutation > refutations_max) {
    ++counts.ignored;
    return;
  }
  if (rumour.node == self) return hear_of_self(now, rumour);
  Member* member = find(rumour.node);
  if (member == nullptr) {
    ++counts.ignored;
    return;
  }
  if (member->suspicion && rumour.standing == Standing::suspect && rumour.life == member->life) {
    confirm(now, *member, rumour);
  } else if (supersedes(rumour.life, rumour.standing, member->life, member->standing) ||
             (bugs.stale_life_believed && rumour.standing > member->standing)) {
    believe(now, *member, rumour);
  }
}

/// Another witness, or the same again: only the first counts, and only what shortens is passed on (Lifeguard,
/// LHA-Suspicion).
void Swim::State::confirm(Time now, Member& member, const Rumour& rumour) {
  if (member.suspicion->confirm(rumour.by)) {
    spread(now, rumour);
  } else if (bugs.one_witness_counts_twice) {
    member.suspicion->count_again();
  }
}

void Swim::State::believe(Time now, Member& member, const Rumour& rumour) {
  const Standing was = std::exchange(member.standing, rumour.standing);
  member.life = rumour.life;
  member.by = rumour.by;
  if (was != rumour.standing || member.since == long_ago) member.since = now;
  if (rumour.standing == Standing::suspect) {
    member.suspicion.emplace(rumour.by, now, suspicion_bounds(options, group_size()));
  } else if (!bugs.refuted_still_dies) {
    member.suspicion.reset();
  }
  spread(now, rumour);
  if (was != rumour.standing) output.changes.push_back({was, verdict_of(rumour.node, member)});
}

/// Somebody holds this node for less than alive: it says otherwise, louder than that. That it came to be
/// suspected is a sign of its own slowness (Lifeguard, section on local health).
void Swim::State::hear_of_self(Time now, const Rumour& rumour) {
  const Rumour own = own_word();
  if (rumour.life.boot > life.boot) {
    ++counts.ignored;  // the boot counter is durable: nobody can have met a later life than this one
    return;
  }
  if (bugs.no_refutation || !supersedes(rumour.life, rumour.standing, own.life, own.standing)) return;
  life.refutation = rumour.life.refutation + 1;
  ++counts.refuted;
  health.worse();
  if (is_member) spread(now, own_word());
}

void Swim::State::end_suspicions(Time now) {
  for (auto& [node, member] : members) {
    if (!member.suspicion || member.suspicion->deadline() > now) continue;
    member.suspicion.reset();
    believe(now, member, Rumour{node, member.life, Standing::dead, self});
  }
}

Verdict Swim::State::verdict_of(NodeId node, const Member& member) const {
  return {node, member.standing, member.life, member.since, member.by};
}

Rumour Swim::State::own_word() const {
  return {self, life, leaving ? Standing::left : Standing::alive, self};
}

}  // namespace nodedb::swim
