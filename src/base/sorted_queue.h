// SPDX-License-Identifier: Apache-2.0
#pragma once

// A set in one piece of memory, for what mostly comes in rising order and goes from the front.

#include <algorithm>

#include "base/queue.h"

namespace nodedb {

template <class T>
class SortedQueue {
 public:
  bool empty() const { return items_.empty(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  /// Pre: not empty.
  const T& front() const { return items_.front(); }

  /// Pre: it is not there.
  void insert(T item) {
    if (items_.empty() || items_.back() < item) return items_.push_back(std::move(item));
    items_.insert(std::ranges::lower_bound(items_, item), std::move(item));
  }
  /// It need not be there.
  void erase(const T& item) {
    if (!items_.empty() && items_.front() == item) return items_.pop_front();
    const auto at = std::ranges::lower_bound(items_, item);
    if (at != items_.end() && *at == item) items_.erase(at);
  }

 private:
  Queue<T> items_;
};

}  // namespace nodedb
