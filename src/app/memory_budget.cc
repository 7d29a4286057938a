// SPDX-License-Identifier: Apache-2.0
#include "app/memory_budget.h"

#include <algorithm>

#include "base/limits.h"
#include "base/units.h"

namespace nodedb::app {

namespace {

constexpr std::array<Share, consumer_count> shares = {{
    {Consumer::log, "log", 140, limits::log_bytes_per_node},
    {Consumer::moves, "moves", 50, limits::log_bytes_for_move},
    {Consumer::requests, "requests", 80, limits::requests_bytes_max},
    {Consumer::inbox, "inbox", 70, limits::inbox_bytes_max},
    {Consumer::answers, "answers", 70, limits::answers_bytes_max},
    {Consumer::clients, "clients", 100, limits::clients_bytes_max},
    {Consumer::half_read, "half_read", 70, limits::clients_input_bytes_max},
    {Consumer::peers, "peers", 70, limits::send_queues_bytes_max},
    {Consumer::snapshots, "snapshots", 32, 16 * mib},
    {Consumer::block_cache, "block_cache", 40, 64 * mib},
    {Consumer::memtables, "memtables", 70, 96 * mib},
    {Consumer::kept_back, "kept_back", 8, 32 * mib},
    {Consumer::staged, "staged", 20, 32 * mib},
    {Consumer::row_cache, "row_cache", 20, 40 * mib},
}};

/// Of the total, that stays for what no consumer stands for.
constexpr std::uint64_t remainder_thousandths = 150;

constexpr bool in_order_and_within() {
  std::uint64_t sum = remainder_thousandths;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i].consumer != static_cast<Consumer>(i)) return false;
    sum += shares[i].thousandths;
  }
  return sum <= 1'000;
}
static_assert(in_order_and_within());

}  // namespace

std::span<const Share> memory_shares() {
  return shares;
}

std::uint64_t MemoryBudget::of_machine(std::uint64_t memory_bytes) {
  return std::max(least_bytes, memory_bytes / 4);
}

MemoryBudget::MemoryBudget(std::uint64_t total_bytes) : total_bytes_(total_bytes) {
  for (const Share& share : shares)
    set(share.consumer, std::min(total_bytes / 1'000 * share.thousandths, share.most_bytes));
}

std::vector<std::string> MemoryBudget::validate() const {
  std::vector<std::string> complaints;
  if (total_bytes_ < least_bytes)
    complaints.push_back("memory_budget: must be at least " + mebibytes_text(least_bytes));
  std::uint64_t left = total_bytes_ - total_bytes_ / 1'000 * remainder_thousandths;
  bool enough = true;
  for (const std::uint64_t bound : bounds_) {
    enough = enough && bound <= left;
    left -= std::min(bound, left);
  }
  if (!enough)
    complaints.push_back("memory_budget: " + mebibytes_text(total_bytes_) +
                         " are not enough for log_bytes_per_node, log_bytes_for_move and the rest");
  return complaints;
}

std::string mebibytes_text(std::uint64_t bytes) {
  return std::to_string(bytes / mib) + "MiB";
}

}  // namespace nodedb::app
