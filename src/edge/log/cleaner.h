// SPDX-License-Identifier: Apache-2.0
#pragma once

// Goes through the oldest segment, record by record, for what still holds in it, so that it can be said
// again at the end of the log and one idle group does not pin a segment for ever.

#include <cstdint>
#include <optional>

#include "edge/log/bugs.h"
#include "edge/log/log_index.h"
#include "edge/log/record.h"
#include "edge/log/replay.h"

namespace nodedb::edge {

class Cleaner {
 public:
  explicit Cleaner(const LogBugs& bugs) : bugs_(bugs) {}

  /// What still holds in the next records of `oldest`, about `bytes` of them. The same again until `done`.
  /// Errors: damaged, disk_failed.
  Result<LogRecord> next(const std::string& directory, const Segment& oldest, const LogIndex& index,
                         std::uint64_t bytes);
  /// What `next` gave has been said again.
  void done();

 private:
  /// Of a segment's bytes at a time: a write waits until they are read. A larger record has them all.
  static constexpr std::uint64_t window_bytes = 512u << 10;

  struct Reading {
    std::uint32_t segment = 0;
    Bytes window;  ///< of the segment, from there on
    std::uint64_t window_begin = 0;
    std::uint64_t offset = header_bytes;  ///< up to there all has been said again
    std::uint32_t record = 0;
    std::uint64_t offset_next = header_bytes;  ///< and up to there it is under way
    std::uint32_t record_next = 0;
  };

  /// The whole frame that begins at `offset`, if there is one; valid until the next call.
  Result<std::optional<Frame>> frame(const std::string& directory, const Segment& oldest,
                                     std::uint64_t offset);
  /// Puts what holds of `record`, which lies at `place`, into `out`.
  static void pick(LogRecord record, RecordPlace place, const LogIndex& index, LogRecord& out);

  LogBugs bugs_;
  std::optional<Reading> reading_;
};

}  // namespace nodedb::edge
