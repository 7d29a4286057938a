// SPDX-License-Identifier: Apache-2.0
#include "raft/durability.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace nodedb::raft {

bool Durability::pending(const HardState& hard, const Log& log) const {
  return hard.term != taken_.term || hard.vote != taken_.vote || truncate_from_ || compact_to_ ||
         log.last().index >= next_;
}

void Durability::truncated(Index from) {
  if (from < next_) {
    truncate_from_ = std::min(from, truncate_from_.value_or(from));
    next_ = from;
  }
  upto_ = std::min(upto_, from - 1);
  for (Taken& batch : batches_) batch.log_upto = std::min(batch.log_upto, from - 1);
}

void Durability::installed(Index base, bool dropped) {
  if (dropped) {
    truncate_from_ = base + 1;
    next_ = base + 1;
    upto_ = base;
    for (Taken& batch : batches_) batch.log_upto = base;
    return;
  }
  next_ = std::max(next_, base + 1);
  upto_ = std::max(upto_, base);
}

Durability::Batch Durability::take(const HardState& hard, const Log& log, bool omit_hard) {
  Batch out;
  const bool voted = hard.term != taken_.term || hard.vote != taken_.vote;
  out.truncate_from = std::exchange(truncate_from_, std::nullopt);
  out.compact_to = std::exchange(compact_to_, std::nullopt);
  if (log.last().index >= next_) {
    constexpr auto all = std::numeric_limits<std::size_t>::max();
    out.append = log.slice(next_, all, all);
    next_ = log.last().index + 1;
  }
  const bool other = out.truncate_from || out.compact_to || !out.append.empty();
  if (omit_hard) {
    taken_ = durable_ = hard;
  } else if (voted || (other && hard != taken_)) {
    out.hard = taken_ = hard;
  }
  if (out.hard || other) {
    batches_.push_back(Taken{log.last(), log.last().index, hard});
    ++taken_count_;
  }
  return out;
}

void Durability::persisted(Position last) {
  if (batches_.empty()) return;
  const auto named = std::ranges::find(batches_, last, &Taken::last);
  const auto count = named == batches_.end() ? 1 : named - batches_.begin() + 1;
  for (auto i = count; i > 0; --i) finish_oldest();
}

void Durability::finish_oldest() {
  upto_ = std::max(upto_, batches_.front().log_upto);
  durable_ = batches_.front().hard;
  batches_.pop_front();
}

}  // namespace nodedb::raft
