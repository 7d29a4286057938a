// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is balanced, as the search for a better balance sees it: things that lie on nodes, have a weight, and
// may go to some other nodes. Replicas and leaderships are the two.

#include <cstdint>
#include <utility>
#include <vector>

#include "meta/plan/board.h"
#include "meta/plan/ledger.h"

namespace nodedb::meta {

class Goods {
 public:
  virtual ~Goods() = default;

  const Ledger& ledger() const { return ledger_; }
  /// The shards whose replica, or leadership, is on the node.
  virtual const std::vector<std::uint32_t>& on(std::uint32_t node) const = 0;
  virtual Weights weight(std::uint32_t shard) const = 0;
  /// How welcome the move is beside what it does to the counts: the relief of loads, or more.
  virtual double merit(Move move) const { return ledger_.relief(move, weight(move.shard)); }
  /// The move breaks nothing that comes before balance.
  virtual bool may(Move move) const = 0;
  /// Makes it so, on the board and in the ledger.
  virtual void carry(Move move) = 0;

 protected:
  explicit Goods(Ledger ledger) : ledger_(std::move(ledger)) {}
  Goods(const Goods&) = default;
  Goods& operator=(const Goods&) = default;

  Ledger ledger_;
};

class Replicas : public Goods {
 public:
  /// `replicas`: how many there will be on nodes that stay.
  Replicas(Board& board, double replicas, PlanBugs bugs);
  const std::vector<std::uint32_t>& on(std::uint32_t node) const override {
    return board_.nodes()[node].held;
  }
  Weights weight(std::uint32_t shard) const override;
  /// Leaderships go along: better such that they lie evenly, too, than transferred afterwards.
  double merit(Move move) const override;
  bool may(Move move) const override;
  void carry(Move move) override;

 private:
  bool leads(Move move) const { return board_.shards()[move.shard].leader == move.from; }

  Board& board_;
  Ledger leaders_;
};

class Leaderships : public Goods {
 public:
  Leaderships(Board& board, PlanBugs bugs);
  const std::vector<std::uint32_t>& on(std::uint32_t node) const override { return board_.nodes()[node].led; }
  Weights weight(std::uint32_t shard) const override;
  bool may(Move move) const override;
  void carry(Move move) override;

 private:
  Board& board_;
};

}  // namespace nodedb::meta
