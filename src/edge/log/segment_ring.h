// SPDX-License-Identifier: Apache-2.0
#pragma once

// The segments of a log while it is written: those that still count, the last of which takes the records;
// the next one, prepared ahead; and how a segment that nobody needs becomes the next one.
//
//   made (zeros, header, sync, rename) ──▶ prepared ──▶ active ──▶ retained ──▶ free ──┬─▶ prepared (new
//   header)
//                                                                                      └─▶ deleted
//
// A new file is made bit by bit, a piece with each write, so that no write has to wait for all of it.

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "edge/log/bugs.h"
#include "edge/log/log_index.h"
#include "edge/log/replay.h"
#include "edge/log/segment_files.h"

namespace nodedb::edge {

struct RingOptions {
  std::uint64_t segment_bytes = 16u << 20;  ///< of new files; a multiple of sector_bytes. Speed and room only
  std::function<std::uint64_t()> nonce;     ///< unpredictable
  LogBugs bugs;
};

class SegmentRing {
 public:
  /// `segments`, as opened; `end`, as read. With no segments, makes the first one.
  /// Errors: disk_full, disk_failed, forbidden.
  static Result<SegmentRing> open(SegmentFiles& files, RingOptions options, std::vector<Segment> segments,
                                  const LogEnd& end);

  /// Makes the active segment one that has room for a frame of so many bytes behind its end, and does a piece
  /// of the work ahead. Errors: disk_full (nothing has changed that counts), disk_failed.
  Result<void> make_room(std::uint64_t frame_bytes, LogIndex& index);

  /// Where the next frame goes.
  Segment& active() { return retained_.back(); }
  std::uint64_t offset() const { return offset_; }
  RecordPlace place() const { return {retained_.back().header.number, record_}; }
  /// A frame was written there.
  void wrote(std::uint64_t frame_bytes);

  const Segment& oldest() const { return retained_.front(); }
  /// The oldest segment is in the way: there are more than what holds should take.
  bool crowded(const LogIndex& index) const;

 private:
  struct Growing {
    Segment segment;
    std::uint64_t zeroed = 0;
  };

  SegmentRing(SegmentFiles& files, RingOptions options) : files_(&files), options_(std::move(options)) {}
  bool fits(std::uint64_t frame_bytes) const;
  void advance();
  std::size_t wanted(const LogIndex& index) const;
  bool oldest_is_free(const LogIndex& index) const;
  std::uint32_t next_number() const;
  Result<void> tend(std::uint64_t frame_bytes, LogIndex& index);
  Result<void> reuse_oldest(LogIndex& index);
  Result<void> delete_oldest(LogIndex& index);
  Result<void> write_header(Segment& segment);
  Result<void> begin_growing(std::uint64_t bytes);
  Result<void> grow(std::uint64_t bytes);
  Result<void> finish_growing();
  Result<void> make_now(std::uint64_t bytes);

  SegmentFiles* files_;
  RingOptions options_;
  std::deque<Segment> retained_;  ///< never empty once open
  std::deque<Segment> prepared_;
  std::optional<Growing> growing_;
  std::uint64_t offset_ = header_bytes;
  std::uint32_t record_ = 0;
  std::uint32_t last_name_ = 0;
};

}  // namespace nodedb::edge
