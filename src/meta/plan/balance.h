// SPDX-License-Identifier: Apache-2.0
#pragma once

// Searches for the next thing that makes a balance better: by count, then by load. Each looks at the present
// state alone, so that who plans anew after some steps goes on where the plan would have gone.

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "meta/plan/goods.h"

namespace nodedb::meta {

/// One thing from the node that has most too many to the one that has most too few, if a move between them
/// makes the counts more even; the thing that relieves the loads most. Nothing: there is none.
std::optional<Move> next_for_count(const Goods& goods);

/// For leaderships, which may only go to few nodes: as above, along a chain of moves in which every node but
/// the two ends gets one and gives one. The shortest chain, in order. Empty: there is none. Pre: the board is
/// the goods' own.
std::vector<Move> next_chain_for_count(const Leaderships& goods, const Board& board);

/// One thing there, and perhaps another back.
struct Exchange {
  Move give;
  std::optional<Move> back;
  std::uint32_t about = 0;    ///< the node whose strain it is for
  std::size_t dimension = 0;  ///< of that strain
};

/// One round of balancing loads: from the most strained node to the least, down to the goal.
class LoadRound {
 public:
  LoadRound(const Goods& goods, double goal);

  /// Leaves the counts as even as they are. Nothing: the round is over. Pre: carried out before the next is
  /// asked for.
  std::optional<Exchange> next();

 private:
  struct Strained {
    std::uint32_t node = 0;
    std::size_t dimension = 0;
    double strain = 0;
  };
  struct Pair {
    std::uint32_t giver = 0;
    std::uint32_t taker = 0;
    std::size_t dimension = 0;
  };
  struct Best {
    double relief = 0;  ///< for each copy
    std::optional<Exchange> exchange;
  };

  std::vector<Strained> strained() const;
  std::optional<Exchange> help(const Strained& it) const;
  Best between(Pair pair) const;
  void try_moves(Pair pair, Best& best) const;
  void try_swaps(Pair pair, Best& best) const;
  std::vector<std::pair<double, std::uint32_t>> movable(std::uint32_t from, std::uint32_t to,
                                                        std::size_t dimension) const;

  const Goods& goods_;
  double goal_;
  std::vector<bool> stuck_;  ///< by node and dimension: nothing helps it in this round
};

}  // namespace nodedb::meta
