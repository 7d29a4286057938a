// SPDX-License-Identifier: Apache-2.0
#pragma once

// A queue in one piece of memory. A node has a thousand groups and each has many small queues that are empty
// or nearly so most of the time: an empty one takes no memory of its own, and what is in one lies together.
// Taking from the front moves nothing but now and then, when as much has been taken as is left.

#include <cstddef>
#include <utility>
#include <vector>

namespace nodedb {

template <class T>
class Queue {
 public:
  using value_type = T;
  using iterator = typename std::vector<T>::iterator;
  using const_iterator = typename std::vector<T>::const_iterator;
  using const_reverse_iterator = typename std::vector<T>::const_reverse_iterator;

  Queue() = default;
  Queue(const Queue&) = default;
  Queue& operator=(const Queue&) = default;
  Queue(Queue&& other) noexcept
      : items_(std::exchange(other.items_, {})), taken_(std::exchange(other.taken_, 0)) {}
  Queue& operator=(Queue&& other) noexcept {
    items_ = std::exchange(other.items_, {});
    taken_ = std::exchange(other.taken_, 0);
    return *this;
  }

  bool empty() const { return taken_ == items_.size(); }
  std::size_t size() const { return items_.size() - taken_; }

  iterator begin() { return items_.begin() + static_cast<std::ptrdiff_t>(taken_); }
  iterator end() { return items_.end(); }
  const_iterator begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(taken_); }
  const_iterator end() const { return items_.end(); }
  const_reverse_iterator rbegin() const { return items_.rbegin(); }
  const_reverse_iterator rend() const { return items_.rend() - static_cast<std::ptrdiff_t>(taken_); }

  // Pre for all: there is such an item.
  T& front() { return items_[taken_]; }
  const T& front() const { return items_[taken_]; }
  T& back() { return items_.back(); }
  const T& back() const { return items_.back(); }
  T& operator[](std::size_t at) { return items_[taken_ + at]; }
  const T& operator[](std::size_t at) const { return items_[taken_ + at]; }

  void push_back(T item) { items_.push_back(std::move(item)); }
  /// Moves all the others: for queues that stay short.
  void push_front(T item) { items_.insert(begin(), std::move(item)); }
  /// Moves what is behind it.
  void insert(iterator at, T item) { items_.insert(at, std::move(item)); }
  void pop_back() {
    items_.pop_back();
    if (empty()) clear();
  }
  void pop_front() {
    static_cast<void>(T(std::move(items_[taken_])));  // what it holds is let go
    ++taken_;
    if (empty()) return clear();
    if (taken_ < kept_items_min || taken_ < size()) return;
    items_.erase(items_.begin(), begin());
    taken_ = 0;
    if (items_.capacity() / 4 > items_.size() + kept_items_min) items_.shrink_to_fit();
  }
  void erase(iterator at) { erase(at, at + 1); }
  void erase(iterator first, iterator last) {
    items_.erase(first, last);
    if (empty()) clear();
  }
  void clear() {
    items_.clear();
    taken_ = 0;
    if (items_.capacity() > kept_items_max) items_ = std::vector<T>();
  }

 private:
  /// So few are not worth a move; and an empty queue keeps room for not more.
  static constexpr std::size_t kept_items_min = 16;
  static constexpr std::size_t kept_items_max = 64;

  std::vector<T> items_;
  std::size_t taken_ = 0;  ///< of the vector's items, from the front
};

}  // namespace nodedb
