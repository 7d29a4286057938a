// SPDX-License-Identifier: Apache-2.0
#include "swim/round.h"

#include <algorithm>
#include <utility>

namespace nodedb::swim {

void Round::add(NodeId node, Rng& rng) {
  const std::size_t place = at_ + rng.below(order_.size() - at_ + 1);
  order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(place), node);
}

void Round::remove(NodeId node) {
  const auto found = std::ranges::find(order_, node);
  if (found == order_.end()) return;
  if (static_cast<std::size_t>(found - order_.begin()) < at_) --at_;
  order_.erase(found);
}

void Round::shuffle(Rng& rng) {
  for (std::size_t left = order_.size(); left > 1; --left)
    std::swap(order_[left - 1], order_[rng.below(left)]);
  at_ = 0;
}

}  // namespace nodedb::swim
