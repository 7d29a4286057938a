// SPDX-License-Identifier: Apache-2.0
#pragma once

// The window of the log that a group holds in memory: exactly what is on disk or on its way there, from just
// above `base` to `last`. Gapless, terms never fall. Knows nothing of commits or durability.

#include <cstddef>
#include <optional>
#include <vector>

#include "base/queue.h"
#include "raft/types.h"

namespace nodedb::raft {

class Log {
 public:
  /// Pre: `entries` is gapless and starts at base.index + 1.
  Log(Position base, std::vector<Entry> entries);

  Position base() const { return base_; }
  Position last() const { return last_; }
  /// Of all entries, by Entry::bytes.
  std::size_t bytes() const { return appended_ - dropped_; }
  /// Nothing outside base…last.
  std::optional<Term> term_at(Index at) const;
  /// Pre: base < at <= last.
  const Entry& at(Index at) const;
  /// Entries from `from` on, within both caps, but at least one. Pre: base < from <= last.
  std::vector<Entry> slice(Index from, std::size_t entries_max, std::size_t bytes_max) const;
  /// Of the entries with index > `at`.
  std::size_t bytes_above(Index at) const;

  /// The first index in the window whose term is that of `at`. Pre: base <= at <= last.
  Index first_of_term(Index at) const;
  /// The highest index up to `limit` whose term is at most `term`; nothing when even the base is above it.
  std::optional<Index> last_up_to_term(Index limit, Term term) const;

  /// Pre: the entry follows `last`.
  void append(Entry entry);
  /// Drops entries with index >= `from`. Pre: from > base.
  void truncate_from(Index from);
  /// Drops entries with index <= `to`. Pre: base <= to <= last.
  void compact_to(Index to);
  /// Forgets everything: the window begins, empty, behind `base`.
  void reset(Position base);

 private:
  std::size_t offset(Index at) const { return static_cast<std::size_t>(at.value - base_.index.value - 1); }

  Position base_;
  Position last_;  ///< kept here: the entries lie elsewhere, and most questions are about the end only
  struct Slot {
    Entry entry;
    std::size_t end = 0;  ///< in bytes since the window was born
  };
  static Term term_of(const Slot& slot) { return slot.entry.term; }

  Queue<Slot> entries_;
  std::size_t appended_ = 0;  ///< the last one's
  std::size_t dropped_ = 0;   ///< the base's
};

}  // namespace nodedb::raft
