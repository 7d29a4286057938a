// SPDX-License-Identifier: Apache-2.0
#pragma once

// A bounded queue from many threads to one: how values pass between the server's threads. Order is kept per
// sender. The receiver drains it whole, so that one wake-up pays for all that queued meanwhile. A full
// mailbox says so; who must not lose a value waits with `push`, who may answer `busy` uses `try_push`. After
// `close`, nothing goes in, and what is inside can still be taken.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/time.h"
#include "edge/base/clock.h"

namespace nodedb::edge {

enum class Pushed : std::uint8_t { ok, full, closed };

template <class T>
class Mailbox {
 public:
  /// `wake`, if given, is called by the sender, outside of the lock, when the mailbox stops being empty: a
  /// receiver that sleeps elsewhere (an event loop) is posted to with it. It must not throw.
  /// Pre: capacity > 0.
  explicit Mailbox(std::size_t capacity, std::function<void()> wake = {})
      : capacity_(capacity), wake_(std::move(wake)) {
    CHECK(capacity > 0);
  }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Takes `value` only if the answer is ok: otherwise the caller still has it.
  [[nodiscard]] Pushed try_push(T&& value) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return Pushed::closed;
      if (queue_.size() >= capacity_) return Pushed::full;
      queue_.push_back(std::move(value));
      if (queue_.size() > 1) return Pushed::ok;
    }
    announce();
    return Pushed::ok;
  }

  /// Waits for room as long as it takes. False if the mailbox is closed: the value is dropped.
  [[nodiscard]] bool push(T value) {
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [this] { return closed_ || queue_.size() < capacity_; });
      if (closed_) return false;
      queue_.push_back(std::move(value));
      if (queue_.size() > 1) return true;
    }
    announce();
    return true;
  }

  /// Never waits: takes the value even beyond the bound. False if there is no room for more. After `close`,
  /// drops it.
  bool push_over(T value) {
    bool room = true;
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return true;
      queue_.push_back(std::move(value));
      room = queue_.size() < capacity_;
      if (queue_.size() > 1) return room;
    }
    announce();
    return room;
  }

  /// `push` or `push_over`. False: it is closed, or without `wait` there is no room for more.
  bool give(T value, bool wait) { return wait ? push(std::move(value)) : push_over(std::move(value)); }

  /// All that is there, in order; waits until there is something, the deadline has passed (then empty) or the
  /// mailbox is closed. `long_ago` does not wait, `never` waits without end. One receiver only.
  std::vector<T> take_all(Time deadline) {
    std::vector<T> taken;
    {
      std::unique_lock lock(mutex_);
      const auto ready = [this] { return closed_ || !queue_.empty(); };
      if (deadline == never) {
        filled_.wait(lock, ready);
      } else if (deadline.ns > 0) {
        filled_.wait_until(lock, steady_instant(deadline), ready);
      }
      taken.swap(queue_);
    }
    if (!taken.empty()) room_.notify_all();
    return taken;
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    filled_.notify_all();
    room_.notify_all();
    if (wake_) wake_();
  }

  bool empty() const {
    const std::lock_guard lock(mutex_);
    return queue_.empty();
  }

  /// True once it is closed and everything has been taken.
  bool finished() const {
    const std::lock_guard lock(mutex_);
    return closed_ && queue_.empty();
  }

 private:
  void announce() {
    filled_.notify_one();
    if (wake_) wake_();
  }

  const std::size_t capacity_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable room_;
  std::vector<T> queue_;
  bool closed_ = false;
};

}  // namespace nodedb::edge
