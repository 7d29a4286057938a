// SPDX-License-Identifier: Apache-2.0
#include "bench/instructions/meter.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/check.h"

namespace nodedb::bench {

void Meter::begin() {
  begun_ = true;
  CALLGRIND_START_INSTRUMENTATION;
}

void Meter::end() {
  begun_ = false;
  CALLGRIND_STOP_INSTRUMENTATION;
}

void Meter::add(std::string_view part, std::uint64_t allocations) {
  auto at = std::ranges::find(parts_, part, &Counted::part);
  if (at == parts_.end()) at = parts_.insert(at, Counted{.part = std::string(part)});
  at->allocations += allocations;
  if (!whole_) at->instructions += take_dump();
}

/// Callgrind tells its counts in files only: the n-th dump is `dumps`.n, and starts the counts anew.
std::uint64_t Meter::take_dump() {
  CALLGRIND_DUMP_STATS;
  if (RUNNING_ON_VALGRIND == 0) return 0;
  const std::string path = dumps_ + "." + std::to_string(++dumped_);
  constexpr std::string_view totals = "totals: ";
  std::ifstream dump(path);
  std::uint64_t instructions = 0;
  bool told = false;
  for (std::string line; std::getline(dump, line);) {
    if (!line.starts_with(totals)) continue;
    instructions = std::stoull(line.substr(totals.size()));
    told = true;
  }
  CHECK_MSG(told, "callgrind has left no dump at " + path);
  std::filesystem::remove(path);
  return instructions;
}

}  // namespace nodedb::bench
