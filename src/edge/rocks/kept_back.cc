// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/kept_back.h"

#include <utility>
#include <variant>

#include "base/check.h"

namespace nodedb::edge {

namespace {

/// What a row takes beyond its own bytes, about: most lie within their change.
constexpr std::size_t row_overhead = 112;

std::size_t bytes_of(const Write& write) {
  const auto* put = std::get_if<Put>(&write);
  return row_overhead + (put == nullptr ? 0 : put->key.size() + put->value.size());
}

}  // namespace

const KeptBack::Rows* KeptBack::find(GroupId group) const {
  CHECK(group.value < group_count);
  return rows_[group.value].get();
}

std::size_t KeptBack::bytes(GroupId group) const {
  const Rows* const rows = find(group);
  return rows == nullptr ? 0 : rows->bytes;
}

void KeptBack::add(node::GroupStateUpdate update) {
  CHECK(update.group.value < group_count);
  std::unique_ptr<Rows>& kept = rows_[update.group.value];
  if (!kept) {
    kept = std::make_unique<Rows>(stored_(update.group));
    kept->flushes = flushes_;
    order_.push_back(update.group);
  }
  Rows& rows = *kept;
  std::size_t bytes = 0;
  for (Write& write : update.writes) {
    bytes += bytes_of(write);
    rows.newer.add(std::move(write));
  }
  rows.applied = update.applied;
  rows.bytes += bytes;
  bytes_ += bytes;
}

std::vector<GroupId> KeptBack::oldest(std::size_t bytes_max, std::uint64_t flushes_min) const {
  std::vector<GroupId> oldest;
  std::size_t bytes = 0;
  for (const GroupId group : order_) {
    const Rows& rows = *find(group);
    if (bytes >= bytes_max || rows.flushes + flushes_min > flushes_) break;
    oldest.push_back(group);
    bytes += rows.bytes;
  }
  return oldest;
}

void KeptBack::let_go(std::span<const GroupId> groups) {
  for (const GroupId group : groups) {
    if (find(group) == nullptr) continue;
    std::unique_ptr<Rows>& rows = rows_[group.value];
    bytes_ -= rows->bytes;
    rows.reset();
    // Mostly those that came first.
    if (order_.front() == group) {
      order_.pop_front();
    } else {
      std::erase(order_, group);
    }
  }
}

}  // namespace nodedb::edge
