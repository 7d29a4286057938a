// SPDX-License-Identifier: Apache-2.0
#include "meta/plan/balance.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <tuple>
#include <utility>

namespace nodedb::meta {

namespace {

// What a copy has to relieve at least: a thousandth of what one node at ten percent too much is worth.
constexpr double relief_min = 1e-5;
// Partners that could help, of which the best is taken.
constexpr int partners_max = 4;
// Neighbours of the ideal return, to either side.
constexpr std::ptrdiff_t neighbours = 2;

// The open rows, in order of what `key` says and then of position.
template <class Key>
std::vector<std::uint32_t> open_by(const Ledger& ledger, Key key) {
  std::vector<std::pair<double, std::uint32_t>> found;
  for (std::uint32_t node = 0; node < ledger.rows().size(); ++node) {
    if (ledger.rows()[node].open) found.emplace_back(key(node), node);
  }
  std::ranges::sort(found);
  std::vector<std::uint32_t> nodes;
  for (const auto& [value, node] : found) nodes.push_back(node);
  return nodes;
}

// Of what may go from one node to another, the thing with most of `value`; among equals the first.
template <class Value>
std::optional<Move> best_between(const Goods& goods, std::uint32_t from, std::uint32_t to, Value value) {
  std::optional<Move> best;
  double most = 0;
  for (const std::uint32_t shard : goods.on(from)) {
    const Move move{shard, from, to};
    const double worth = value(move);
    const bool better = !best || worth > most || (worth == most && shard < best->shard);
    if (!better || !goods.may(move)) continue;
    best = move;
    most = worth;
  }
  return best;
}

std::optional<Move> most_welcome(const Goods& goods, std::uint32_t from, std::uint32_t to) {
  return best_between(goods, from, to, [&](Move move) { return goods.merit(move); });
}

}  // namespace

std::optional<Move> next_for_count(const Goods& goods) {
  const Ledger& ledger = goods.ledger();
  const auto takers = open_by(ledger, [&](std::uint32_t node) { return ledger.excess(node); });
  const auto givers = open_by(ledger, [&](std::uint32_t node) { return -ledger.excess(node); });
  for (const std::uint32_t from : givers) {
    for (const std::uint32_t to : takers) {
      if (!ledger.evens(from, to)) break;
      if (auto move = most_welcome(goods, from, to)) return move;
    }
  }
  return std::nullopt;
}

namespace {

// Breadth first from one node, along "could hand one leadership to", as far as the nearest node that has few
// enough.
class Chain {
 public:
  Chain(const Leaderships& goods, const Board& board, std::uint32_t from)
      : goods_(goods), before_(board.nodes().size(), Board::nowhere), steps_(board.nodes().size()) {
    const Ledger& ledger = goods.ledger();
    double least = std::numeric_limits<double>::max();
    before_[from] = from;
    for (std::deque<std::uint32_t> open{from}; !open.empty(); open.pop_front()) {
      const std::uint32_t node = open.front();
      if (end_ != Board::nowhere && steps_[node] >= steps_[end_]) return;
      for (const std::uint32_t shard : goods.on(node)) {
        for (const std::uint32_t to : board.shards()[shard].voters) {
          if (before_[to] != Board::nowhere || !goods.may({shard, node, to})) continue;
          before_[to] = node;
          steps_[to] = steps_[node] + 1;
          open.push_back(to);
          if (!ledger.evens(from, to) || ledger.excess(to) >= least) continue;
          least = ledger.excess(to);
          end_ = to;
        }
      }
    }
  }

  /// Empty: no such node was reached.
  std::vector<Move> moves() const {
    std::vector<Move> moves;
    if (end_ == Board::nowhere) return moves;
    for (std::uint32_t node = end_; before_[node] != node; node = before_[node]) {
      moves.push_back(most_welcome(goods_, before_[node], node).value());
    }
    std::ranges::reverse(moves);
    return moves;
  }

 private:
  const Leaderships& goods_;
  std::vector<std::uint32_t> before_;  // by node: who was reached one step earlier
  std::vector<std::uint32_t> steps_;
  std::uint32_t end_ = Board::nowhere;
};

}  // namespace

std::vector<Move> next_chain_for_count(const Leaderships& goods, const Board& board) {
  const Ledger& ledger = goods.ledger();
  const auto givers = open_by(ledger, [&](std::uint32_t node) { return -ledger.excess(node); });
  for (const std::uint32_t from : givers) {
    if (!ledger.evens(from, givers.back())) break;
    if (auto moves = Chain(goods, board, from).moves(); !moves.empty()) return moves;
  }
  return {};
}

LoadRound::LoadRound(const Goods& goods, double goal)
    : goods_(goods), goal_(goal), stuck_(goods.ledger().rows().size() * dimensions) {}

std::optional<Exchange> LoadRound::next() {
  for (const Strained& it : strained()) {
    if (auto exchange = help(it)) return exchange;
    stuck_[it.node * dimensions + it.dimension] = true;
  }
  return std::nullopt;
}

std::vector<LoadRound::Strained> LoadRound::strained() const {
  const Ledger& ledger = goods_.ledger();
  std::vector<Strained> found;
  for (std::uint32_t node = 0; node < ledger.rows().size(); ++node) {
    if (!ledger.rows()[node].open) continue;
    for (std::size_t k = 0; k < dimensions; ++k) {
      const double strain = ledger.strain(node, k);
      if (std::abs(strain) > goal_ && !stuck_[node * dimensions + k]) found.push_back({node, k, strain});
    }
  }
  std::ranges::stable_sort(found, std::greater(), [](const Strained& it) { return std::abs(it.strain); });
  return found;
}

// By the partners that are best off in the dimension, the best of the first few that can help at all.
std::optional<Exchange> LoadRound::help(const Strained& it) const {
  const Ledger& ledger = goods_.ledger();
  const double sign = it.strain > 0 ? 1 : -1;
  const auto partners =
      open_by(ledger, [&](std::uint32_t node) { return sign * ledger.strain(node, it.dimension); });
  Best best;
  int found = 0;
  for (const std::uint32_t partner : partners) {
    if (sign * ledger.strain(partner, it.dimension) >= sign * it.strain || found == partners_max) break;
    const Best here =
        between(it.strain > 0 ? Pair{it.node, partner, it.dimension} : Pair{partner, it.node, it.dimension});
    if (!here.exchange) continue;
    ++found;
    if (here.relief > best.relief) best = here;
  }
  if (best.exchange) best.exchange->about = it.node;
  return best.exchange;
}

LoadRound::Best LoadRound::between(Pair pair) const {
  Best best{relief_min, std::nullopt};
  const Ledger& ledger = goods_.ledger();
  if (ledger.keeps_even(pair.giver, pair.taker)) try_moves(pair, best);
  try_swaps(pair, best);
  if (best.exchange) best.exchange->dimension = pair.dimension;
  return best;
}

void LoadRound::try_moves(Pair pair, Best& best) const {
  const auto relief_of = [&](Move move) { return goods_.ledger().relief(move, goods_.weight(move.shard)); };
  const auto move = best_between(goods_, pair.giver, pair.taker, relief_of);
  if (!move) return;
  const double relief = relief_of(*move);
  if (relief > best.relief) best = {relief, Exchange{*move, std::nullopt, 0, 0}};
}

// For each thing that the giver may give, those of the taker are tried that may go back and whose difference
// to it comes nearest to what would leave both equally strained.
void LoadRound::try_swaps(Pair pair, Best& best) const {
  const Ledger& ledger = goods_.ledger();
  const std::size_t k = pair.dimension;
  const double fair_there = ledger.rows()[pair.giver].fair[k];
  const double fair_here = ledger.rows()[pair.taker].fair[k];
  if (fair_there <= 0 || fair_here <= 0) return;
  const double difference =
      (ledger.strain(pair.giver, k) - ledger.strain(pair.taker, k)) / (1 / fair_there + 1 / fair_here);
  const auto returns = movable(pair.taker, pair.giver, k);
  if (returns.empty()) return;
  for (const auto& [worth, shard] : movable(pair.giver, pair.taker, k)) {
    const Weights weight = goods_.weight(shard);
    const std::pair<double, std::uint32_t> ideal{worth - difference, 0};
    const std::ptrdiff_t middle = std::ranges::lower_bound(returns, ideal) - returns.begin();
    const std::ptrdiff_t end = std::min(middle + neighbours, std::ssize(returns));
    for (std::ptrdiff_t at = std::max<std::ptrdiff_t>(0, middle - neighbours); at < end; ++at) {
      const std::uint32_t back = returns[static_cast<std::size_t>(at)].second;
      const Weights other = goods_.weight(back);
      const Move give{shard, pair.giver, pair.taker};
      const double relief = ledger.relief(give, {weight[0] - other[0], weight[1] - other[1]}) / 2;
      if (relief <= best.relief) continue;
      best = {relief, Exchange{give, Move{back, pair.taker, pair.giver}, 0, 0}};
    }
  }
}

// What may go from one node to the other, with its weight in the dimension, the lightest first.
std::vector<std::pair<double, std::uint32_t>> LoadRound::movable(std::uint32_t from, std::uint32_t to,
                                                                 std::size_t dimension) const {
  std::vector<std::pair<double, std::uint32_t>> found;
  for (const std::uint32_t shard : goods_.on(from)) {
    if (goods_.may({shard, from, to})) found.emplace_back(goods_.weight(shard)[dimension], shard);
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace nodedb::meta
