// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which record each thing lies in that the log still holds: every group's hard state, base and entries, and
// the identity. Tells which segments nobody needs any more, and refuses updates that a log cannot take.
// No I/O; about 12 bytes an entry.

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>

#include "base/queue.h"
#include "node/store.h"

namespace nodedb::edge {

/// A record, as the so-many'th of a segment.
struct RecordPlace {
  std::uint32_t segment = 0;  ///< 0: nowhere
  std::uint32_t record = 0;   ///< from 0 on
  bool operator==(const RecordPlace&) const = default;
};

class LogIndex {
 public:
  /// Nothing lies in an older segment.
  explicit LogIndex(std::uint32_t first_segment = 0) : first_segment_(first_segment) {}

  /// Aborts if a batch, after those before it, would leave a gap, cut into what is compacted, or lower a base
  /// (rules R2, R3): the log would not be readable again.
  void check(std::span<const node::LogBatch> batches);

  /// Pre: checked. Everything that the update says lies in the record at `place` now.
  void apply(const node::GroupLogUpdate& update, RecordPlace place);
  /// What the update says holds already, and lies in the record at `place` now.
  void restate(const node::GroupLogUpdate& update, RecordPlace place);
  void place_identity(RecordPlace place, std::uint64_t bytes);

  // Whether it holds and lies there.
  bool hard_is_at(GroupId group, RecordPlace place) const;
  bool base_is_at(GroupId group, RecordPlace place) const;
  bool entry_is_at(GroupId group, Index index, RecordPlace place) const;
  bool identity_is_at(RecordPlace place) const { return identity_.place == place; }

  /// Nothing of the segment holds any more.
  bool is_free(std::uint32_t segment) const;
  /// The segment is gone. Pre: it is free, and no older one is left.
  void forget(std::uint32_t segment);
  /// About what all that holds takes, bytes.
  std::uint64_t live_bytes() const { return live_bytes_; }

 private:
  struct Item {
    RecordPlace place;
    std::uint32_t bytes = 0;
  };
  /// The indexes that a group holds: (base, last].
  struct Extent {
    Index base;
    Index last;
  };
  struct Group {
    Item hard;
    Item base_item;
    Index base;
    Queue<Item> entries;  ///< from base + 1 on
    Extent extent() const { return {base, base + entries.size()}; }
  };
  /// What a group is to become, in the round of checks that bears the number.
  struct Planned {
    std::uint64_t round = 0;
    std::optional<Extent> extent;
  };

  static void check(const node::GroupLogUpdate& update, std::optional<Extent>& held);
  const Group* find(GroupId group) const;
  std::uint64_t& live_items(std::uint32_t segment);
  void take(const Item& item);
  void drop(const Item& item);
  void replace(Item& item, Item by);
  void drop_all(const Group& group);

  std::unordered_map<std::uint32_t, Group> groups_;
  std::unordered_map<std::uint32_t, Planned> planned_;
  std::uint64_t round_ = 0;
  Item identity_;
  std::uint32_t first_segment_;
  std::deque<std::uint64_t> live_items_;  ///< by segment, from first_segment_ on
  std::uint64_t live_bytes_ = 0;
};

}  // namespace nodedb::edge
