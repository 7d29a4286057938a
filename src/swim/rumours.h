// SPDX-License-Identifier: Apache-2.0
#pragma once

// The news that this node still has to spread. One piece a member, the latest; each is sent so many times and
// then forgotten. Those sent least come first, so that fresh news is never behind old (SWIM, section 4.1).

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "swim/types.h"

namespace nodedb::swim {

class Rumours {
 public:
  /// `most_sent_first` is a planted bug.
  explicit Rumours(bool most_sent_first) : most_sent_first_(most_sent_first) {}

  /// Replaces what was to be said of the same member, and begins anew.
  void add(const Rumour& rumour);
  void drop(NodeId node) { news_.erase(node); }
  /// Appends to `into` what fits into `bytes`, skipping members that it speaks of already, and counts it as
  /// sent; what has been sent `sends_max` times is forgotten.
  void take(std::vector<Rumour>& into, std::size_t bytes, std::uint32_t sends_max);

  bool empty() const { return news_.empty(); }
  std::size_t size() const { return news_.size(); }
  bool contains(NodeId node) const { return news_.contains(node); }

 private:
  struct News {
    Rumour rumour;
    std::uint32_t sent = 0;
    std::uint64_t added = 0;  ///< the newest first among equals
  };

  bool most_sent_first_;
  std::map<NodeId, News> news_;
  std::uint64_t added_ = 0;
};

}  // namespace nodedb::swim
