// SPDX-License-Identifier: Apache-2.0
#include "bench/instructions/counts.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "app/table.h"
#include "base/units.h"
#include "bench/support/figures.h"

namespace nodedb::bench {

namespace {

constexpr const char* about =
    "# Instructions of each part of a write (bench/instructions/write_path.h), per write: the baseline of\n"
    "# the test `instructions`. Rewritten by NODEDB_REWRITE=1 build/release/instructions_bench.\n";

double percent(std::uint64_t now, std::uint64_t before) {
  return 100.0 * (static_cast<double>(now) / static_cast<double>(before) - 1);
}

std::vector<std::string> paths_of(const Counts& counts) {
  std::vector<std::string> paths;
  for (const Count& one : counts.parts)
    if (std::ranges::find(paths, one.path) == paths.end()) paths.push_back(one.path);
  return paths;
}

}  // namespace

const Count* Counts::find(const std::string& path, const std::string& part) const {
  const auto at =
      std::ranges::find_if(parts, [&](const Count& one) { return one.path == path && one.part == part; });
  return at == parts.end() ? nullptr : &*at;
}

std::uint64_t Counts::sum(const std::string& path) const {
  std::uint64_t sum = 0;
  for (const Count& one : parts)
    if (one.path == path) sum += one.instructions;
  return sum;
}

std::optional<Counts> read_counts(const std::string& file) {
  std::ifstream in(file);
  Counts counts;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    Count one;
    if (words >> one.path; one.path == "platform") {
      std::getline(words >> std::ws, counts.platform);
    } else if (words >> one.part >> one.instructions && one.instructions > 0) {
      counts.parts.push_back(one);
    } else {
      return std::nullopt;
    }
  }
  if (counts.platform.empty() || counts.parts.empty()) return std::nullopt;
  return counts;
}

bool write_counts(const std::string& file, const Counts& counts) {
  std::ofstream out(file);
  out << about << "platform " << counts.platform << "\n";
  for (const Count& one : counts.parts) out << one.path << " " << one.part << " " << one.instructions << "\n";
  return out.flush().good();
}

std::vector<std::string> complaints(const Counts& counted, const Counts& baseline) {
  std::vector<std::string> out;
  for (const Count& one : counted.parts) {
    const std::string name = one.path + " " + one.part + ": ";
    const Count* before = baseline.find(one.path, one.part);
    const double change = before == nullptr ? 0 : percent(one.instructions, before->instructions);
    if (before == nullptr) {
      out.push_back(name + "the baseline does not know this part");
    } else if (change > tolerance_percent) {
      out.push_back(name + fixed(change, 1) + " % more instructions than the baseline");
    } else if (change < -tolerance_percent) {
      out.push_back(name + fixed(-change, 1) + " % fewer instructions than the baseline: lower it");
    }
  }
  const std::vector<std::string> paths = paths_of(counted);
  for (const Count& one : baseline.parts) {
    const bool asked = std::ranges::find(paths, one.path) != paths.end();
    if (asked && counted.find(one.path, one.part) == nullptr)
      out.push_back(one.path + " " + one.part + ": in the baseline, but not counted");
  }
  return out;
}

std::string text(const Counts& counted, const Counts& baseline) {
  app::Table table({"PATH", "PART", "INSTRUCTIONS", "BASELINE", "CHANGE-%"});
  const auto row = [&](const std::string& path, const std::string& part, std::uint64_t now,
                       std::uint64_t before) {
    if (before == 0)
      table.add({path, part, std::to_string(now)});
    else
      table.add({path, part, std::to_string(now), std::to_string(before), fixed(percent(now, before), 1)});
  };
  for (const std::string& path : paths_of(counted)) {
    for (const Count& one : counted.parts) {
      const Count* before = baseline.find(path, one.part);
      if (one.path == path)
        row(path, one.part, one.instructions, before == nullptr ? 0 : before->instructions);
    }
    row(path, "all", counted.sum(path), baseline.sum(path));
  }
  return table.text();
}

}  // namespace nodedb::bench
