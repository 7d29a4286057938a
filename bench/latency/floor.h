// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a write cannot do without: one sync of a small record, and one round trip to another node.

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "bench/support/transports.h"
#include "edge/log/segment_files.h"

namespace nodedb::bench {

/// Writes and syncs a sector at a time, one behind the other, in a file that was filled with zeros before:
/// through the log store's own files, so with its system calls.
class Syncs {
 public:
  static Result<Syncs> open(const std::string& directory, const std::string& name);
  /// How long each took, in us; fewer than asked for if the disk fails.
  std::vector<double> take(int count);

 private:
  explicit Syncs(std::unique_ptr<edge::SegmentFile> file) : file_(std::move(file)) {}

  std::unique_ptr<edge::SegmentFile> file_;
  std::uint64_t offset_ = 0;
};

/// A small message there and back between two transports, one at a time.
class RoundTrips {
 public:
  static Result<std::unique_ptr<RoundTrips>> open(const std::string& directory);
  ~RoundTrips();
  /// How long each took, in us, by the sending transport's own thread; empty if the connection is lost.
  std::vector<double> take(int count);

 private:
  struct Run;
  explicit RoundTrips(TwoNodes nodes);
  void returned();

  TwoNodes nodes_;
  std::unique_ptr<Run> run_;  ///< outlives what calls back into it
  std::unique_ptr<Transports> transports_;
};

}  // namespace nodedb::bench
