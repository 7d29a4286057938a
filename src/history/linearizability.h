// SPDX-License-Identifier: Apache-2.0
#pragma once

// Is a history linearizable? (Herlihy & Wing 1990; the search is Wing & Gong's with Lowe's memoisation,
// "Testing for linearizability", 2017.) Keys are independent objects, so each is judged alone (locality). The
// object is one key of the store: put, cas, incr, del, append and get on an optional text.
//
// An `info` operation may take effect at any time after its call, or never; `fail` never does. Search and
// memory are bounded by `states_max`; beyond it the answer is `undecided`, never a guess.

#include <cstddef>
#include <span>
#include <string>

#include "history/history.h"

namespace nodedb::history {

struct Judgement {
  enum class Kind : std::uint8_t { linearizable, violated, undecided } kind = Kind::linearizable;
  std::string key;         ///< the first that is not linearizable, or undecided
  History witness;         ///< that key's operations up to the first that no order explains, by call
  std::size_t states = 0;  ///< visited, over all keys
};

struct CheckLimits {
  std::size_t states_max = 1'000'000;  ///< for each key
};

Judgement check_linearizable(std::span<const Operation> history, CheckLimits limits = {});

}  // namespace nodedb::history
