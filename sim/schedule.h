// SPDX-License-Identifier: Apache-2.0
#pragma once

// The world's time line: actions in the order of (instant, order of asking), one after the other in one
// thread. Also carries the run's digest: whatever notes facts in it makes two runs comparable to the last
// event.

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/mix.h"
#include "sim/marks.h"

namespace nodedb::sim {

class Schedule {
 public:
  using Action = std::move_only_function<void()>;

  /// True time, ns since the world began. No node ever sees it.
  std::int64_t now() const { return now_; }
  /// An instant in the past means now.
  void at(std::int64_t instant, Action action);
  void after(std::int64_t delay_ns, Action action) { at(now_ + delay_ns, std::move(action)); }
  /// Runs the next action. False when there is none at or before `until`: then it is `until`.
  bool run_one(std::int64_t until);

  void note(std::uint64_t fact) { digest_ = mix(digest_ ^ static_cast<std::uint64_t>(now_), fact); }
  void note(std::string_view fact) { digest_ = mix(digest_ ^ static_cast<std::uint64_t>(now_), fact); }
  std::uint64_t digest() const { return digest_; }
  std::uint64_t actions_run() const { return run_; }

  void mark(std::string_view what) { marks_.hit(what); }
  const Marks& marks() const { return marks_; }

 private:
  struct Key {
    std::int64_t instant = 0;
    std::uint64_t order = 0;
    std::uint32_t slot = 0;
    bool operator>(const Key& other) const {
      return instant != other.instant ? instant > other.instant : order > other.order;
    }
  };

  std::int64_t now_ = 0;
  std::uint64_t order_ = 0;
  std::uint64_t run_ = 0;
  std::uint64_t digest_ = 0;
  Marks marks_;
  std::vector<Key> heap_;
  std::vector<Action> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace nodedb::sim
