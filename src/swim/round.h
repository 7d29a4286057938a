// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whose turn it is to be probed: everybody once in each round, in an order drawn anew for each (SWIM, section
// 4.3). So a dead member is found within 2n - 1 periods by every other one, not only in the mean.

#include <cstddef>
#include <vector>

#include "base/ids.h"
#include "base/rng.h"

namespace nodedb::swim {

class Round {
 public:
  /// A new member gets a drawn place in the rest of the round.
  void add(NodeId node, Rng& rng);
  void remove(NodeId node);
  /// The next one that `wanted` accepts; 0 if there is none. Looks at each at most twice.
  template <class Wanted>
  NodeId next(Rng& rng, Wanted wanted) {
    for (std::size_t looked = 0; looked < 2 * order_.size(); ++looked) {
      if (at_ == order_.size()) shuffle(rng);
      const NodeId node = order_[at_++];
      if (wanted(node)) return node;
    }
    return NodeId();
  }
  const std::vector<NodeId>& order() const { return order_; }

 private:
  void shuffle(Rng& rng);

  std::vector<NodeId> order_;
  std::size_t at_ = 0;
};

}  // namespace nodedb::swim
