// SPDX-License-Identifier: Apache-2.0
#include "meta/plan/plan.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "meta/placement.h"
#include "meta/plan/balance.h"
#include "meta/plan/board.h"
#include "meta/plan/goods.h"
#include "meta/plan/journal.h"
#include "meta/plan/mend.h"
#include "meta/plan/shares.h"
#include "meta/plan/zones.h"

namespace nodedb::meta {

namespace {

// One of the two balances: what is moved, where that is noted, and what it is called.
struct Side {
  Goods& goods;
  Journal& journal;
  std::size_t steps_max;
  Why count;
  std::array<Why, dimensions> load;

  bool full() const { return journal.size() >= steps_max; }
};

class Planner {
 public:
  Planner(const PlanInput& input, const PlanOptions& options)
      : options_(options),
        start_(input, options.bugs),
        board_(start_),
        copies_(board_.shards().size()),
        transfers_(board_.shards().size()) {}

  Plan planned() {
    mend();
    if (options_.balance) balance_replicas();
    // From the beginning, by the net steps: that is how leaderships will come to lie.
    board_ = start_;
    for (const Thought& it : copies_.steps()) tell(board_, it);
    Board told = board_;
    relieve_of_leadership();
    if (options_.balance) balance_leaders();
    for (const Thought& it : transfers_.steps()) tell(told, it);
    foretell();
    return std::move(plan_);
  }

 private:
  void mend() {
    const auto all = static_cast<double>(board_.shards().size()) * board_.replication_factor();
    Replicas replicas(board_, all, options_.bugs);
    Mender mender(board_, replicas, copies_, options_);
    mender.mend();
    mender.empty_leaving();
    for (const auto& [constraint, unmet] : mender.unmet()) {
      plan_.complaints.push_back({constraint, unmet.vshards, unmet.first, unmet_text(constraint)});
    }
  }

  std::string unmet_text(Constraint constraint) const {
    const std::string wanted = std::to_string(board_.replication_factor());
    if (constraint == Constraint::replication) {
      const auto able = std::ranges::count_if(board_.nodes(), [](const Board::Node& node) {
        return node.standing == Standing::active && node.weight > 0;
      });
      return wanted + " replicas are wanted, and no other node may take one: " + std::to_string(able) +
             " may take replicas at all";
    }
    if (constraint == Constraint::majority) {
      return "too few voters live to change the group's members: they must come back";
    }
    return "no node that may take the replica has room for it";
  }

  // On nodes that stay.
  double staying() const {
    double sum = 0;
    for (const Board::Node& node : board_.nodes()) {
      if (node.standing != Standing::leaving && node.standing != Standing::dead) sum += node.load.replicas;
    }
    return sum;
  }

  // What a later part changes can open ways for an earlier one, so until no part finds anything.
  void balance_replicas() {
    Replicas replicas(board_, staying(), options_.bugs);
    Mender mender(board_, replicas, copies_, options_);
    const Side side{replicas, copies_, options_.copies_max, Why::count, {Why::bytes, Why::writes}};
    const auto next = [&] {
      const auto move = next_for_count(replicas);
      return move ? std::vector{*move} : std::vector<Move>();
    };
    bool again = true;
    while (again && !side.full()) {
      again = mender.spread();
      again = even_counts(side, next) || again;
      again = even_loads(side) || again;
    }
  }

  void balance_leaders() {
    Leaderships leaders(board_, options_.bugs);
    const Side side{leaders, transfers_, options_.transfers_max, Why::leader_count, {Why::reads, Why::cpu}};
    const auto next = [&] { return next_chain_for_count(leaders, board_); };
    bool again = true;
    while (again && !side.full()) {
      again = even_counts(side, next);
      again = even_loads(side) || again;
    }
  }

  template <class Next>
  bool even_counts(const Side& side, Next next) {
    bool any = false;
    while (!side.full()) {
      const std::vector<Move> moves = next();
      if (moves.empty()) break;
      for (const Move& move : moves) carry(side.goods, side.journal, move, side.count);
      any = true;
    }
    return any;
  }

  bool even_loads(const Side& side) {
    const double begin = options_.bugs.goal_is_bound ? options_.load_goal : options_.load_bound;
    if (side.goods.ledger().strain_max() <= begin) return false;
    bool any = false;
    LoadRound round(side.goods, options_.load_goal);
    while (!side.full()) {
      const auto exchange = round.next();
      if (!exchange) break;
      carry(side, *exchange);
      any = true;
    }
    return any;
  }

  // Nodes that drain or leave lead nothing that another can lead.
  void relieve_of_leadership() {
    Leaderships leaders(board_, options_.bugs);
    for (std::uint32_t shard = 0; shard < board_.shards().size(); ++shard) {
      const std::uint32_t from = board_.shards()[shard].leader;
      if (from == Board::nowhere) continue;
      const Standing standing = board_.nodes()[from].standing;
      if (standing != Standing::draining && standing != Standing::leaving) continue;
      if (const auto move = heir(leaders, shard)) carry(leaders, transfers_, *move, Why::leader_leaves);
    }
  }

  // To the voter that leads least for its share.
  std::optional<Move> heir(const Leaderships& leaders, std::uint32_t shard) const {
    std::optional<Move> best;
    for (const std::uint32_t to : board_.shards()[shard].voters) {
      const Move move{shard, board_.shards()[shard].leader, to};
      const auto cost = [&](std::uint32_t node) { return std::pair(leaders.ledger().excess(node), node); };
      if (leaders.may(move) && (!best || cost(to) < cost(best->to))) best = move;
    }
    return best;
  }

  // One of a count: what its giver has before and after.
  void carry(Goods& goods, Journal& journal, const Move& move, Why why) {
    const auto& row = goods.ledger().rows()[move.from];
    const double before = row.count;
    goods.carry(move);
    journal.note({move, why, move.from, before, row.count, row.share, 0});
  }

  // One of a load: what the strained node has before and after the whole exchange.
  void carry(const Side& side, const Exchange& exchange) {
    const std::size_t k = exchange.dimension;
    const auto& row = side.goods.ledger().rows()[exchange.about];
    Thought thought{exchange.give, side.load[k], exchange.about, row.load[k], 0, row.fair[k], 0};
    if (exchange.back) thought.exchange = ++exchanges_;
    side.goods.carry(exchange.give);
    if (exchange.back) side.goods.carry(*exchange.back);
    thought.after = row.load[k];
    side.journal.note(thought);
    if (!exchange.back) return;
    thought.move = *exchange.back;
    side.journal.note(thought);
  }

  // Takes the step on the board, and writes it down with what both nodes bear then.
  void tell(Board& board, const Thought& it) {
    const auto& [shard, from, to] = it.move;
    const StepKind kind = kind_of(it);
    if (kind == StepKind::transfer) {
      board.lead(it.move);
    } else {
      board.place(it.move);
    }
    const auto id_of = [&](std::uint32_t node) {
      return node == Board::nowhere ? NodeId() : board.nodes()[node].id;
    };
    const auto load_of = [&](std::uint32_t node) {
      return node == Board::nowhere ? NodeLoad() : board.nodes()[node].load;
    };
    plan_.steps.push_back({board.shards()[shard].id, id_of(from), id_of(to), kind, it.why, id_of(it.about),
                           it.before, it.after, it.wanted, it.exchange, load_of(from), load_of(to)});
  }

  StepKind kind_of(const Thought& it) const {
    if (it.why >= Why::leader_leaves) return StepKind::transfer;
    if (it.move.from == Board::nowhere) return StepKind::add;
    if (it.move.to == Board::nowhere) return StepKind::remove;
    return start_.nodes()[it.move.from].standing == Standing::dead ? StepKind::repair : StepKind::move;
  }

  void foretell() {
    plan_.complete = copies_.size() < options_.copies_max && transfers_.size() < options_.transfers_max;
    for (auto& complaint : zone_complaints(board_)) plan_.complaints.push_back(std::move(complaint));
    const auto replicas = replica_shares(board_, staying());
    const auto leaders = leader_shares(board_);
    for (std::uint32_t node = 0; node < board_.nodes().size(); ++node) {
      const Board::Node& it = board_.nodes()[node];
      plan_.nodes.push_back({it.id, start_.nodes()[node].load, it.load, replicas[node], leaders[node]});
    }
    std::ranges::sort(plan_.nodes, {}, &NodeOutlook::id);
  }

  const PlanOptions& options_;
  const Board start_;
  Board board_;
  Journal copies_;
  Journal transfers_;
  std::uint32_t exchanges_ = 0;
  Plan plan_;
};

}  // namespace

Plan plan(const PlanInput& input, const PlanOptions& options) {
  CHECK(input.replication_factor >= 1 && input.replication_factor <= replication_factor_max);
  return Planner(input, options).planned();
}

}  // namespace nodedb::meta
