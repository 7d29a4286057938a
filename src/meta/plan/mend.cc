// SPDX-License-Identifier: Apache-2.0
#include "meta/plan/mend.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace nodedb::meta {

namespace {

// Of all levels together.
double pairs_in(std::uint64_t crowding) {
  double sum = 0;
  for (; crowding != 0; crowding >>= 8) sum += static_cast<double>(crowding & 0xff);
  return sum;
}

}  // namespace

bool Mender::is_faulty(std::uint32_t shard) const {
  const Board::Shard& it = board_.shards()[shard];
  if (it.frozen) return false;
  return it.voters.size() != board_.replication_factor() || std::ranges::any_of(it.voters, [&](auto node) {
           return board_.nodes()[node].standing == Standing::dead;
         });
}

void Mender::mend() {
  struct Patient {
    std::int64_t margin;  ///< live voters above a majority
    std::uint32_t live;
    std::uint32_t shard;
    auto operator<=>(const Patient&) const = default;
  };
  std::vector<Patient> patients;
  for (std::uint32_t shard = 0; shard < board_.shards().size(); ++shard) {
    if (board_.shards()[shard].lost) count(Constraint::majority, shard);
    if (!is_faulty(shard)) continue;
    const std::uint32_t live = board_.live(shard);
    const auto majority = static_cast<std::int64_t>(board_.shards()[shard].voters.size() / 2 + 1);
    patients.push_back({live - majority, live, shard});
  }
  if (!options_.bugs.by_number) std::ranges::sort(patients);
  for (const Patient& it : patients) mend(it.shard);
}

void Mender::mend(std::uint32_t shard) {
  const Board::Shard& it = board_.shards()[shard];
  const auto wanted = static_cast<double>(board_.replication_factor());
  while (it.voters.size() > board_.replication_factor() && !full()) {
    const Move move{shard, victim(shard), Board::nowhere};
    const double before = board_.live(shard);
    replicas_.carry(move);
    journal_.note(
        {move, Why::surplus, move.from, before, static_cast<double>(board_.live(shard)), wanted, 0});
  }
  std::vector<std::uint32_t> lost;
  for (const std::uint32_t node : it.voters) {
    if (board_.nodes()[node].standing == Standing::dead) lost.push_back(node);
  }
  std::ranges::sort(lost);
  for (const std::uint32_t node : lost) settle(shard, node, Why::dead);
  for (auto n = it.voters.size(); n < board_.replication_factor(); ++n) {
    settle(shard, Board::nowhere, Why::missing);
  }
}

// Finds the replica on `from` (or a new one) another place, or complains.
void Mender::settle(std::uint32_t shard, std::uint32_t from, Why why) {
  if (full()) return;
  const auto to = target(shard, from);
  if (!to) return complain(shard);
  const Move move{shard, from, *to};
  Thought thought{move, why, from, 0, 0, 0, 0};
  const auto figure = [&]() -> double {
    if (why == Why::leaving) return board_.nodes()[from].load.replicas;
    return board_.live(shard);
  };
  if (why != Why::leaving) thought.wanted = board_.replication_factor();
  thought.before = figure();
  replicas_.carry(move);
  thought.after = figure();
  journal_.note(thought);
}

std::optional<std::uint32_t> Mender::target(std::uint32_t shard, std::uint32_t from) const {
  using Cost = std::tuple<std::uint64_t, double, double>;
  std::optional<std::uint32_t> best;
  Cost least;
  const Ledger& ledger = replicas_.ledger();
  const Weights weight = replicas_.weight(shard);
  for (std::uint32_t node = 0; node < board_.nodes().size(); ++node) {
    if (!board_.takes(node) || board_.holds(node, shard) || !board_.has_room(node, shard)) continue;
    const Cost cost{board_.crowding_of(node, shard, from), ledger.excess(node),
                    -ledger.relief({shard, Board::nowhere, node}, weight)};
    if (best && cost >= least) continue;
    best = node;
    least = cost;
  }
  return best;
}

// Who is least missed: the dead before the silent, the leaving before the staying, the leader last.
std::uint32_t Mender::victim(std::uint32_t shard) const {
  const Board::Shard& it = board_.shards()[shard];
  const auto merit = [&](std::uint32_t node) {
    static constexpr int by_standing[] = {3, 3, 2, 1, 0};  // active, draining, leaving, silent, dead
    const auto crowding = static_cast<std::int64_t>(board_.crowding_of(node, shard, node));
    return std::tuple(by_standing[static_cast<std::size_t>(board_.nodes()[node].standing)], it.leader == node,
                      -crowding, -replicas_.ledger().excess(node), node);
  };
  return *std::ranges::min_element(it.voters, {}, merit);
}

void Mender::empty_leaving() {
  for (std::uint32_t shard = 0; shard < board_.shards().size() && !full(); ++shard) {
    if (board_.shards()[shard].frozen) continue;
    std::vector<std::uint32_t> leaving;
    for (const std::uint32_t node : board_.shards()[shard].voters) {
      if (board_.nodes()[node].standing == Standing::leaving) leaving.push_back(node);
    }
    std::ranges::sort(leaving);
    for (const std::uint32_t node : leaving) settle(shard, node, Why::leaving);
  }
}

bool Mender::spread() {
  if (options_.bugs.zones_left) return false;
  bool any = false;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> crowded;
  for (std::uint32_t shard = 0; shard < board_.shards().size(); ++shard) {
    if (board_.shards()[shard].frozen || board_.crowding(shard) == 0) continue;
    if (spreading(shard)) crowded.emplace_back(~board_.crowding(shard), shard);
  }
  std::ranges::sort(crowded);
  for (const auto& [key, shard] : crowded) {
    while (!full()) {
      const auto move = spreading(shard);
      if (!move) break;
      const double before = pairs_in(board_.crowding(shard));
      replicas_.carry(*move);
      journal_.note({*move, Why::zone, move->from, before, pairs_in(board_.crowding(shard)), 0, 0});
      any = true;
    }
  }
  return any;
}

// The move that spreads the shard most; among equals from who has most too many to who has most too few.
std::optional<Move> Mender::spreading(std::uint32_t shard) const {
  using Gain = std::tuple<std::uint64_t, double, std::uint32_t, std::uint32_t>;
  std::optional<Move> best;
  Gain most{};
  const Ledger& ledger = replicas_.ledger();
  for (const std::uint32_t from : board_.shards()[shard].voters) {
    if (board_.nodes()[from].standing != Standing::active) continue;
    const std::uint64_t now = board_.crowding_of(from, shard, from);
    if (now == 0) continue;
    for (std::uint32_t to = 0; to < board_.nodes().size(); ++to) {
      if (!board_.takes(to)) continue;
      const std::uint64_t then = board_.crowding_of(to, shard, from);
      if (then >= now) continue;
      const Gain gain{now - then, ledger.excess(from) - ledger.excess(to), ~from, ~to};
      if ((best && gain <= most) || board_.holds(to, shard) || !board_.has_room(to, shard)) continue;
      best = Move{shard, from, to};
      most = gain;
    }
  }
  return best;
}

void Mender::complain(std::uint32_t shard) {
  bool crammed = false;
  for (std::uint32_t node = 0; node < board_.nodes().size(); ++node) {
    crammed = crammed || (board_.takes(node) && !board_.holds(node, shard));
  }
  count(crammed ? Constraint::space : Constraint::replication, shard);
}

void Mender::count(Constraint constraint, std::uint32_t shard) {
  Unmet& it = unmet_[constraint];
  if (it.vshards++ == 0) it.first = board_.shards()[shard].id;
}

}  // namespace nodedb::meta
