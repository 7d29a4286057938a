// SPDX-License-Identifier: Apache-2.0
#include "sim/schedule.h"

#include <algorithm>
#include <utility>

namespace nodedb::sim {

void Schedule::at(std::int64_t instant, Action action) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back(std::move(action));
  } else {
    slot = free_.back();
    free_.pop_back();
    slots_[slot] = std::move(action);
  }
  heap_.push_back({std::max(instant, now_), ++order_, slot});
  std::ranges::push_heap(heap_, std::greater<>());
}

bool Schedule::run_one(std::int64_t until) {
  if (heap_.empty() || heap_.front().instant > until) {
    now_ = std::max(now_, until);
    return false;
  }
  std::ranges::pop_heap(heap_, std::greater<>());
  const Key key = heap_.back();
  heap_.pop_back();
  now_ = key.instant;
  ++run_;
  Action action = std::move(slots_[key.slot]);
  slots_[key.slot] = nullptr;
  free_.push_back(key.slot);
  action();
  return true;
}

}  // namespace nodedb::sim
