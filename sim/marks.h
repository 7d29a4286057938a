// SPDX-License-Identifier: Apache-2.0
#pragma once

// How often the things that a run is meant to provoke really happened. A fault that we claim to survive is
// only tested if its branch ran; sweeps add the marks up, and a test wants each of them to be there.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace nodedb::sim {

class Marks {
 public:
  void hit(std::string_view what) {
    const auto at = counts_.find(what);
    if (at != counts_.end()) {
      ++at->second;
    } else {
      counts_.emplace(what, 1);
    }
  }
  using Counts = std::map<std::string, std::uint64_t, std::less<>>;
  const Counts& counts() const { return counts_; }

 private:
  Counts counts_;
};

}  // namespace nodedb::sim
