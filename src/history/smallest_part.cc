// SPDX-License-Identifier: Apache-2.0
#include "history/smallest_part.h"

#include <algorithm>

#include "history/linearizability.h"

namespace nodedb::history {

namespace {

History without(const History& history, const std::vector<bool>& left_out) {
  History kept;
  for (std::size_t i = 0; i < history.size(); ++i)
    if (!left_out[i]) kept.push_back(history[i]);
  return kept;
}

}  // namespace

// Whatever is left out only makes an order easier to find: what is a violation without a read, is one.
History smallest_part(History witness) {
  constexpr CheckLimits quick{.states_max = 100'000};
  constexpr std::size_t trials_max = 1'000;
  std::vector<std::size_t> reads;
  for (std::size_t i = 0; i < witness.size(); ++i)
    if (witness[i].op == Op::get) reads.push_back(i);
  std::vector<bool> left_out(witness.size(), false);
  std::size_t trials = 0;
  for (std::size_t part = reads.size(); part > 0; part = part == 1 ? 0 : (part + 1) / 2) {
    for (std::size_t from = 0; from < reads.size() && trials < trials_max; from += part, ++trials) {
      std::vector<bool> tried = left_out;
      for (std::size_t i = from; i < std::min(from + part, reads.size()); ++i) tried[reads[i]] = true;
      if (tried == left_out) continue;
      if (check_linearizable(without(witness, tried), quick).kind == Judgement::Kind::violated)
        left_out = tried;
    }
  }
  return without(witness, left_out);
}

}  // namespace nodedb::history
