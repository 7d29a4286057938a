// SPDX-License-Identifier: Apache-2.0
#pragma once

// Counts instructions, part by part, in a process that runs under callgrind: it was started with collecting
// and instrumenting off, and with `dumps` as its --callgrind-out-file. What runs between parts, before
// `begin` or after `end` is not counted. Outside callgrind everything counts 0.

#include <valgrind/callgrind.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodedb::bench {

/// How often operator new was called (allocator.cc).
std::uint64_t allocations();

struct Counted {
  std::string part;
  std::uint64_t instructions = 0;
  std::uint64_t allocations = 0;
};

class Meter {
 public:
  /// `whole`: parts are not told apart; callgrind's own file, at the end, has all of them together.
  Meter(std::string dumps, bool whole) : dumps_(std::move(dumps)), whole_(whole) {}

  void begin();
  void end();
  bool counts() const { return begun_; }

  template <class Deed>
  void count(std::string_view part, const Deed& deed) {
    if (!begun_) return deed();
    const std::uint64_t allocations_before = allocations() - spared_;
    CALLGRIND_TOGGLE_COLLECT;
    deed();
    CALLGRIND_TOGGLE_COLLECT;
    add(part, allocations() - spared_ - allocations_before);
  }

  /// While it lives, nothing is counted: a stand-in inside a part.
  class Pause {
   public:
    Pause() : allocations_before_(allocations()) { CALLGRIND_TOGGLE_COLLECT; }
    ~Pause() {
      CALLGRIND_TOGGLE_COLLECT;
      spared_ += allocations() - allocations_before_;
    }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    std::uint64_t allocations_before_;
  };

  /// Since the last `take_parts`, in the order in which they first ran.
  const std::vector<Counted>& parts() const { return parts_; }
  std::vector<Counted> take_parts() { return std::exchange(parts_, {}); }

 private:
  void add(std::string_view part, std::uint64_t allocations);
  std::uint64_t take_dump();

  inline static std::uint64_t spared_ = 0;  ///< allocations of what is paused

  std::string dumps_;
  bool whole_;
  bool begun_ = false;
  int dumped_ = 0;
  std::vector<Counted> parts_;
};

}  // namespace nodedb::bench
