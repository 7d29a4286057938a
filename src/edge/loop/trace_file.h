// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Raft trace of one node as JSON lines, for checkers that are not ours (format: docs/testing.md). Each
// turn's events are written with one call before the turn's messages leave, so that a killed process leaves
// behind all that it had told others. Used by one thread at a time.

#include <span>
#include <string>

#include "base/error.h"
#include "base/ids.h"
#include "edge/disk/files.h"
#include "node/trace.h"

namespace nodedb::edge {

class TraceFile {
 public:
  /// Appends to what is there. Errors: forbidden, not_found, disk_failed.
  static Result<TraceFile> open(const std::string& path);
  /// A write that fails ends the trace, with a warning, not the node.
  void write(NodeId self, std::span<const node::TraceEvent> events);

 private:
  explicit TraceFile(FileHandle file) : file_(std::move(file)) {}
  FileHandle file_;
  bool broken_ = false;
};

}  // namespace nodedb::edge
