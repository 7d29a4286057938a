// SPDX-License-Identifier: Apache-2.0
#pragma once

// node::LogStore over segment files in DIR/log: one log for all groups, one record and one sync for each
// write. Owned by the disk thread. What is where, and what is checked on start: docs/formats.md, section "The
// Raft log".
//
// A full disk refuses a write before anything of it is there: the room that a record takes was allocated, and
// filled with zeros, when its segment was made. Writes are refused, too, while less than the reserve is left,
// so that the state store finds room. After disk_failed or damaged every later call fails alike: the process
// must stop.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "edge/disk/reserve.h"
#include "edge/log/bugs.h"
#include "edge/log/segment_files.h"
#include "node/store.h"

namespace nodedb::edge {

struct LogStoreOptions {
  std::string directory;  ///< the data directory, DIR; exists
  /// Refuse writes while less would be left free, bytes; 0: never. Changes when a node refuses writes.
  std::uint64_t free_bytes_min = default_free_bytes_min;
  std::uint64_t segment_bytes = 16u << 20;  ///< of a segment file, a multiple of 4 KiB; room and speed only
  /// Draws 64 unpredictable bits; nothing: the system's.
  std::function<std::uint64_t()> nonce;
  LogBugs bugs;
};

class SegmentLogStore : public node::LogStore {
 public:
  /// A sentence for the node's log about an unfinished write that was found at the log's end; else empty.
  virtual std::string notice() const = 0;
};

/// Reads the log that is there. Errors: damaged, incompatible, disk_full, disk_failed, forbidden.
Result<std::unique_ptr<SegmentLogStore>> open_log_store(const LogStoreOptions& options);
/// The same over other files than the system's.
Result<std::unique_ptr<SegmentLogStore>> open_log_store(const LogStoreOptions& options,
                                                        std::unique_ptr<SegmentFiles> files);

}  // namespace nodedb::edge
