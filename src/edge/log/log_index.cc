// SPDX-License-Identifier: Apache-2.0
#include "edge/log/log_index.h"

#include <algorithm>

#include "base/check.h"

namespace nodedb::edge {

namespace {

// About what they take in a record; an entry's head likewise.
constexpr std::uint32_t hard_state_bytes = 16;
constexpr std::uint32_t base_bytes = 64;
constexpr std::uint32_t entry_head_bytes = 8;

std::uint32_t bytes_of(const raft::Entry& entry) {
  return entry_head_bytes + static_cast<std::uint32_t>(entry.payload.size());
}

}  // namespace

void LogIndex::check(std::span<const node::LogBatch> batches) {
  ++round_;
  for (const node::LogBatch& batch : batches) {
    for (const node::GroupLogUpdate& update : batch.groups) {
      Planned& planned = planned_[update.group.value];
      if (planned.round != round_) {
        const Group* const known = find(update.group);
        planned = {round_, known == nullptr ? std::nullopt : std::optional(known->extent())};
      }
      check(update, planned.extent);
    }
  }
}

void LogIndex::check(const node::GroupLogUpdate& update, std::optional<Extent>& held) {
  if (update.destroy) {
    held.reset();
    return;
  }
  if (!held && update.base) held = Extent{update.base->at.index, update.base->at.index};
  CHECK_MSG(held.has_value(), "a group is created by its base");
  if (update.truncate_from && *update.truncate_from <= held->last) {
    CHECK_MSG(*update.truncate_from > held->base, "what is compacted is committed and never truncated (R3)");
    held->last = *update.truncate_from - 1;
  }
  if (update.base) {
    CHECK_MSG(update.base->at.index >= held->base, "a log's base only rises");
    held->base = update.base->at.index;
    held->last = std::max(held->base, held->last);
  }
  for (const raft::Entry& entry : update.append) {
    CHECK_MSG(entry.index == held->last + 1, "a log has no gaps (R2)");
    held->last = entry.index;
  }
}

void LogIndex::apply(const node::GroupLogUpdate& update, RecordPlace place) {
  if (update.destroy) {
    const auto gone = groups_.find(update.group.value);
    if (gone == groups_.end()) return;
    drop_all(gone->second);
    groups_.erase(gone);
    return;
  }
  const auto [at, fresh] = groups_.try_emplace(update.group.value);
  Group& group = at->second;
  if (fresh) group.base = update.base->at.index;
  if (update.hard) replace(group.hard, {place, hard_state_bytes});
  if (update.truncate_from) {
    while (group.extent().last >= *update.truncate_from) {
      drop(group.entries.back());
      group.entries.pop_back();
    }
  }
  if (update.base) {
    replace(group.base_item, {place, base_bytes});
    for (; group.base < update.base->at.index && !group.entries.empty(); ++group.base) {
      drop(group.entries.front());
      group.entries.pop_front();
    }
    group.base = update.base->at.index;
  }
  for (const raft::Entry& entry : update.append) {
    group.entries.push_back({place, bytes_of(entry)});
    take(group.entries.back());
  }
}

void LogIndex::restate(const node::GroupLogUpdate& update, RecordPlace place) {
  Group& group = groups_.at(update.group.value);
  if (update.hard) replace(group.hard, {place, hard_state_bytes});
  if (update.base) replace(group.base_item, {place, base_bytes});
  for (const raft::Entry& entry : update.append) {
    CHECK(entry.index > group.base && entry.index <= group.extent().last);
    replace(group.entries[entry.index.value - group.base.value - 1], {place, bytes_of(entry)});
  }
}

void LogIndex::place_identity(RecordPlace place, std::uint64_t bytes) {
  replace(identity_, {place, static_cast<std::uint32_t>(bytes)});
}

const LogIndex::Group* LogIndex::find(GroupId group) const {
  const auto at = groups_.find(group.value);
  return at == groups_.end() ? nullptr : &at->second;
}

bool LogIndex::hard_is_at(GroupId group, RecordPlace place) const {
  const Group* const known = find(group);
  return known != nullptr && known->hard.place == place;
}

bool LogIndex::base_is_at(GroupId group, RecordPlace place) const {
  const Group* const known = find(group);
  return known != nullptr && known->base_item.place == place;
}

bool LogIndex::entry_is_at(GroupId group, Index index, RecordPlace place) const {
  const Group* const known = find(group);
  if (known == nullptr || index <= known->base || index > known->extent().last) return false;
  return known->entries[index.value - known->base.value - 1].place == place;
}

bool LogIndex::is_free(std::uint32_t segment) const {
  if (segment < first_segment_) return true;
  const std::size_t at = segment - first_segment_;
  return at >= live_items_.size() || live_items_[at] == 0;
}

void LogIndex::forget(std::uint32_t segment) {
  CHECK(is_free(segment));
  for (; first_segment_ <= segment; ++first_segment_) {
    if (live_items_.empty()) continue;
    CHECK(live_items_.front() == 0);
    live_items_.pop_front();
  }
}

std::uint64_t& LogIndex::live_items(std::uint32_t segment) {
  CHECK(segment >= first_segment_);
  const std::size_t at = segment - first_segment_;
  if (at >= live_items_.size()) live_items_.resize(at + 1);
  return live_items_[at];
}

void LogIndex::take(const Item& item) {
  ++live_items(item.place.segment);
  live_bytes_ += item.bytes;
}

void LogIndex::drop(const Item& item) {
  if (item.place.segment == 0) return;
  --live_items(item.place.segment);
  live_bytes_ -= item.bytes;
}

void LogIndex::replace(Item& item, Item by) {
  take(by);
  drop(item);
  item = by;
}

void LogIndex::drop_all(const Group& group) {
  drop(group.hard);
  drop(group.base_item);
  for (const Item& item : group.entries) drop(item);
}

}  // namespace nodedb::edge
