// SPDX-License-Identifier: Apache-2.0
#pragma once

// What each node bears of one thing that is balanced (replicas, or leaderships), against its share of it: how
// many, and how much load in two dimensions.
//
// Two sums say how uneven that is: of the squares of what a count is off its share beyond one, and of the
// squares of `strain`. A step of the planner lowers the first, or leaves it and lowers the second. Neither
// can fall for ever, so balancing ends, and since nothing but the present state decides, no state comes
// twice.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "meta/plan/board.h"

namespace nodedb::meta {

/// Replicas: bytes, writes. Leaderships: reads, CPU.
inline constexpr std::size_t dimensions = 2;
using Weights = std::array<double, dimensions>;

/// Differences below it are errors of arithmetic.
inline constexpr double counts_alike = 1e-6;

class Ledger {
 public:
  struct Row {
    bool open = false;  ///< takes part
    double count = 0;
    double share = 0;  ///< of the count
    Weights load{};
    Weights fair{};  ///< the same part of all load that `share` is of all shares
  };

  /// Works out `fair` of the open rows.
  Ledger(std::vector<Row> rows, PlanBugs bugs);

  const std::vector<Row>& rows() const { return rows_; }
  /// How many more than its share, below zero fewer.
  double excess(std::uint32_t node) const { return rows_[node].count - rows_[node].share; }
  /// Further from its share than one.
  bool is_over(std::uint32_t node) const { return excess(node) > 1 + counts_alike; }
  bool is_under(std::uint32_t node) const { return excess(node) < -1 - counts_alike; }
  /// One more move between them lowers the first sum.
  bool evens(std::uint32_t from, std::uint32_t to) const;
  /// … or leaves it.
  bool keeps_even(std::uint32_t from, std::uint32_t to) const;
  /// How much more load than is fair, as a part of that: 0.1 is ten percent too much.
  double strain(std::uint32_t node, std::size_t dimension) const;
  double strain_max() const;

  /// By how much the sum of squared strains, each weighed by what is fair on the node, falls when that load
  /// goes from one node to the other. Closed rows do not count.
  double relief(Move move, const Weights& load) const;
  void carry(Move move, const Weights& load);

 private:
  double tension(std::uint32_t node, std::size_t dimension, double more) const;

  std::vector<Row> rows_;
  Weights mean_{};
  PlanBugs bugs_;
};

}  // namespace nodedb::meta
