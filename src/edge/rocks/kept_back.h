// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the state store keeps back from RocksDB: of each group the latest updates, merged on top of the rows
// that RocksDB has, in the order in which they are to go there (docs/decisions/013-rows-are-kept-back.md).
// Owned by the apply thread.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/prefetch.h"
#include "node/overlay.h"
#include "node/store.h"

namespace nodedb::edge {

class KeptBack {
 public:
  /// Of one group.
  struct Rows {
    explicit Rows(const View& stored) : newer(stored) {}

    node::Overlay newer;     ///< on top of what RocksDB has
    raft::Position applied;  ///< the position that they make
    std::size_t bytes = 0;
    std::uint64_t flushes = 0;  ///< of all, that had begun when the first of them came
  };

  /// What RocksDB has of a group; outlives what is kept back of it.
  using Stored = std::function<const View&(GroupId)>;
  explicit KeptBack(Stored stored) : stored_(std::move(stored)) {}

  /// Null: nothing is kept back of the group.
  const Rows* find(GroupId group) const;
  /// Asks the cache for what `find` gives.
  void prefetch(GroupId group) const {
    if (const Rows* const rows = find(group)) nodedb::prefetch(rows, sizeof(Rows));
  }
  std::size_t bytes() const { return bytes_; }
  std::size_t bytes(GroupId group) const;
  /// The longest kept back first.
  const std::deque<GroupId>& groups() const { return order_; }
  /// Those that have been kept back longest, about `bytes_max` of rows: none but such as at least
  /// `flushes_min` flushes of all have left behind.
  std::vector<GroupId> oldest(std::size_t bytes_max, std::uint64_t flushes_min) const;

  void add(node::GroupStateUpdate update);
  void let_go(std::span<const GroupId> groups);
  /// A flush of all begins.
  void count_flush() { ++flushes_; }

 private:
  Stored stored_;
  /// By the group's number: what is looked up for each write is not searched for.
  std::vector<std::unique_ptr<Rows>> rows_ = std::vector<std::unique_ptr<Rows>>(group_count);
  std::deque<GroupId> order_;
  std::size_t bytes_ = 0;
  std::uint64_t flushes_ = 0;
};

}  // namespace nodedb::edge
