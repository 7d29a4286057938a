// SPDX-License-Identifier: Apache-2.0
// SWIM in groups: a short version of the study with bounds, drawn trouble after which all verdicts must come
// true, and each planted bug, found, with the same scene green without it.
#include "sim/swim/pond.h"

#include <gtest/gtest.h>

#include "sim/swim/study.h"

namespace nodedb::sim {
namespace {

using swim::Standing;

// --- the study, in short ---

TEST(SwimStudy, WithoutLossADeathIsNoticedInTimeAndNobodyElseIsAccused) {
  for (const std::uint32_t nodes : {3U, 8U, 32U}) {
    const StudyFigures f = study({.plan = {.nodes = nodes}, .runs = 4, .quiet_ns = 30 * ns_per_s});
    EXPECT_EQ(f.broken, "");
    EXPECT_EQ(f.missed, 0U);
    EXPECT_EQ(f.false_by_any, 0U);
    EXPECT_EQ(f.false_suspicions, 0U);
    // The shortest suspicion, and three periods until enough have found out (three nodes have one witness).
    const double shortest = nodes == 32 ? 7.6 : 5;
    EXPECT_LE(percentile(f.first_ns, 0.5), static_cast<std::int64_t>((shortest + 3) * 1e9));
    EXPECT_LT(f.messages_per_second, 4);
  }
}

TEST(SwimStudy, LossAloneKillsNobody) {
  const StudyFigures one =
      study({.plan = {.nodes = 100, .loss = 0.01}, .runs = 1, .quiet_ns = 120 * ns_per_s});
  EXPECT_EQ(one.broken, "");
  EXPECT_EQ(one.false_by_any, 0U);
  EXPECT_EQ(one.missed, 0U);
  const StudyFigures ten = study({.plan = {.nodes = 8, .loss = 0.10}, .runs = 4});
  EXPECT_EQ(ten.false_by_any, 0U);
  EXPECT_GT(ten.false_suspicions, 0U);  // there was something to refute
}

/// The Lifeguard paper's point: slow members make plain SWIM accuse healthy ones.
TEST(SwimStudy, SlowMembersMisleadPlainSwimAndNotLifeguard) {
  StudyCase what{.plan = {.nodes = 16, .slow = 2}, .runs = 3};
  const StudyFigures lifeguard = study(what);
  what.plan.options.suspicion_stretch = 1;
  what.plan.bugs = {.never_nacks = true, .suspect_not_told = true, .health_ignored = true};
  const StudyFigures plain = study(what);
  EXPECT_GT(plain.false_by_any, 50U);
  EXPECT_LE(lifeguard.false_by_any * 20, plain.false_by_any);
  EXPECT_EQ(lifeguard.broken, "");
  EXPECT_EQ(plain.broken, "");
}

// --- trouble, then calm ---

struct Trouble {
  std::uint64_t seed;
  swim::PlantedBugs bugs{};
};

/// A minute of crashes, returns, splits, stalls and loss, then calm. What broke, or did not come true.
std::string after_trouble(const Trouble& trouble) {
  Rng rng(trouble.seed);
  PondPlan plan;
  plan.nodes = static_cast<std::uint32_t>(3 + rng.below(8));
  plan.options = swim::Options::of(static_cast<swim::Profile>(rng.below(2)));
  plan.bugs = trouble.bugs;
  plan.loss = rng.chance(0.5) ? 0.3 : 0;
  plan.slowness.stands_still = rng.chance(0.5);
  Pond pond(trouble.seed, plan);
  for (int deed = 0; deed < 40; ++deed) {
    pond.run(rng.between(0, 6 * ns_per_s));
    const auto node = static_cast<std::uint32_t>(1 + rng.below(plan.nodes));
    switch (rng.below(6)) {
      case 0:
        if (pond.up(node)) pond.crash(node);
        break;
      case 1:
        if (!pond.up(node)) pond.restart(node);
        break;
      case 2:
        pond.split({node, 1});
        break;
      case 3:
        pond.heal();
        break;
      case 4:
        pond.block(node, true);
        break;
      default:
        for (std::uint32_t id = 1; id <= plan.nodes; ++id) pond.block(id, false);
    }
  }
  pond.heal();
  pond.set_loss(0);
  for (std::uint32_t id = 1; id <= plan.nodes; ++id) pond.block(id, false);
  const bool came_true = pond.run(600 * ns_per_s, [&] { return pond.all_true(); });
  // Old news may still make its round; after that nothing changes any more.
  pond.run(60 * ns_per_s);
  const std::size_t before = pond.seen().size();
  pond.run(60 * ns_per_s);
  if (pond.broken()) return *pond.broken();
  if (!came_true) return "a verdict is not true after ten minutes of calm";
  if (pond.seen().size() != before) return "a verdict changed without a reason";
  return "";
}

TEST(SwimTrouble, AllVerdictsComeTrue) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) EXPECT_EQ(after_trouble({seed}), "") << "seed " << seed;
}

// --- planted bugs ---

std::string hunted(swim::PlantedBugs bugs) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    if (std::string found = after_trouble({seed, bugs}); !found.empty()) return found;
  }
  return "";
}

TEST(SwimPlantedBug, StaleLivesBelieved) {
  EXPECT_EQ(hunted({.stale_life_believed = true}), "a life has fallen");
}

TEST(SwimPlantedBug, NobodyRefutes) {
  EXPECT_EQ(hunted({.no_refutation = true}), "a verdict is not true after ten minutes of calm");
}

TEST(SwimPlantedBug, TheRefutedStillDie) {
  EXPECT_EQ(hunted({.refuted_still_dies = true}), "a suspicion's clock runs for suspects, and only then");
}

TEST(SwimPlantedBug, HealthIgnored) {
  StudyCase what{.plan = {.nodes = 16, .slow = 4}, .runs = 2};
  const std::uint64_t without = study(what).false_suspicions;
  what.plan.bugs.health_ignored = true;
  EXPECT_GT(study(what).false_suspicions, 2 * without);
}

}  // namespace
}  // namespace nodedb::sim
