// SPDX-License-Identifier: Apache-2.0
#include "meta/plan/ledger.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nodedb::meta {

Ledger::Ledger(std::vector<Row> rows, PlanBugs bugs) : rows_(std::move(rows)), bugs_(bugs) {
  double shares = 0;
  double open = 0;
  Weights loads{};
  for (const Row& row : rows_) {
    if (!row.open) continue;
    ++open;
    shares += row.share;
    for (std::size_t k = 0; k < dimensions; ++k) loads[k] += row.load[k];
  }
  if (shares <= 0) return;
  for (std::size_t k = 0; k < dimensions; ++k) {
    mean_[k] = loads[k] / open;
    for (Row& row : rows_) {
      if (row.open) row.fair[k] = loads[k] * row.share / shares;
    }
  }
}

// Of two nodes that differ by more than one, either of them beyond one: the square that falls is the larger
// one.
bool Ledger::evens(std::uint32_t from, std::uint32_t to) const {
  return (is_over(from) || is_under(to)) && excess(from) - excess(to) > 1 + counts_alike;
}

// Either both stay within one, or the two only come nearer to each other.
bool Ledger::keeps_even(std::uint32_t from, std::uint32_t to) const {
  const bool within = excess(from) >= -counts_alike && excess(to) <= counts_alike;
  return within || excess(from) - excess(to) >= 1 - counts_alike;
}

double Ledger::strain(std::uint32_t node, std::size_t dimension) const {
  const Row& row = rows_[node];
  if (row.fair[dimension] > 0) return row.load[dimension] / row.fair[dimension] - 1;
  return row.load[dimension] > 0 ? 1 : 0;
}

double Ledger::strain_max() const {
  double most = 0;
  for (std::uint32_t node = 0; node < rows_.size(); ++node) {
    if (!rows_[node].open) continue;
    for (std::size_t k = 0; k < dimensions; ++k) most = std::max(most, std::abs(strain(node, k)));
  }
  return most;
}

double Ledger::relief(Move move, const Weights& load) const {
  double sum = 0;
  for (std::size_t k = 0; k < dimensions; ++k) {
    if (mean_[k] <= 0) continue;
    if (move.from != Board::nowhere) sum += tension(move.from, k, 0) - tension(move.from, k, -load[k]);
    if (move.to != Board::nowhere) sum += tension(move.to, k, 0) - tension(move.to, k, load[k]);
  }
  return sum;
}

double Ledger::tension(std::uint32_t node, std::size_t dimension, double more) const {
  const Row& row = rows_[node];
  if (!row.open) return 0;
  const double off = row.load[dimension] + more - row.fair[dimension];
  // A node without a share bears no load fairly: any is as bad as on a very small one.
  const double fair = std::max(row.fair[dimension], mean_[dimension] / 1000);
  return off * off / (fair * mean_[dimension]);
}

void Ledger::carry(Move move, const Weights& load) {
  const auto add = [&](std::uint32_t node, double sign) {
    if (node == Board::nowhere) return;
    rows_[node].count += sign;
    for (std::size_t k = 0; k < dimensions; ++k) rows_[node].load[k] += sign * load[k];
  };
  add(move.from, -1);
  if (!bugs_.arrivals_free) add(move.to, 1);
}

}  // namespace nodedb::meta
