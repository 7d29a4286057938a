// SPDX-License-Identifier: Apache-2.0
#include "tests/edge/log/crash_states.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace nodedb::edge {
namespace {

std::uint64_t seeds() {
  const char* const wanted = std::getenv("NODEDB_CRASH_SEEDS");
  return wanted == nullptr ? 2 : std::strtoull(wanted, nullptr, 10);
}

TEST(CrashStates, every_one_is_legal) {
  std::uint64_t states = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const CrashStates tried = try_crash_states(seed);
    EXPECT_EQ(tried.failure, "") << "seed " << seed;
    states += tried.states;
  }
  std::printf("%llu states\n", static_cast<unsigned long long>(states));
}

struct Planted {
  const char* name;
  bool LogBugs::*bug;
};

TEST(CrashStates, planted_bugs_are_found) {
  constexpr Planted all[] = {
      {"unsynced_records", &LogBugs::unsynced_records},
      {"unsynced_reuse", &LogBugs::unsynced_reuse},
      {"unsynced_replay", &LogBugs::unsynced_replay},
      {"early_reuse", &LogBugs::early_reuse},
      {"hard_state_left", &LogBugs::hard_state_left},
      {"earlier_uses_count", &LogBugs::earlier_uses_count},
      {"torn_is_damage", &LogBugs::torn_is_damage},
      {"truncation_forgotten", &LogBugs::truncation_forgotten},
  };
  for (const Planted& planted : all) {
    LogBugs bugs;
    bugs.*planted.bug = true;
    std::string found;
    for (std::uint64_t seed = 1; seed <= 4 && found.empty(); ++seed)
      found = try_crash_states(seed, bugs).failure;
    EXPECT_NE(found, "") << planted.name << " is not found";
    std::printf("%s: %s\n", planted.name, found.c_str());
  }
}

}  // namespace
}  // namespace nodedb::edge
