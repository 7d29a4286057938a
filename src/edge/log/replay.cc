// SPDX-License-Identifier: Apache-2.0
#include "edge/log/replay.h"

#include <algorithm>
#include <utility>

#include "edge/disk/damage.h"

namespace nodedb::edge {

namespace {

std::unexpected<Error> damaged(const std::string& directory, const std::string& what) {
  return std::unexpected(damage(directory, what));
}

bool is_segment_name(const std::string& name) {
  constexpr std::string_view ending = ".seg";
  if (!name.ends_with(ending) || name.size() == ending.size()) return false;
  return std::ranges::all_of(name.substr(0, name.size() - ending.size()),
                             [](char c) { return c >= '0' && c <= '9'; });
}

Result<Segment> open_segment(SegmentFiles& files, const std::string& name) {
  auto file = files.open(name);
  if (!file) return std::unexpected(file.error());
  const auto sector = (*file)->read(0, sector_bytes);
  if (!sector) return std::unexpected(sector.error());
  const auto header = decode_header(*sector);
  if (!header) return std::unexpected(refusal(files.directory(), name, header.error()));
  if (header->bytes != (*file)->bytes()) {
    return damaged(files.directory(), name + " has " + std::to_string((*file)->bytes()) +
                                          " bytes instead of " + std::to_string(header->bytes));
  }
  return Segment{name, std::move(*file), *header};
}

class Reader {
 public:
  Reader(const std::string& directory, const std::vector<Segment>& segments,
         const std::function<void(ReadRecord)>& on_record, const LogBugs& bugs)
      : directory_(directory), segments_(segments), on_record_(on_record), bugs_(bugs) {}

  Result<LogEnd> read() {
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (auto done = read_segment(i); !done) return std::unexpected(done.error());
    }
    if (end_.unfinished && bugs_.torn_is_damage) return damaged(directory_, "planted");
    return end_;
  }

 private:
  Result<void> read_segment(std::size_t at) {
    const Segment& segment = segments_[at];
    auto content = segment.file->read(0, segment.header.bytes);
    if (!content) return std::unexpected(content.error());
    const std::uint32_t seed = segment.frame_seed(bugs_);
    std::uint64_t offset = header_bytes;
    for (std::uint32_t number = 0;; ++number) {
      const auto frame = frame_at(*content, offset, seed);
      const bool next = frame && (!begun_ || frame->sequence == end_.sequence || bugs_.earlier_uses_count);
      if (!next) return end_of_segment(at, *content, offset);
      auto record = decode_record(frame->record);
      if (!record) {
        const std::string where = segment.name + ", byte " + std::to_string(offset);
        return std::unexpected(refusal(directory_, where, record.error()));
      }
      on_record_({segment, {segment.header.number, number}, offset, frame->sequence, std::move(*record)});
      begun_ = true;
      end_ = {at, frame->end, number + 1, frame->sequence + 1, false};
      offset = frame->end;
    }
  }

  /// No record is where the next should be: is it missing, or is this the end of what was written?
  Result<void> end_of_segment(std::size_t at, BytesView content, std::uint64_t offset) {
    const Segment& segment = segments_[at];
    const std::uint64_t sequence_min = begun_ ? end_.sequence : 1;
    const auto later = find_frame(content, offset, sequence_min, segment.frame_seed(bugs_));
    if (later && !bugs_.damage_is_torn) {
      return damaged(directory_, segment.name + ": no whole record at byte " + std::to_string(offset) +
                                     ", but a later one at byte " + std::to_string(*later));
    }
    if (claims(content, offset, end_.sequence)) end_.unfinished = true;
    return {};
  }

  const std::string& directory_;
  const std::vector<Segment>& segments_;
  const std::function<void(ReadRecord)>& on_record_;
  const LogBugs& bugs_;
  LogEnd end_;
  bool begun_ = false;
};

}  // namespace

Error refusal(const std::string& directory, const std::string& where, const Error& error) {
  if (error.code == Code::damaged) return damage(directory, where + ": " + error.detail);
  return {error.code, directory + ": " + where + ": " + error.detail};
}

Result<std::vector<Segment>> open_segments(SegmentFiles& files) {
  const auto names = files.list();
  if (!names) return std::unexpected(names.error());
  std::vector<Segment> segments;
  for (const std::string& name : *names) {
    if (name == "." || name == ".." || name.ends_with(".new")) continue;
    if (!is_segment_name(name)) return damaged(files.directory(), name + " is not a segment of the log");
    auto segment = open_segment(files, name);
    if (!segment) return std::unexpected(segment.error());
    segments.push_back(std::move(*segment));
  }
  std::ranges::sort(segments, {}, [](const Segment& segment) { return segment.header.number; });
  for (std::size_t i = 1; i < segments.size(); ++i) {
    const std::uint32_t expected = segments[i - 1].header.number + 1;
    const std::uint32_t found = segments[i].header.number;
    if (found != expected) {
      return damaged(files.directory(), segments[i].name + " is segment " + std::to_string(found) +
                                            " where " + std::to_string(expected) + " should follow");
    }
  }
  return segments;
}

Result<LogEnd> read_records(const std::string& directory, const std::vector<Segment>& segments,
                            const std::function<void(ReadRecord)>& on_record, const LogBugs& bugs) {
  return Reader(directory, segments, on_record, bugs).read();
}

void Replay::take(RecordPlace place, LogRecord record) {
  if (first_segment_ == 0) first_segment_ = place.segment;
  if (record.identity) {
    identity_ = std::move(record.identity);
    identity_place_ = place;
  }
  for (LogItem& item : record.items) take(place, std::move(item));
}

void Replay::take(RecordPlace place, LogItem item) {
  node::GroupLogUpdate& update = item.update;
  if (update.destroy) {
    groups_.erase(update.group);
    return;
  }
  Group& group = groups_[update.group];
  if (update.hard) {
    group.hard = *update.hard;
    group.hard_place = place;
  }
  if (update.truncate_from && !bugs_.truncation_forgotten) {
    group.log.erase(group.log.lower_bound(*update.truncate_from), group.log.end());
  }
  if (update.base) {
    group.log.erase(group.log.begin(), group.log.upper_bound(update.base->at.index));
    group.base = std::move(update.base);
    group.base_place = place;
  }
  for (raft::Entry& entry : update.append) {
    const Index index = entry.index;
    group.log.insert_or_assign(group.log.end(), index, Entry{std::move(entry), place});
  }
}

Result<node::StoredGroup> Replay::whole(GroupId id, Group& group, const std::string& directory) {
  const std::string name = "group " + std::to_string(id.value);
  if (!group.base) return damaged(directory, name + " has no base");
  node::StoredGroup stored{id, group.hard, std::move(*group.base), {}};
  stored.log.reserve(group.log.size());
  for (auto& [index, held] : group.log) {
    const Index expected = stored.base.at.index + stored.log.size() + 1;
    if (index != expected) {
      return damaged(directory, name + ": index " + std::to_string(index.value) + " found where index " +
                                    std::to_string(expected.value) + " should follow");
    }
    stored.log.push_back(std::move(held.entry));
  }
  return stored;
}

Result<Replay::Outcome> Replay::finish(const std::string& directory) {
  Outcome outcome{{}, LogIndex(first_segment_)};
  for (auto& [id, group] : groups_) {
    auto stored = whole(id, group, directory);
    if (!stored) return std::unexpected(stored.error());
    node::GroupLogUpdate update;
    update.group = id;
    update.base = stored->base;
    outcome.index.apply(update, group.base_place);
    update.base.reset();
    if (group.hard_place != RecordPlace()) {
      update.hard = stored->hard;
      outcome.index.apply(update, group.hard_place);
      update.hard.reset();
    }
    for (const raft::Entry& entry : stored->log) {
      update.append = {entry};
      outcome.index.apply(update, group.log.at(entry.index).place);
    }
    outcome.log.groups.push_back(std::move(*stored));
  }
  if (identity_) {
    outcome.index.place_identity(identity_place_, identity_->size());
    outcome.log.identity = std::move(identity_);
  }
  return outcome;
}

Result<ReadLog> read_log(SegmentFiles& files, const LogBugs& bugs,
                         const std::function<void(const ReadRecord&)>& on_record) {
  auto segments = open_segments(files);
  if (!segments) return std::unexpected(segments.error());
  Replay replay(bugs);
  const auto end = read_records(
      files.directory(), *segments,
      [&](ReadRecord read) {
        if (on_record) on_record(read);
        replay.take(read.place, std::move(read.record));
      },
      bugs);
  if (!end) return std::unexpected(end.error());
  auto outcome = replay.finish(files.directory());
  if (!outcome) return std::unexpected(outcome.error());
  return ReadLog{std::move(*segments), *end, std::move(*outcome)};
}

}  // namespace nodedb::edge
