// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the planner has thought of, as net steps: a thing that was moved on is moved once, to where it ends,
// and one that came back is not moved at all. Always: the steps of a shard begin where something lay at first
// that did not stay, and end where nothing lay that did, so that they hold in any order.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "meta/plan/board.h"

namespace nodedb::meta {

struct Thought {
  Move move;
  Why why = Why::count;
  std::uint32_t about = Board::nowhere;
  double before = 0;
  double after = 0;
  double wanted = 0;
  std::uint32_t exchange = 0;  // as in PlanStep
};

class Journal {
 public:
  explicit Journal(std::size_t shards) : of_(shards) {}

  void note(Thought thought);
  /// Net steps.
  std::size_t size() const { return size_; }
  /// In the order in which they were first thought of.
  std::vector<Thought> steps() const;

 private:
  // The place of the shard's step that begins, or ends, at the node.
  std::optional<std::uint32_t> place_of(std::uint32_t shard, std::uint32_t Move::*end,
                                        std::uint32_t node) const;
  void strike(std::uint32_t shard, std::uint32_t place);

  std::vector<std::optional<Thought>> thoughts_;
  std::vector<std::vector<std::uint32_t>> of_;  // by shard: places in `thoughts_`
  std::size_t size_ = 0;
};

}  // namespace nodedb::meta
