// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a write costs, part by part, as text and as a judgement. A file of counts has comments (#), a line
// `platform …` that says what compiled code the counts are of, and a line `path part instructions` for each
// part of each path, per write.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nodedb::bench {

struct Count {
  std::string path;
  std::string part;
  std::uint64_t instructions = 0;
};

struct Counts {
  std::string platform;
  std::vector<Count> parts;

  const Count* find(const std::string& path, const std::string& part) const;
  /// All parts of a path.
  std::uint64_t sum(const std::string& path) const;
};

/// Nothing if the file is not there or is none of counts.
std::optional<Counts> read_counts(const std::string& file);
bool write_counts(const std::string& file, const Counts& counts);

/// A count may be so much above its baseline, or below.
inline constexpr double tolerance_percent = 3;

/// One sentence for each part that is out of tolerance, that has no baseline, or that is in the baseline's
/// paths and was not counted. Gains are complaints as well: under a baseline that is too high a loss would go
/// unnoticed.
std::vector<std::string> complaints(const Counts& counted, const Counts& baseline);

/// The table that people read. A column is blank where `baseline` has nothing.
std::string text(const Counts& counted, const Counts& baseline);

}  // namespace nodedb::bench
