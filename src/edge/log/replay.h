// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads a log back: its segments in order, their records in order, and what these make of every group. Tells
// the end of the log, where a write may have been under way, from damage within. Changes nothing.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/log/bugs.h"
#include "edge/log/log_index.h"
#include "edge/log/record.h"
#include "edge/log/segment.h"
#include "edge/log/segment_files.h"
#include "node/store.h"

namespace nodedb::edge {

struct Segment {
  std::string name;
  std::unique_ptr<SegmentFile> file;
  SegmentHeader header;

  std::uint32_t frame_seed(const LogBugs& bugs) const {
    return bugs.earlier_uses_count ? 0 : header.frame_seed();
  }
};

/// What is wrong with a part of the log, told of the whole: a record's or a header's own error, at `where`.
Error refusal(const std::string& directory, const std::string& where, const Error& error);

/// All segments, by number. Errors: damaged (a header, a gap, a file of a wrong size or that is none of the
/// log's), incompatible, disk_failed.
Result<std::vector<Segment>> open_segments(SegmentFiles& files);

/// Where the log ends: the next record's place and sequence.
struct LogEnd {
  std::size_t segment = 0;  ///< as an index into the segments; 0 if there are none
  std::uint64_t offset = header_bytes;
  std::uint32_t record = 0;
  std::uint64_t sequence = 1;
  bool unfinished = false;  ///< there lies what a write that was never acknowledged has left
};

struct ReadRecord {
  const Segment& segment;
  RecordPlace place;
  std::uint64_t offset = 0;
  std::uint64_t sequence = 0;
  LogRecord record;
};

/// Calls `on_record` for every record in order.
/// Errors: damaged (naming file and byte, and what to do), incompatible, disk_failed.
Result<LogEnd> read_records(const std::string& directory, const std::vector<Segment>& segments,
                            const std::function<void(ReadRecord)>& on_record, const LogBugs& bugs = {});

/// What the records make of the groups.
class Replay {
 public:
  explicit Replay(const LogBugs& bugs = {}) : bugs_(bugs) {}

  /// In the order of the records.
  void take(RecordPlace place, LogRecord record);

  struct Outcome {
    node::StoredLog log;
    LogIndex index;
  };
  /// Once all is taken. Errors: damaged (a group without a base, a gap), naming the group and its index.
  Result<Outcome> finish(const std::string& directory);

 private:
  struct Entry {
    raft::Entry entry;
    RecordPlace place;
  };
  struct Group {
    raft::HardState hard;
    RecordPlace hard_place;
    std::optional<node::LogBase> base;
    RecordPlace base_place;
    std::map<Index, Entry> log;
  };

  void take(RecordPlace place, LogItem item);
  static Result<node::StoredGroup> whole(GroupId id, Group& group, const std::string& directory);

  LogBugs bugs_;
  std::uint32_t first_segment_ = 0;
  std::optional<Bytes> identity_;
  RecordPlace identity_place_;
  std::map<GroupId, Group> groups_;
};

/// A log, read and replayed.
struct ReadLog {
  std::vector<Segment> segments;
  LogEnd end;
  Replay::Outcome outcome;
};

/// `on_record`, if there is one, sees every record before it is replayed.
/// Errors: those of open_segments, read_records and Replay.
Result<ReadLog> read_log(SegmentFiles& files, const LogBugs& bugs = {},
                         const std::function<void(const ReadRecord&)>& on_record = {});

}  // namespace nodedb::edge
