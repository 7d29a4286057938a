// SPDX-License-Identifier: Apache-2.0
#include "edge/log/cleaner.h"

#include <algorithm>
#include <map>
#include <utility>

#include "edge/disk/damage.h"

namespace nodedb::edge {

namespace {

/// Of one group in one record. An index may be there twice: then the later entry holds.
struct Picked {
  std::optional<raft::HardState> hard;
  std::optional<node::LogBase> base;
  std::map<Index, raft::Entry> entries;
};

LogItem item_of(GroupId group) {
  LogItem item;
  item.update.group = group;
  item.restated = true;
  return item;
}

/// One item for the rows and the first run of indexes, one for each further run.
void append_items(GroupId group, Picked picked, std::vector<LogItem>& out) {
  LogItem item = item_of(group);
  item.update.hard = picked.hard;
  item.update.base = std::move(picked.base);
  for (auto& [index, entry] : picked.entries) {
    std::vector<raft::Entry>& run = item.update.append;
    if (!run.empty() && run.back().index + 1 != index) {
      out.push_back(std::exchange(item, item_of(group)));
    }
    item.update.append.push_back(std::move(entry));
  }
  out.push_back(std::move(item));
}

}  // namespace

Result<LogRecord> Cleaner::next(const std::string& directory, const Segment& oldest, const LogIndex& index,
                                std::uint64_t bytes) {
  if (!reading_ || reading_->segment != oldest.header.number) {
    reading_.emplace();
    reading_->segment = oldest.header.number;
  }
  Reading& at = *reading_;
  at.offset_next = at.offset;
  at.record_next = at.record;
  LogRecord picked;
  while (at.offset_next - at.offset < bytes) {
    const auto found = frame(directory, oldest, at.offset_next);
    if (!found) return std::unexpected(found.error());
    const std::optional<Frame>& frame = *found;
    if (!frame) {
      if (at.offset_next > at.offset) break;
      return std::unexpected(damage(directory, oldest.name + ": the log still needs something behind byte " +
                                                   std::to_string(at.offset) +
                                                   ", but there is no whole record"));
    }
    auto record = decode_record(frame->record);
    if (!record) return std::unexpected(refusal(directory, oldest.name, record.error()));
    pick(std::move(*record), {oldest.header.number, at.record_next}, index, picked);
    at.offset_next = frame->end;
    ++at.record_next;
  }
  return picked;
}

void Cleaner::done() {
  if (!reading_) return;
  reading_->offset = reading_->offset_next;
  reading_->record = reading_->record_next;
}

Result<std::optional<Frame>> Cleaner::frame(const std::string& directory, const Segment& oldest,
                                            std::uint64_t offset) {
  Reading& at = *reading_;
  for (std::uint64_t wanted = window_bytes;; wanted *= 2) {
    const std::uint64_t window_end = at.window_begin + at.window.size();
    if (offset >= at.window_begin && offset < window_end) {
      auto found = frame_at(at.window, offset - at.window_begin, oldest.frame_seed(bugs_));
      if (found) found->end += at.window_begin;
      if (found || window_end == oldest.header.bytes) return found;
    }
    if (offset >= oldest.header.bytes) return std::nullopt;
    const std::uint64_t bytes = std::min(wanted, oldest.header.bytes - offset);
    auto read = oldest.file->read(offset, bytes);
    if (!read) return std::unexpected(read.error());
    if (read->size() < bytes) return std::unexpected(damage(directory, oldest.name + " has become shorter"));
    at.window = std::move(*read);
    at.window_begin = offset;
  }
}

void Cleaner::pick(LogRecord record, RecordPlace place, const LogIndex& index, LogRecord& out) {
  if (record.identity && index.identity_is_at(place)) out.identity = std::move(record.identity);
  std::map<GroupId, Picked> groups;
  for (LogItem& item : record.items) {
    node::GroupLogUpdate& update = item.update;
    const GroupId group = update.group;
    if (update.hard && index.hard_is_at(group, place)) groups[group].hard = update.hard;
    if (update.base && index.base_is_at(group, place)) groups[group].base = std::move(update.base);
    for (raft::Entry& entry : update.append) {
      if (!index.entry_is_at(group, entry.index, place)) continue;
      const Index at = entry.index;
      groups[group].entries.insert_or_assign(at, std::move(entry));
    }
  }
  for (auto& [group, picked] : groups) append_items(group, std::move(picked), out.items);
}

}  // namespace nodedb::edge
