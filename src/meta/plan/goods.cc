// SPDX-License-Identifier: Apache-2.0
#include "meta/plan/goods.h"

#include <utility>

#include "meta/plan/shares.h"

namespace nodedb::meta {

namespace {

std::vector<Ledger::Row> replica_rows(const Board& board, double replicas) {
  const std::vector<double> shares = replica_shares(board, replicas);
  std::vector<Ledger::Row> rows(shares.size());
  for (std::uint32_t node = 0; node < rows.size(); ++node) {
    const Board::Node& it = board.nodes()[node];
    const auto bytes = static_cast<double>(it.load.load.bytes);
    const auto writes = static_cast<double>(it.load.load.writes);
    const bool open = it.standing == Standing::active;
    rows[node] = {open, static_cast<double>(it.load.replicas), shares[node], {bytes, writes}, {}};
  }
  return rows;
}

// What the replicas lead, as a load on top of them.
constexpr Weights one_leadership{1, 0};

std::vector<Ledger::Row> leading_rows(const Board& board, std::vector<Ledger::Row> rows) {
  for (std::uint32_t node = 0; node < rows.size(); ++node) {
    rows[node].load = {static_cast<double>(board.nodes()[node].load.leaders), 0};
  }
  return rows;
}

std::vector<Ledger::Row> leader_rows(const Board& board) {
  const std::vector<double> shares = leader_shares(board);
  std::vector<Ledger::Row> rows(shares.size());
  for (std::uint32_t node = 0; node < rows.size(); ++node) {
    const Board::Node& it = board.nodes()[node];
    const auto reads = static_cast<double>(it.load.load.reads);
    const auto cpu = static_cast<double>(it.load.load.cpu_us);
    rows[node] = {board.takes(node), static_cast<double>(it.load.leaders), shares[node], {reads, cpu}, {}};
  }
  return rows;
}

}  // namespace

Replicas::Replicas(Board& board, double replicas, PlanBugs bugs)
    : Goods(Ledger(replica_rows(board, replicas), bugs)),
      board_(board),
      leaders_(leading_rows(board, ledger_.rows()), bugs) {}

Weights Replicas::weight(std::uint32_t shard) const {
  const ShardLoad& load = board_.shards()[shard].load;
  return {static_cast<double>(load.bytes), static_cast<double>(load.writes)};
}

double Replicas::merit(Move move) const {
  return Goods::merit(move) + (leads(move) ? leaders_.relief(move, one_leadership) : 0);
}

bool Replicas::may(Move move) const {
  return !board_.shards()[move.shard].frozen && board_.takes(move.to) && !board_.holds(move.to, move.shard) &&
         board_.has_room(move.to, move.shard) && !board_.crowds(move);
}

void Replicas::carry(Move move) {
  if (leads(move)) leaders_.carry(move, one_leadership);
  board_.place(move);
  ledger_.carry(move, weight(move.shard));
}

Leaderships::Leaderships(Board& board, PlanBugs bugs)
    : Goods(Ledger(leader_rows(board), bugs)), board_(board) {}

Weights Leaderships::weight(std::uint32_t shard) const {
  const ShardLoad& load = board_.shards()[shard].load;
  return {static_cast<double>(load.reads), static_cast<double>(load.cpu_us)};
}

bool Leaderships::may(Move move) const {
  return !board_.shards()[move.shard].frozen && board_.takes(move.to) && board_.holds(move.to, move.shard) &&
         move.to != move.from;
}

void Leaderships::carry(Move move) {
  board_.lead(move);
  ledger_.carry(move, weight(move.shard));
}

}  // namespace nodedb::meta
