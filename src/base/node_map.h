// SPDX-License-Identifier: Apache-2.0
#pragma once

// Something for each of a few nodes, ascending by node, in one piece of memory: what is looked up for every
// message must not be a walk through a tree. What it hands out holds until a node comes or goes.

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/ids.h"

namespace nodedb {

template <class T>
class NodeMap {
 public:
  using value_type = std::pair<NodeId, T>;
  using iterator = typename std::vector<value_type>::iterator;
  using const_iterator = typename std::vector<value_type>::const_iterator;

  iterator begin() { return items_.begin(); }
  iterator end() { return items_.end(); }
  const_iterator begin() const { return items_.begin(); }
  const_iterator end() const { return items_.end(); }
  bool empty() const { return items_.empty(); }
  void clear() { items_.clear(); }

  iterator find(NodeId node) { return find_in(items_, node); }
  const_iterator find(NodeId node) const { return find_in(items_, node); }
  bool contains(NodeId node) const { return find(node) != end(); }

  /// Pre: it is there.
  const T& at(NodeId node) const {
    const auto found = find(node);
    CHECK(found != end());
    return found->second;
  }
  /// Made if it is not there.
  T& operator[](NodeId node) {
    const auto at = place_of(items_, node);
    if (at != end() && at->first == node) return at->second;
    return items_.emplace(at, node, T())->second;
  }

  void erase(NodeId node) {
    if (const auto found = find(node); found != end()) items_.erase(found);
  }
  template <class Unwanted>
  void erase_if(const Unwanted& unwanted) {
    std::erase_if(items_, [&](const value_type& item) { return unwanted(item.first); });
  }

 private:
  template <class Items>
  static auto place_of(Items& items, NodeId node) {
    return std::ranges::lower_bound(items, node, {}, &value_type::first);
  }
  template <class Items>
  static auto find_in(Items& items, NodeId node) {
    const auto at = place_of(items, node);
    return at == items.end() || at->first == node ? at : items.end();
  }

  std::vector<value_type> items_;
};

}  // namespace nodedb
