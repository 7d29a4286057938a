// SPDX-License-Identifier: Apache-2.0
#pragma once

// The planted bugs by name: mistakes that real systems have made, each behind a switch that only tests set.
// The simulator has to find every one of them (docs/testing.md).

#include <optional>
#include <span>
#include <string_view>

#include "sim/world.h"

namespace nodedb::sim {

struct PlantedBug {
  std::string_view name;
  std::string_view what;
  void (*plant)(Bugs&);
};

std::span<const PlantedBug> planted_bugs();
/// Null if there is no such bug.
const PlantedBug* find_bug(std::string_view name);

}  // namespace nodedb::sim
