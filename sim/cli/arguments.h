// SPDX-License-Identifier: Apache-2.0
#pragma once

// What nodedb-sim was asked to do, and the climate and bugs that follow from it. Bad usage ends the process.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sim/climate.h"
#include "sim/world.h"

namespace nodedb::sim {

inline constexpr int red_exit = 1;

struct Arguments {
  std::uint64_t first = 1;           ///< --seed
  std::vector<std::uint64_t> seeds;  ///< what a sweep runs
  std::int64_t duration_ns = 60 * ns_per_s;
  std::size_t jobs = 1;  ///< as many as there are processors
  std::uint64_t limit = 1'000;
  std::string history;
  std::string trace;
  std::string bug;
  std::vector<std::string> without;
  std::uint32_t vshards = 0;  ///< 0: as drawn
  bool bugs = false;
  bool shrink = false;
  bool verbose = false;
  bool crash_matrix = false;
  bool swim = false;
  std::uint32_t runs = 20;    ///< of each case of the study of SWIM
  std::uint32_t members = 0;  ///< in it; 0: groups of 8, 32 and 128
  std::string only;           ///< the case of the crash matrix; empty: all
  std::uint64_t every = 1;    ///< … or each n-th
};

Arguments parse(int argc, char** argv);
/// Says why, shows the usage and exits with 64.
[[noreturn]] void bad_usage(const std::string& why);
std::uint64_t number(std::string_view text);

Climate climate_of(const Arguments& a, std::uint64_t seed);
Bugs bugs_of(const std::string& name);
/// The command that runs `seed` again, just so.
std::string replay(const Arguments& a, std::uint64_t seed);
/// With three decimals.
std::string seconds(std::int64_t ns);

}  // namespace nodedb::sim
