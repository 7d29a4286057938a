// SPDX-License-Identifier: Apache-2.0
#pragma once

// A map in one piece of memory, ascending by key: what is looked up for every message must not be a walk
// through a tree. For keys that seldom come and go: that moves all above them. What it hands out holds until
// then.

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/ids.h"

namespace nodedb {

template <class Key, class T>
class FlatMap {
 public:
  using value_type = std::pair<Key, T>;
  using iterator = typename std::vector<value_type>::iterator;
  using const_iterator = typename std::vector<value_type>::const_iterator;

  iterator begin() { return items_.begin(); }
  iterator end() { return items_.end(); }
  const_iterator begin() const { return items_.begin(); }
  const_iterator end() const { return items_.end(); }
  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  void clear() { items_.clear(); }

  iterator find(Key key) { return find_in(items_, key); }
  const_iterator find(Key key) const { return find_in(items_, key); }
  bool contains(Key key) const { return find(key) != end(); }

  /// Pre: it is there.
  const T& at(Key key) const {
    const auto found = find(key);
    CHECK(found != end());
    return found->second;
  }
  /// Made if it is not there.
  T& operator[](Key key) {
    const auto at = place_of(items_, key);
    if (at != end() && at->first == key) return at->second;
    return items_.emplace(at, key, T())->second;
  }

  void erase(Key key) {
    if (const auto found = find(key); found != end()) items_.erase(found);
  }
  void erase(iterator at) { items_.erase(at); }
  /// Of items. Returns how many.
  template <class Unwanted>
  std::size_t erase_if(const Unwanted& unwanted) {
    return std::erase_if(items_, unwanted);
  }

 private:
  template <class Items>
  static auto place_of(Items& items, Key key) {
    return std::ranges::lower_bound(items, key, {}, &value_type::first);
  }
  template <class Items>
  static auto find_in(Items& items, Key key) {
    const auto at = place_of(items, key);
    return at == items.end() || at->first == key ? at : items.end();
  }

  std::vector<value_type> items_;
};

template <class T>
using NodeMap = FlatMap<NodeId, T>;

}  // namespace nodedb
