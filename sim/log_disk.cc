// SPDX-License-Identifier: Apache-2.0
#include "sim/log_disk.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace nodedb::sim {

raft::Position last_of(const node::StoredGroup& group) {
  if (group.log.empty()) return group.base.at;
  return {group.log.back().index, group.log.back().term};
}

bool holds(const node::StoredGroup& group, raft::Position position) {
  if (position.index <= group.base.at.index) return true;
  const std::uint64_t offset = position.index.value - group.base.at.index.value - 1;
  return offset < group.log.size() && group.log[offset].term == position.term;
}

const node::StoredGroup* LogDisk::group(GroupId group) const {
  const auto at = groups_.find(group);
  return at == groups_.end() ? nullptr : &at->second;
}

Result<void> LogDisk::write(std::span<const node::LogBatch> batches) {
  if (trouble_ == Trouble::full) return fail(Code::disk_full, "simulated: no room");
  if (trouble_ == Trouble::failing) return fail(Code::disk_failed, "simulated: fsync failed");
  for (const node::LogBatch& batch : batches) apply(batch, true);
  return {};
}

Result<node::StoredLog> LogDisk::load() {
  node::StoredLog out;
  out.identity = identity_;
  for (const auto& [id, group] : groups_) out.groups.push_back(group);
  return out;
}

void LogDisk::apply(const node::LogBatch& batch, bool witnessed) {
  if (batch.identity) identity_ = batch.identity;
  for (const node::GroupLogUpdate& update : batch.groups) {
    if (witness_ != nullptr && witnessed) witness_->log_written(update, group(update.group));
    apply(update);
  }
}

void LogDisk::apply(const node::GroupLogUpdate& update) {
  if (update.destroy) {
    groups_.erase(update.group);
    return;
  }
  const auto at = groups_.find(update.group);
  if (at == groups_.end() && !update.base) {
    complaint_ = "group " + std::to_string(update.group.value) + " is written before it has a base";
    return;
  }
  node::StoredGroup& group = groups_[update.group];
  const bool below =
      at != groups_.end() && ((update.truncate_from && *update.truncate_from <= group.base.at.index) ||
                              (update.base && update.base->at.index < group.base.at.index));
  if (below) {
    complaint_ = "group " + std::to_string(update.group.value) + " is cut at or below its base, " +
                 std::to_string(group.base.at.index.value);
    return;
  }
  group.group = update.group;
  std::vector<raft::Entry>& log = group.log;
  if (update.hard) group.hard = *update.hard;
  if (update.truncate_from) {
    const auto keeps = [&](const raft::Entry& e) { return e.index < *update.truncate_from; };
    log.erase(std::ranges::partition_point(log, keeps), log.end());
  }
  if (update.base) {
    const auto gone = [&](const raft::Entry& e) { return e.index <= update.base->at.index; };
    log.erase(log.begin(), std::ranges::partition_point(log, gone));
    group.base = *update.base;
  }
  for (const raft::Entry& entry : update.append) {
    const Index expected = (log.empty() ? group.base.at.index : log.back().index) + 1;
    if (entry.index != expected) {
      complaint_ = "group " + std::to_string(update.group.value) + " appends index " +
                   std::to_string(entry.index.value) + " where " + std::to_string(expected.value) +
                   " is next";
      return;
    }
    log.push_back(entry);
  }
}

void LogDisk::crash(std::span<const node::LogBatch> in_flight, Rng& rng, bool accept_torn) {
  const std::size_t whole = rng.below(in_flight.size() + 1);
  for (const node::LogBatch& batch : in_flight.first(whole)) apply(batch, true);
  if (!accept_torn || whole == in_flight.size()) return;
  node::LogBatch torn = in_flight[whole];
  torn.identity.reset();
  torn.groups.resize((torn.groups.size() + 1) / 2);
  if (torn.groups.empty() || torn.groups.back().append.empty()) return;
  std::vector<raft::Entry>& entries = torn.groups.back().append;
  entries.resize((entries.size() + 1) / 2);
  Blob& payload = entries.back().payload;
  payload = payload.slice(0, payload.size() / 2);
  apply(torn, false);
}

}  // namespace nodedb::sim
