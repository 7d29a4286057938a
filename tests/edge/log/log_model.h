// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a log store must hold, kept in plain maps, and a stream of random but legal batches for it.

#include <map>
#include <utility>

#include "base/rng.h"
#include "node/store.h"

namespace nodedb::edge {

inline bool same(const node::StoredGroup& a, const node::StoredGroup& b) {
  return a.group == b.group && a.hard == b.hard && a.base == b.base && a.log == b.log;
}
inline bool same(const node::StoredLog& a, const node::StoredLog& b) {
  if (a.identity != b.identity || a.groups.size() != b.groups.size()) return false;
  for (std::size_t i = 0; i < a.groups.size(); ++i) {
    if (!same(a.groups[i], b.groups[i])) return false;
  }
  return true;
}

class LogModel {
 public:
  void apply(const node::LogBatch& batch) {
    if (batch.identity) identity_ = batch.identity;
    for (const node::GroupLogUpdate& update : batch.groups) apply(update);
  }

  /// What a log was found to hold, onto nothing.
  void apply(node::StoredLog log) {
    identity_ = std::move(log.identity);
    for (node::StoredGroup& group : log.groups) groups_[group.group] = std::move(group);
  }

  node::StoredLog stored() const {
    node::StoredLog log{identity_, {}};
    for (const auto& [id, group] : groups_) log.groups.push_back(group);
    return log;
  }

  /// Base and last index; 0 if the group is unknown.
  std::pair<Index, Index> extent(GroupId group) const {
    const auto known = groups_.find(group);
    if (known == groups_.end()) return {};
    const Index base = known->second.base.at.index;
    return {base, base + known->second.log.size()};
  }

  node::LogBatch random_batch(Rng& rng, std::size_t payload_bytes_max = 600) const {
    node::LogBatch batch;
    if (rng.chance(0.05)) batch.identity = Bytes(rng.below(100), 'i');
    for (std::uint32_t group = 0; group < 5; ++group) {
      if (rng.chance(0.4))
        batch.groups.push_back(random_update(rng, GroupId(group * 200), payload_bytes_max));
    }
    return batch;
  }

 private:
  void apply(const node::GroupLogUpdate& update) {
    if (update.destroy) {
      groups_.erase(update.group);
      return;
    }
    node::StoredGroup& group = groups_[update.group];
    group.group = update.group;
    if (update.hard) group.hard = *update.hard;
    if (update.truncate_from) {
      std::erase_if(group.log,
                    [&](const raft::Entry& entry) { return entry.index >= *update.truncate_from; });
    }
    if (update.base) {
      group.base = *update.base;
      std::erase_if(group.log,
                    [&](const raft::Entry& entry) { return entry.index <= update.base->at.index; });
    }
    group.log.insert(group.log.end(), update.append.begin(), update.append.end());
  }

  static raft::Config config(Rng& rng) {
    raft::Config made;
    made.voters = {NodeId(1), NodeId(2), NodeId(static_cast<std::uint32_t>(3 + rng.below(5)))};
    return made;
  }

  node::GroupLogUpdate random_update(Rng& rng, GroupId id, std::size_t payload_bytes_max) const {
    node::GroupLogUpdate update;
    update.group = id;
    const auto known = groups_.find(id);
    Index base(1);
    Index last(1);
    if (known == groups_.end()) {
      update.base = node::LogBase{{base, Term(1)}, config(rng)};
    } else {
      base = known->second.base.at.index;
      last = base + known->second.log.size();
      if (rng.chance(0.02)) {
        update.destroy = true;
        return update;
      }
    }
    if (rng.chance(0.5)) {
      update.hard =
          raft::HardState{Term(rng.below(9)), NodeId(static_cast<std::uint32_t>(rng.below(4))), base};
    }
    if (last > base && rng.chance(0.2)) {
      update.truncate_from = base + 1 + rng.below(last.value - base.value + 1);
      last = *update.truncate_from - 1;
    }
    if (known != groups_.end() && rng.chance(0.1)) {
      base = rng.chance(0.2) ? last + rng.below(10) : base + rng.below(last.value - base.value + 1);
      update.base = node::LogBase{{base, Term(2)}, config(rng)};
      last = std::max(last, base);
    }
    for (std::uint64_t i = rng.below(20); i > 0; --i) {
      Bytes payload(rng.below(payload_bytes_max + 1), '\0');
      for (char& c : payload) c = static_cast<char>(rng.below(256));
      const auto kind = payload.empty() ? raft::EntryKind::noop : raft::EntryKind::command;
      update.append.push_back({++last, Term(rng.below(9)), kind, Blob(std::move(payload))});
    }
    return update;
  }

  std::optional<Bytes> identity_;
  std::map<GroupId, node::StoredGroup> groups_;
};

}  // namespace nodedb::edge
