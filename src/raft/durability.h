// SPDX-License-Identifier: Apache-2.0
#pragma once

// What of a group's log and hard state is on disk, what is on its way there and what the next Work must
// still carry. Batches become durable in the order in which they were taken. A truncation un-counts at once
// what it drops, also from batches that are still on their way.

#include <optional>

#include "base/queue.h"
#include "raft/log.h"
#include "raft/types.h"

namespace nodedb::raft {

class Durability {
 public:
  Durability(HardState hard, Index last) : taken_(hard), durable_(hard), next_(last + 1), upto_(last) {}

  /// The log is durable at least up to here.
  Index upto() const { return upto_; }
  /// Term and vote as they surely are on disk.
  const HardState& hard() const { return durable_; }
  bool idle() const { return batches_.empty(); }
  /// Counts taken batches: the latest one's number, and how many of them are durable.
  std::uint64_t taken() const { return taken_count_; }
  std::uint64_t done() const { return taken_count_ - batches_.size(); }
  /// True if a batch taken now would not be empty.
  bool pending(const HardState& hard, const Log& log) const;

  void truncated(Index from);
  void compacted(Position to) { compact_to_ = to; }
  /// A snapshot at `base` stands in for the log; `dropped` if nothing of the log outlives it.
  void installed(Index base, bool dropped);

  struct Batch {
    std::optional<HardState> hard;
    std::optional<Index> truncate_from;
    std::vector<Entry> append;
    std::optional<Position> compact_to;
  };
  /// All that is not on its way yet. With `omit_hard` the hard state is left out (a planted bug).
  Batch take(const HardState& hard, const Log& log, bool omit_hard);
  /// The caller says that the oldest batch is durable, and with it all up to the one that ended at `last`.
  void persisted(Position last);

 private:
  struct Taken {
    Position last;   ///< the log's end when it was taken: how the caller names it
    Index log_upto;  ///< what it makes durable of the log as it is now
    HardState hard;
  };
  void finish_oldest();

  HardState taken_;
  HardState durable_;
  Index next_;  ///< the first index that no batch carries yet
  Index upto_;
  std::optional<Index> truncate_from_;
  std::optional<Position> compact_to_;
  Queue<Taken> batches_;
  std::uint64_t taken_count_ = 0;
};

}  // namespace nodedb::raft
